//! What happened in a history, as the model foretells it and as the engine told it, made comparable.

use job_runtime::{MissReason, Outcome, SkipReason, Trigger};

/// Something that happened, at a millisecond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub at: u64,
    pub what: What,
}

/// What; runs are numbered by whoever tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Started { run: u64, attempt: u64, trigger: Trigger, scheduled_at: u64, lateness: u64 },
    Finished { run: u64, outcome: Outcome, attempt: u64, duration: u64, lateness: u64 },
    Skipped { run: u64, reason: SkipReason, running: Option<u64> },
    Missed { reason: MissReason, count: u64, from: u64, to: u64 },
    StoppedPrevious { run: u64, previous: u64 },
    Retrying { run: u64, attempt: u64, delay: u64 },
    NotRetried { run: u64, attempt: u64, outcome: Outcome },
    GuardPanicked { run: u64 },
    Paused,
    Resumed,
    ShutdownStarted,
    ShutdownFinished { abandoned: bool },
}

impl What {
    /// What kind of thing it is, with its reason or outcome.
    pub fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Started { trigger, .. } => ("started", trigger.as_str()),
            Self::Finished { outcome, .. } => ("finished", outcome.as_str()),
            Self::Skipped { reason, .. } => ("skipped", reason.as_str()),
            Self::Missed { reason, .. } => ("missed", reason.as_str()),
            Self::StoppedPrevious { .. } => ("stopped_previous", ""),
            Self::Retrying { .. } => ("retrying", ""),
            Self::NotRetried { outcome, .. } => ("not_retried", outcome.as_str()),
            Self::GuardPanicked { .. } => ("guard_panicked", ""),
            Self::Paused => ("paused", ""),
            Self::Resumed => ("resumed", ""),
            Self::ShutdownStarted => ("shutdown_started", ""),
            Self::ShutdownFinished { abandoned: false } => ("shutdown_finished", ""),
            Self::ShutdownFinished { abandoned: true } => ("shutdown_finished", "abandoned"),
        }
    }

    fn runs(&mut self) -> [Option<&mut u64>; 2] {
        match self {
            Self::Started { run, .. }
            | Self::Finished { run, .. }
            | Self::Retrying { run, .. }
            | Self::NotRetried { run, .. }
            | Self::GuardPanicked { run } => [Some(run), None],
            Self::Skipped { run, running, .. } => [Some(run), running.as_mut()],
            Self::StoppedPrevious { run, previous } => [Some(run), Some(previous)],
            Self::Missed { .. }
            | Self::Paused
            | Self::Resumed
            | Self::ShutdownStarted
            | Self::ShutdownFinished { .. } => [None, None],
        }
    }
}

/// The books of a job, and what else is seen of it from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub at: u64,
    pub due: u64,
    pub ran: u64,
    pub skipped: Vec<(SkipReason, u64)>,
    pub missed: Vec<(MissReason, u64)>,
    pub pending: u64,
    pub running: u64,
    pub next: Option<u64>,
}

/// Everything that is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    pub lines: Vec<Line>,
    /// One after each action.
    pub looks: Vec<Look>,
    /// Whether the job is paused at the end.
    pub paused: bool,
}

impl Story {
    /// Numbers the runs in the order in which they are first told of, and puts what shutdown does to several of
    /// them in one instant into one order: which of them is told of first is nobody's promise.
    pub fn normal(mut self) -> Self {
        let mut known: Vec<u64> = Vec::new();
        for line in &mut self.lines {
            for run in line.what.runs().into_iter().flatten() {
                let number = known.iter().position(|other| other == run).unwrap_or_else(|| {
                    known.push(*run);
                    known.len() - 1
                });
                *run = number as u64;
            }
        }
        if let Some(start) = self.lines.iter().position(|line| line.what == What::ShutdownStarted) {
            for same in self.lines[start + 1..].chunk_by_mut(|one, other| one.is_beside(other)) {
                same.sort_by_key(|line| line.what.rank());
            }
        }
        self
    }
}

impl Line {
    /// Whether shutdown did both at once.
    fn is_beside(&self, other: &Self) -> bool {
        self.at == other.at && self.what.is_by_shutdown() && other.what.is_by_shutdown()
    }
}

impl What {
    fn is_by_shutdown(&self) -> bool {
        matches!(
            self,
            Self::Missed { reason: MissReason::Shutdown, .. } | Self::Finished { .. } | Self::NotRetried { .. }
        )
    }

    fn rank(&self) -> (u8, u64) {
        match self {
            Self::Missed { from, .. } => (0, *from),
            Self::Finished { run, .. } | Self::NotRetried { run, .. } => (1, *run),
            _ => (2, 0),
        }
    }
}
