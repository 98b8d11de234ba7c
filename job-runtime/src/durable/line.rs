//! A recurring job of all nodes, as this one sees it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::clock::later;
use crate::job::{Job, Run};
use crate::outcome::{MissReason, Trigger};
use crate::policy::delay::{place_of, start_delay};
use crate::policy::missed::Verdict;

/// One recurring job of all nodes.
pub(super) struct Line {
    pub(super) job: Arc<Job>,
    /// How far it is, once the store has told.
    pub(super) last: Option<SystemTime>,
    /// Whether this process' schedule is the one in force.
    pub(super) in_force: bool,
    /// When this process began to look after it, by the store's clock: what was due before is downtime.
    pub(super) since: Option<SystemTime>,
    /// Runs that wait for a place, by their rows.
    pub(super) waiting: Vec<Waiting>,
    /// Runs whose guard is being asked, or has said yes and the store is being asked.
    pub(super) asked: u64,
}

/// A run that waits for others to end.
pub(super) struct Waiting {
    pub(super) row: i64,
    pub(super) run: Arc<Run>,
    /// The run that is being stopped for it.
    pub(super) stopping: Option<i64>,
}

/// What of the nominal times that were due is decided.
pub(super) struct Decided {
    pub(super) due: u64,
    pub(super) verdict: Verdict,
    pub(super) reason: MissReason,
    /// The first and the last of those that are missed.
    pub(super) missed: Option<(SystemTime, SystemTime)>,
    /// Those that would run, and are too late for it.
    pub(super) expired: Vec<SystemTime>,
    /// Those that run, the oldest first.
    pub(super) run: Vec<SystemTime>,
}

impl Line {
    pub(super) fn new(job: &Arc<Job>) -> Self {
        Self { job: Arc::clone(job), last: None, in_force: false, since: None, waiting: Vec::new(), asked: 0 }
    }

    /// Its next nominal times, by the store's clock.
    pub(super) fn upcoming(&self, count: usize) -> Vec<SystemTime> {
        let next = |after: &SystemTime| self.job.timetable.next_wall(*after);
        let first = self.last.as_ref().and_then(next);
        std::iter::successors(first, next).take(count).collect()
    }

    /// This process leaves its ticks to others; when it comes back, what was due meanwhile is downtime.
    pub(super) fn stand_aside(&mut self) {
        self.last = None;
        self.since = None;
    }

    /// When the first of those that wait is too late: just after its deadline.
    pub(super) fn expires(&self) -> Option<SystemTime> {
        let first = self.waiting.iter().filter_map(|waiting| deadline_of(&waiting.run)).min();
        first.map(|deadline| later(deadline, Duration::from_micros(1)))
    }

    pub(super) fn undecided(&self) -> u64 {
        self.asked + u64::try_from(self.waiting.len()).unwrap_or(u64::MAX)
    }
}

/// Until when a run may start, by the store's clock, if that is limited.
pub(super) fn deadline_of(run: &Run) -> Option<SystemTime> {
    if run.trigger == Trigger::Schedule { deadline(&run.job, run.scheduled_at) } else { None }
}

/// Until when a tick may start, if that is limited.
pub(super) fn deadline(job: &Job, nominal: SystemTime) -> Option<SystemTime> {
    let limit = job.options.start_deadline?;
    Some(later(later(nominal, jitter(job, nominal)), limit))
}

/// How long after its nominal time a tick starts at the soonest: the same on all nodes.
pub(super) fn jitter(job: &Job, nominal: SystemTime) -> Duration {
    let period = job.timetable.period_after(nominal);
    let since = nominal.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let chance = place_of(&job.name, &since.as_nanos().to_string());
    start_delay(job.options.jitter, Duration::ZERO, period, 0, chance)
}
