//! What the supervisor asks of a kind of job, which it knows only so.

use std::any::Any;
use std::sync::Arc;
use std::time::SystemTime;

use super::Core;
use crate::engine::timers::{Alarm, Topic};
use crate::error::{Error, Result};
use crate::job::{Cause, Cell, Directive, Job, JobInfo, Key, Run, Spawn, Spawned, Unknown};
use crate::outcome::{MissReason, Outcome, Trigger};
use crate::schedule::Timetable;

/// What a guard's task came back with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
    /// It was stopped before it could answer; its occasion is accounted for.
    Stopped,
}

/// How a run ended, with all its attempts.
pub(crate) struct Conclusion {
    pub(crate) outcome: Outcome,
    pub(crate) error: Option<Arc<str>>,
    /// The error itself, where its kind wanted it kept.
    pub(crate) cause: Option<Cause>,
    /// What the job asked for, where its kind sees to further attempts.
    #[cfg_attr(not(feature = "_durable"), expect(dead_code, reason = "asked by the kind that has a store"))]
    pub(crate) directive: Option<Directive>,
}

/// A kind of job, which owns its runs: its records and its policy.
///
/// Everything is asked under the engine's lock. Jobs are meant by their numbers.
pub(crate) trait Owner: Any + Send {
    /// Whether it owns the runs of a job.
    fn owns(&self, job: &Job) -> bool;
    /// Whose alarms it wants.
    fn topics(&self) -> &'static [Topic];

    // ---- the life of a job

    /// A job was registered; nothing of it starts before [`begin`](Self::begin).
    fn admit(&mut self, core: &mut Core, entry: u32);
    /// The job begins, or begins anew: what it starts by itself is started.
    fn begin(&mut self, core: &mut Core, entry: u32, trigger: Trigger);
    /// It is stopped by its group until it begins anew: runs are asked to stop, and nothing starts.
    fn halt(&mut self, core: &mut Core, entry: u32);
    /// It is removed for good.
    fn remove(&mut self, core: &mut Core, entry: u32);
    /// It was paused.
    fn on_pause(&mut self, _core: &mut Core, _entry: u32) {}
    /// It was paused because it has failed too often.
    fn on_failures(&mut self, _core: &mut Core, _entry: u32, _reason: &Arc<str>) {}
    /// It was resumed.
    fn on_resume(&mut self, _core: &mut Core, _entry: u32) {}

    // ---- what can be done with a job

    /// Runs the job now; the first of the runs is the one that a handle may be kept on.
    ///
    /// # Errors
    /// When that cannot be done.
    fn request(&mut self, core: &mut Core, entry: u32, handle: bool) -> Result<Vec<Arc<Run>>>;
    /// Takes on a run that was asked for, or refuses it; `None` when the job is of a kind that is not spawned.
    fn accept(&mut self, _core: &mut Core, _entry: u32, _spawn: Spawn) -> Option<Spawned> {
        None
    }
    /// Gives the job another schedule.
    ///
    /// # Errors
    /// When it has none.
    fn reschedule(&mut self, core: &mut Core, entry: u32, _timetable: &Timetable) -> Result<()> {
        Err(Error::configuration(format!("job `{}` has no schedule", core.name_of(entry))))
    }
    /// Its next times, at most so many.
    fn next(&self, core: &Core, entry: u32, count: usize) -> Vec<SystemTime>;
    /// What is shown of it, of which the supervisor has filled in what is common to all kinds.
    fn describe(&self, core: &Core, entry: u32, info: &mut JobInfo);
    /// Occasions that are not decided, counted where they wait.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    fn undecided(&self, entry: u32) -> u64;

    // ---- the instances of a job

    /// Starts an instance.
    ///
    /// # Errors
    /// What has to be compared first.
    fn start(&mut self, core: &mut Core, entry: u32, _key: &Key) -> Result<Result<()>, Unknown> {
        Ok(core.job(entry).map_or(Ok(()), |job| Err(job.takes_no_arguments())))
    }
    /// Stops an instance; false when there is none.
    ///
    /// # Errors
    /// What has to be compared first.
    fn stop(&mut self, _core: &mut Core, _entry: u32, _key: &Key) -> Result<bool, Unknown> {
        Ok(false)
    }
    /// The state of an instance, or that of a job without arguments.
    ///
    /// # Errors
    /// What has to be compared first.
    fn cell(&self, entry: u32, key: Option<&Key>) -> Result<Option<Arc<Cell>>, Unknown>;

    // ---- what happens to its runs

    /// An alarm of one of its topics is due.
    fn on_alarm(&mut self, core: &mut Core, alarm: Alarm);
    /// Whether an alarm still means something.
    fn is_live(&self, alarm: &Alarm) -> bool;
    /// The guard answered for a run; true when it may go on in its task.
    fn on_answer(&mut self, _core: &mut Core, _run: &Arc<Run>, _slot: u32, _answer: Answer) -> bool {
        false
    }
    /// A run is over, with all its attempts.
    fn on_end(&mut self, core: &mut Core, run: &Arc<Run>, end: Conclusion);
    /// A run that has not started is cancelled.
    fn on_cancel(&mut self, core: &mut Core, run: &Arc<Run>, reason: &str);
    /// The wall clock was stepped.
    fn on_step(&mut self, _core: &mut Core, _reason: MissReason) {}
    /// Nothing starts any more: what is pending is missed.
    fn on_drain(&mut self, core: &mut Core);
}

/// The kind that a job is of.
pub(crate) fn owner<'k>(kinds: &'k mut [Box<dyn Owner>], job: &Job) -> Option<&'k mut Box<dyn Owner>> {
    kinds.iter_mut().find(|owner| owner.owns(job))
}

/// The kind that is of this type, for what comes to it from outside.
#[cfg_attr(not(feature = "_durable"), expect(dead_code, reason = "asked by the kind that has a store"))]
pub(crate) fn kind_of<K: Owner>(kinds: &mut [Box<dyn Owner>]) -> Option<&mut K> {
    kinds.iter_mut().find_map(|owner| {
        let owner: &mut dyn Any = &mut **owner;
        owner.downcast_mut()
    })
}
