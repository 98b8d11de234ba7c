//! The words in which the stores of SQL keep what is one of a few.

use crate::outcome::{JobState, Outcome, Trigger};

/// What gave the reason to run.
pub(super) fn trigger(word: &str) -> Trigger {
    let known = [Trigger::Schedule, Trigger::Manual, Trigger::Retry, Trigger::Restart];
    known.into_iter().find(|trigger| trigger.as_str() == word).unwrap_or(Trigger::Spawn)
}

/// How an attempt ended.
pub(super) fn outcome(word: &str) -> Option<Outcome> {
    let known = [
        Outcome::Completed,
        Outcome::Failed,
        Outcome::Panicked,
        Outcome::TimedOut,
        Outcome::Cancelled,
        Outcome::Interrupted,
    ];
    known.into_iter().find(|outcome| outcome.as_str() == word)
}

/// Where a job is on its way, as it is shown.
pub(super) fn state(word: &str) -> Option<JobState> {
    let known = [
        JobState::Available,
        JobState::Scheduled,
        JobState::Running,
        JobState::Retryable,
        JobState::Completed,
        JobState::Cancelled,
        JobState::Discarded,
        JobState::Parked,
    ];
    known.into_iter().find(|state| state.as_str() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(trigger(Trigger::Manual.as_str()), Trigger::Manual);
        assert_eq!(outcome(Outcome::TimedOut.as_str()), Some(Outcome::TimedOut));
        assert_eq!(state(JobState::Retryable.as_str()), Some(JobState::Retryable));
        assert_eq!((outcome("danced"), state("danced")), (None, None));
    }
}
