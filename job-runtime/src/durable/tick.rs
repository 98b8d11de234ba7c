//! Ticks that are decided once for all nodes.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::row::Row;
use crate::clock::earlier;
use crate::outcome::{SkipReason, Trigger};
use crate::policy::overlap::Overlap;

/// The queue of ticks; no job of a user's can be put into it.
pub(crate) const CLUSTER: &str = "@cluster";

/// What a run is told that is stopped for a newer one.
pub(crate) const STOPPED: &str = "stopped, because a new run is about to start";

/// A time as precisely as stores keep it: in whole microseconds. Times of a schedule are further apart.
pub(super) fn in_store(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    earlier(time, Duration::from_nanos(u64::from(since.subsec_nanos() % 1_000)))
}

/// A schedule as it is made known.
#[derive(Clone, Debug)]
pub(crate) struct Enrolment {
    pub(crate) name: Arc<str>,
    /// The schedule in words, by which another one is told from it.
    pub(crate) schedule: String,
    /// Where its ticks are counted from when it is new: `now + ahead - back`, which has had its turn.
    pub(crate) ahead: Duration,
    pub(crate) back: Duration,
}

/// How far a schedule is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Enrolled {
    /// The newest nominal time that had its turn.
    pub(crate) last: SystemTime,
    /// Whether it is the schedule that was asked for; else another one is in force.
    pub(crate) in_force: bool,
}

/// What runs of a job have in common, and by what it is decided whether one starts.
#[derive(Clone, Debug)]
pub(crate) struct Entrance {
    pub(crate) name: Arc<str>,
    pub(crate) overlap: Overlap,
    pub(crate) max_running: Option<u32>,
    pub(crate) max_attempts: u32,
    pub(crate) trigger: Trigger,
    /// Whether its guard is asked first, and all else decided when it has answered.
    pub(crate) guarded: bool,
    /// Whether others of the job that wait do so until it has ended: by the policy, or as one of several that run one
    /// after another.
    pub(crate) serial: bool,
    /// Drawn for what is claimed.
    pub(crate) token: i64,
}

/// The nominal times of a job that are due, and which of them run.
#[derive(Clone, Debug)]
pub(crate) struct Tick {
    pub(crate) entrance: Entrance,
    pub(crate) schedule: Arc<str>,
    /// The newest nominal time that had its turn before, and the newest that has it now.
    pub(crate) after: SystemTime,
    pub(crate) newest: SystemTime,
    /// The nominal times that run, the oldest first: one after another where there are several.
    pub(crate) run: Vec<SystemTime>,
}

/// What became of a tick.
#[derive(Clone, Debug)]
pub(crate) enum Ticked {
    /// This node has decided it: what became of each nominal time that was to run.
    Won(Vec<Admission>),
    /// This node has decided it, and the job is paused.
    Paused,
    /// Another node has; or the newest time is not due yet by the store's clock; or another schedule is in force.
    Lost(Enrolled),
}

/// What became of a run that wanted to start.
#[derive(Clone, Debug)]
pub(crate) enum Admission {
    /// It is claimed and starts, or its guard is asked.
    Start(Row),
    /// It waits, in this row, until nothing of its job runs.
    Wait(i64),
    /// It was decided against; which run stood in its way.
    Skip(SkipReason, Option<i64>),
    /// It waits in this row for these runs, which are asked to stop; which one that waited it took the place of.
    Stop { row: i64, stopping: Vec<i64>, replaced: Option<i64> },
}

/// What became of runs that wait for a place.
#[derive(Clone, Debug)]
pub(crate) enum Advance {
    /// It is claimed and starts, or its guard is asked.
    Start(Row),
    /// It waits no more: a newer one took its place, or somebody cancelled it.
    Gone(i64, SkipReason),
}

/// A job of which runs wait on this node.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    pub(crate) name: Arc<str>,
    /// The rows of those runs.
    pub(crate) waiting: Vec<i64>,
    /// Drawn for what is claimed.
    pub(crate) token: i64,
}
