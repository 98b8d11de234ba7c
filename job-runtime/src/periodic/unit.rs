//! The record of one schedule: a hundred thousand of them where a template has as many instances, so kept small.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::clock::Moment;
use crate::engine::instances::Instance;
use crate::job::{Args, Cell, DelayMode, Job, Run};
use crate::outcome::{MissReason, RunId, Trigger};
use crate::policy::done::Done;
use crate::policy::overlap::Situation;
use crate::schedule::Timetable;

/// One schedule at work.
pub(crate) struct Unit {
    pub(crate) job: Arc<Job>,
    /// Runs that are on, and the slot of the newest.
    pub(crate) active: u32,
    pub(crate) newest: u32,
    /// The next tick on the monotonic clock; [`Moment::NEVER`] while none is armed.
    pub(crate) next: Moment,
    /// Tells this record's alarms from those of an earlier one in the same slot.
    pub(crate) stamp: u32,
    /// Half of the hash of its arguments.
    pub(crate) hash: u32,
    pub(crate) args: Option<Args>,
    /// What only some have: state, waiting ticks, a wall-clock schedule.
    pub(crate) more: Option<Box<More>>,
}

/// The rarer parts of a unit.
#[derive(Default)]
pub(crate) struct More {
    pub(crate) cell: Option<Arc<Cell>>,
    /// A schedule given at run time, in place of the job's own.
    pub(crate) timetable: Option<Timetable>,
    pub(crate) wall: Wall,
    /// What made the ticks due that are taken next, where that was before: a downtime, or a stall after which they are
    /// taken in several portions.
    pub(crate) reason: Option<MissReason>,
    /// The slot of the run whose guard is being asked, and the runs whose turn comes after it.
    pub(crate) guarding: Option<u32>,
    pub(crate) guard_queue: VecDeque<Arc<Run>>,
    /// Ticks that wait for their jitter and splay to pass.
    pub(crate) delayed: Vec<(Moment, Arc<Run>)>,
    /// The tick that waits for the run that is on.
    pub(crate) waiting: Option<Waiting>,
    /// The rest of a catch-up, run one after another, and the run of it that is on.
    pub(crate) chain: VecDeque<Tick>,
    pub(crate) chain_run: Option<RunId>,
    /// Whether that run is being looked for.
    pub(crate) chain_moves: bool,
    pub(crate) chain_stage: ChainStage,
    /// Stopped by its user: it goes when its last run has ended.
    pub(crate) leaving: bool,
    /// Started anew meanwhile: then another takes its place.
    pub(crate) again: bool,
}

/// What there is to know of a schedule that follows the wall clock.
#[derive(Default)]
pub(crate) struct Wall {
    /// The next tick, and the time after which it is the first.
    pub(crate) next: Option<SystemTime>,
    pub(crate) after: Option<SystemTime>,
    /// Whether the clock is looked at for it: there is a next tick, or would be, were the clock set back.
    pub(crate) follows: bool,
    /// The nominal times that have had their turn.
    pub(crate) done: Done,
}

/// One nominal time, on both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tick {
    pub(crate) nominal: Moment,
    pub(crate) scheduled_at: SystemTime,
}

/// How far a catch-up is. From its first run to its end it counts as one running run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ChainStage {
    /// None of its runs has started.
    #[default]
    Before,
    /// One of its runs is on.
    On,
    /// The guard is to be asked for its next run.
    Between,
}

/// A tick that waits for a place.
pub(crate) struct Waiting {
    pub(crate) run: Arc<Run>,
    /// The run that is being stopped for it.
    pub(crate) stopping: Option<RunId>,
}

impl Instance for Unit {
    fn stamp(&self) -> u32 {
        self.stamp
    }

    fn args(&self) -> Option<&Args> {
        self.args.as_ref()
    }

    fn hash(&self) -> u32 {
        self.hash
    }

    fn is_leaving(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.leaving)
    }

    fn again(&mut self) -> Option<&mut bool> {
        self.more.as_mut().filter(|more| more.leaving).map(|more| &mut more.again)
    }
}

impl Unit {
    /// The number of its job.
    pub(crate) fn entry(&self) -> u32 {
        self.job.entry()
    }

    pub(crate) fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(crate) fn timetable(&self) -> &Timetable {
        self.more.as_ref().and_then(|more| more.timetable.as_ref()).unwrap_or(&self.job.timetable)
    }

    pub(crate) fn is_shifted(&self) -> bool {
        self.job.options.delay_mode == DelayMode::Shifted && matches!(self.timetable(), Timetable::Every(_))
    }

    /// Whether a run belongs to the catch-up that is under way.
    pub(crate) fn is_in_chain(&self, run: &Run) -> bool {
        self.more.as_ref().is_some_and(|more| more.chain_run == Some(run.id))
    }

    pub(crate) fn chain_stage(&self) -> ChainStage {
        self.more.as_ref().map_or(ChainStage::Before, |more| more.chain_stage)
    }

    /// What a run meets that asks to start.
    pub(crate) fn situation(&self, run: &Run) -> Situation {
        let is_in_chain = self.is_in_chain(run);
        let between = !is_in_chain && self.chain_stage() == ChainStage::Between;
        let running = self.active + u32::from(between);
        Situation {
            running: usize::try_from(running).unwrap_or(usize::MAX),
            // What waits behind a catch-up waits for all of it.
            waiting: self.more.as_ref().is_some_and(|more| more.waiting.is_some()) && (running > 0 || !is_in_chain),
            max_running: self.job.options.max_running,
        }
    }

    /// Notes that a run has started, in this slot of the engine.
    pub(crate) fn started(&mut self, run: &Run, slot: u32) {
        self.active += 1;
        self.newest = slot;
        if self.is_in_chain(run) {
            self.more().chain_stage = ChainStage::On;
        }
    }

    /// Whether something of it waits for this moment: the end of a delay, or a start deadline.
    pub(crate) fn waits_for(&self, at: Moment) -> bool {
        let Some(more) = &self.more else { return false };
        let deadline = more.waiting.as_ref().and_then(|waiting| deadline_of(&waiting.run));
        deadline == Some(at) || more.delayed.iter().any(|(delayed, _)| *delayed == at)
    }

    /// Occasions of this unit that are not decided yet.
    pub(crate) fn undecided(&self) -> u64 {
        let Some(more) = &self.more else { return 0 };
        let count = usize::from(more.guarding.is_some())
            + more.guard_queue.len()
            + more.delayed.len()
            + usize::from(more.waiting.is_some())
            + more.chain.len();
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

/// Just after the start deadline of a run, if it has one.
pub(super) fn deadline_of(run: &Run) -> Option<Moment> {
    let deadline = run.job.options.start_deadline.filter(|_| run.trigger == Trigger::Schedule)?;
    Some(run.ready + deadline + Duration::from_nanos(1))
}
