//! What an observer is told: every start has its end, and half of the ends are failures.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use job_runtime::{Event, EventKind, Outcome};

#[derive(Default)]
pub struct Told {
    started: AtomicU64,
    finished: AtomicU64,
    failed: AtomicU64,
    skipped: AtomicU64,
    missed: AtomicU64,
    restarted: AtomicU64,
    gave_up: AtomicU64,
}

impl Told {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are not counted, and there may be more")]
    pub fn hear(&self, event: &Event) {
        let count = match &event.kind {
            EventKind::Started { .. } => &self.started,
            EventKind::Finished { outcome, .. } => {
                if matches!(outcome, Outcome::Failed | Outcome::Panicked | Outcome::TimedOut) {
                    self.failed.fetch_add(1, Ordering::Relaxed);
                }
                &self.finished
            }
            EventKind::Skipped { .. } => &self.skipped,
            EventKind::Missed { .. } => &self.missed,
            EventKind::Restarted { .. } => &self.restarted,
            EventKind::GaveUp { .. } => &self.gave_up,
            _ => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// How many attempts have ended.
    pub fn ended(&self) -> u64 {
        self.finished.load(Ordering::Relaxed)
    }

    /// Every attempt that started has ended.
    pub fn assert_paired(&self) {
        assert_eq!(self.started.load(Ordering::Relaxed), self.ended(), "every start has exactly one end");
    }

    /// It is a storm only where many fail.
    pub fn assert_half_failed(&self) {
        let failed = self.failed.load(Ordering::Relaxed);
        assert!(failed * 3 > self.ended(), "{failed} of {} attempts failed, which are too few", self.ended());
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        write!(
            f,
            "{} attempts, {} of them failed; {} ticks skipped, {} times some missed; {} restarts, {} times given up",
            read(&self.finished),
            read(&self.failed),
            read(&self.skipped),
            read(&self.missed),
            read(&self.restarted),
            read(&self.gave_up),
        )
    }
}
