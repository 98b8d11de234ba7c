//! What to do with a tick that comes due while a run of the same job is on.

use crate::outcome::SkipReason;

/// The values of `on_overlap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overlap {
    Run,
    Ignore,
    Queue,
    StopPrevious,
}

impl Overlap {
    pub(crate) const WORDS: [&'static str; 4] = ["run", "ignore", "queue", "stop_previous"];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "run" => Some(Self::Run),
            "ignore" => Some(Self::Ignore),
            "queue" => Some(Self::Queue),
            "stop_previous" => Some(Self::StopPrevious),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Ignore => "ignore",
            Self::Queue => "queue",
            Self::StopPrevious => "stop_previous",
        }
    }
}

/// What is the case when a tick asks to start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation {
    /// Runs that are on, those waiting for a retry included.
    pub(crate) running: usize,
    /// Whether a tick is waiting for a place or for a stopping run.
    pub(crate) waiting: bool,
    pub(crate) max_running: Option<u32>,
}

/// What becomes of the tick that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Start,
    Skip(SkipReason),
    /// Wait until nothing is running.
    Wait,
    /// Ask what is running to stop, and wait until it has.
    Stop,
    /// Take the place of the one that waits for a stopping run.
    Replace,
}

/// Decides by policy and situation alone.
pub(crate) fn decide(policy: Overlap, situation: Situation) -> Decision {
    let Situation { running, waiting, max_running } = situation;
    match policy {
        Overlap::Run => match max_running.map(usize::try_from) {
            Some(Ok(limit)) if running >= limit => Decision::Skip(SkipReason::MaxRunning),
            _ => Decision::Start,
        },
        _ if running == 0 && !waiting => Decision::Start,
        Overlap::Ignore => Decision::Skip(SkipReason::StillRunning),
        Overlap::Queue if waiting => Decision::Skip(SkipReason::AlreadyPending),
        Overlap::Queue => Decision::Wait,
        Overlap::StopPrevious if waiting => Decision::Replace,
        Overlap::StopPrevious => Decision::Stop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        let case = |running, waiting, max_running| Situation { running, waiting, max_running };
        for (policy, situation, decision) in [
            (Overlap::Run, case(0, false, None), Decision::Start),
            (Overlap::Run, case(7, false, None), Decision::Start),
            (Overlap::Run, case(1, false, Some(2)), Decision::Start),
            (Overlap::Run, case(2, false, Some(2)), Decision::Skip(SkipReason::MaxRunning)),
            (Overlap::Ignore, case(0, false, None), Decision::Start),
            (Overlap::Ignore, case(1, false, None), Decision::Skip(SkipReason::StillRunning)),
            (Overlap::Queue, case(0, false, None), Decision::Start),
            (Overlap::Queue, case(1, false, None), Decision::Wait),
            (Overlap::Queue, case(1, true, None), Decision::Skip(SkipReason::AlreadyPending)),
            (Overlap::StopPrevious, case(0, false, None), Decision::Start),
            (Overlap::StopPrevious, case(1, false, None), Decision::Stop),
            (Overlap::StopPrevious, case(1, true, None), Decision::Replace),
        ] {
            assert_eq!(decide(policy, situation), decision, "{policy:?} {situation:?}");
        }
    }

    #[test]
    fn words_and_values_agree() {
        for word in Overlap::WORDS {
            assert_eq!(Overlap::parse(word).map(Overlap::as_str), Some(word));
        }
    }
}
