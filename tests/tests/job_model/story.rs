//! What happened in a history, as the model foretells it and as the engine told it, made comparable.

use job_runtime::{JobState, MissReason, Outcome, SkipReason, Trigger};

/// Something that happened, at a millisecond.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub at: u64,
    pub what: What,
}

/// What; a run is meant by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Started { run: u64, attempt: u64, trigger: Trigger, scheduled_at: u64, lateness: u64 },
    Finished { run: u64, outcome: Outcome, attempt: u64, duration: u64, lateness: u64 },
    Skipped { run: u64, reason: SkipReason },
    Missed { reason: MissReason, count: u64, from: u64, to: u64 },
    Retrying { run: u64, attempt: u64, delay: u64 },
    NotRetried { run: u64, attempt: u64, outcome: Outcome },
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
            Self::Retrying { .. } => ("retrying", ""),
            Self::NotRetried { outcome, .. } => ("not_retried", outcome.as_str()),
            Self::Paused => ("paused", ""),
            Self::Resumed => ("resumed", ""),
            Self::ShutdownStarted => ("shutdown_started", ""),
            Self::ShutdownFinished { abandoned: false } => ("shutdown_finished", ""),
            Self::ShutdownFinished { abandoned: true } => ("shutdown_finished", "abandoned"),
        }
    }

    fn is_by_shutdown(&self) -> bool {
        matches!(self, Self::Missed { .. } | Self::Finished { .. } | Self::NotRetried { .. })
    }

    fn rank(&self) -> (u8, u64) {
        match self {
            Self::Missed { from, .. } => (0, *from),
            Self::Finished { run, .. } | Self::NotRetried { run, .. } => (1, *run),
            _ => (2, 0),
        }
    }
}

/// The books of the job, and what else is seen of it from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub at: u64,
    pub due: u64,
    pub ran: u64,
    pub skipped: Vec<(SkipReason, u64)>,
    pub missed: Vec<(MissReason, u64)>,
    pub pending: u64,
    pub running: u64,
    pub paused: bool,
    /// When those that wait for their time come.
    pub next: Vec<u64>,
    /// Where each of those that were spawned has come to.
    pub states: Vec<JobState>,
}

/// What a handle gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    Nothing,
    Output,
    Failed,
    Panicked,
    TimedOut,
    Cancelled,
    Interrupted,
    Refused,
}

/// Everything that is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    pub lines: Vec<Line>,
    /// One after each action.
    pub looks: Vec<Look>,
    /// What each handle gives at the end.
    pub given: Vec<Given>,
}

impl Story {
    /// Puts what shutdown does to several runs in one instant into one order: which of them is told of first is
    /// nobody's promise.
    pub fn normal(mut self) -> Self {
        if let Some(start) = self.lines.iter().position(|line| line.what == What::ShutdownStarted) {
            let together = |one: &Line, other: &Line| {
                one.at == other.at && one.what.is_by_shutdown() && other.what.is_by_shutdown()
            };
            for same in self.lines[start + 1..].chunk_by_mut(together) {
                same.sort_by_key(|line| line.what.rank());
            }
        }
        self
    }
}
