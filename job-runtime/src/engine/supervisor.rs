//! Keeps the runs: starts them, times them out, stops them, tries them again, and ends them all at shutdown.
//!
//! It knows no kind of job. Each kind owns its records and its policy, and is asked through [`Owner`] what follows
//! from an alarm, from an answer of a guard and from the end of a run. All of them decide under one lock, on the
//! state alone; what follows outside (spawning, telling) is done after the lock is released.

mod attempt;
mod chronicle;
mod end;
mod group;
mod jobs;
mod look;
mod owner;
mod runs;
mod shutdown;

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;

pub(crate) use chronicle::{Chronicle, Mark};
pub(crate) use group::{Family, Remedy};
#[cfg(feature = "_durable")]
pub(crate) use owner::kind_of;
pub(crate) use owner::{Answer, Conclusion, Owner, owner};

use super::executor::Launch;
use super::few::Few;
use super::slots::Slots;
use super::timers::{Alarm, Timers, Topic};
use crate::clock::{Moment, Now};
use crate::error::{Error, Result};
use crate::event::{Board, Event, EventKind};
use crate::job::{ByType, Cell, Ending, Job, Ledger, Order, Phase, Run};
use crate::outcome::{MissReason, RunId, SkipReason};
use crate::policy::delay::spread;

/// What the engine keeps of a job.
pub(crate) struct Entry {
    pub(crate) job: Arc<Job>,
    pub(crate) ledger: Ledger,
    /// How many records its kind keeps for it, those that are leaving included.
    pub(crate) units: u32,
    /// How many of its runs have a task, or wait for their next attempt.
    runs: u32,
    /// It is forgotten when nothing of it is left.
    removed: bool,
    /// The family it is a member of.
    family: Option<usize>,
    /// Not begun yet, or stopped by its family until it begins anew.
    halted: bool,
    /// In tests: what stands in for the answer of its guard.
    pub(crate) guard: Option<bool>,
}

/// What is left to do when the lock is released: nothing of the users' is called or dropped under it.
#[derive(Default)]
pub(crate) struct Rest {
    pub(crate) launches: Few<Launch>,
    pub(crate) endings: Few<(Arc<Run>, Ending)>,
    pub(crate) leftovers: Vec<Box<dyn Any + Send>>,
    /// States that will not come back.
    pub(crate) lost: Vec<Arc<Cell>>,
}

/// A run with a task, or one that waits for its next attempt.
struct Running {
    run: Arc<Run>,
    stage: Stage,
    /// When this attempt was due and when it started.
    due: Moment,
    started: Moment,
    stopping: Option<Stop>,
    /// Cancelled while it was stopping already: no attempt follows.
    last: bool,
    /// Its one alarm.
    alarm: Moment,
    /// Whether it was named among those the shutdown did not wait for.
    abandoned: bool,
    /// How often it had been polled when the engine last looked, and whether it was told of since.
    polls: u32,
    told: bool,
}

impl Running {
    /// Whether it was started, and is not at its guard.
    fn is_on(&self) -> bool {
        !matches!(self.stage, Stage::Guard | Stage::Leaving)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Guard,
    /// Its guard was being asked when it was given up; accounted for, but its task is not gone yet.
    Leaving,
    Body,
    /// Waiting for its next attempt.
    Retry,
    /// Dropped, but not gone yet.
    Dropped,
}

/// Why a run is asked to stop.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    TimedOut,
    Cancelled(Arc<str>),
    Shutdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Open,
    Draining { deadline: Moment },
    Over,
}

/// The state that kinds decide on, under the engine's lock.
#[expect(clippy::struct_excessive_bools, reason = "each says one thing, and none depends on another")]
pub(crate) struct Core {
    pub(crate) now: Now,
    pub(crate) entries: Slots<Entry>,
    pub(crate) names: HashMap<Arc<str>, u32>,
    /// The job of each type beside a function.
    pub(crate) companions: ByType<u32>,
    pub(crate) quiet: bool,
    /// In tests: no ticks but those by hand.
    pub(crate) manual: bool,
    /// What was done since others had the lock, in alarms handled.
    pub(crate) effort: usize,
    /// In tests: a clock that nobody waits for in vain, so that nothing wakes without need.
    fake: bool,
    /// In tests: the wall clock was moved, and nobody has looked since.
    moved: bool,
    timers: Timers,
    runs: Slots<Running>,
    rest: Rest,
    /// Runs that a kind wants stopped; done when it has decided.
    stops: VecDeque<(u32, Stop)>,
    life: Life,
    next_run: u64,
    chance: u64,
    abandoned: Vec<Arc<str>>,
    families: Vec<Family>,
    /// Something of the families is to be looked at.
    unsettled: bool,
    /// How long a shutdown may take, and whether one was asked for.
    pub(crate) shutdown_timeout: Option<Duration>,
    closing: bool,
    /// What was given up, and with it the whole runtime.
    gave_up: Option<Error>,
    /// Whether a run was given up because it keeps its thread.
    stuck: bool,
    /// Who wants to know whether the driver looks at its timers.
    pings: Vec<oneshot::Sender<()>>,
    board: Arc<Board>,
    told: bool,
    /// What jobs remember over a restart of the program, where somebody has a store for it.
    chronicle: Option<Chronicle>,
    /// Wall-clock schedules that are armed.
    wall_armed: usize,
    /// How the clocks stood to each other when they were last read together, and when the alarms of wall-clock
    /// schedules were last brought in line.
    seen: Now,
    in_line: Now,
    crowded: bool,
    /// When to look for runs that keep their thread; [`Moment::NEVER`] while nothing runs.
    watch: Moment,
}

impl Core {
    pub(crate) fn new(
        now: Now,
        board: Arc<Board>,
        shutdown_timeout: Option<Duration>,
        manual: bool,
        fake: bool,
    ) -> Self {
        Self {
            now,
            entries: Slots::new(),
            names: HashMap::new(),
            companions: ByType::default(),
            quiet: false,
            manual,
            effort: 0,
            fake,
            moved: false,
            timers: Timers::new(),
            runs: Slots::new(),
            rest: Rest::default(),
            stops: VecDeque::new(),
            life: Life::Open,
            next_run: 1,
            chance: RandomState::new().hash_one(0),
            abandoned: Vec::new(),
            families: Vec::new(),
            unsettled: false,
            shutdown_timeout,
            closing: false,
            gave_up: None,
            stuck: false,
            pings: Vec::new(),
            board,
            told: false,
            chronicle: None,
            wall_armed: 0,
            seen: now,
            in_line: now,
            crowded: false,
            watch: Moment::NEVER,
        }
    }

    // ---- what the driver asks

    pub(crate) fn begin(&mut self, now: Now, told: bool) {
        self.now = now;
        self.told = told;
    }

    /// Both clocks at a moment, by how they stood to each other when the driver last read them.
    pub(crate) fn reckon(&self, moment: Moment) -> Now {
        Now { moment, wall: self.seen.wall_at(moment) }
    }

    /// Does what was decided and can be done under the lock, and gives what is to be set going.
    pub(crate) fn finish(&mut self, kinds: &mut [Box<dyn Owner>]) -> Rest {
        self.settle(kinds);
        if std::mem::take(&mut self.crowded) {
            let (runs, families) = (&self.runs, &self.families);
            self.timers.retain(|alarm| match alarm.topic() {
                Topic::Run => is_live(runs, alarm),
                Topic::Group => group::is_live(families, alarm),
                topic @ (Topic::Tick | Topic::Waiting | Topic::Spawned | Topic::Restart) => {
                    of_topic(kinds, topic).is_some_and(|kind| kind.is_live(alarm))
                }
            });
        }
        std::mem::take(&mut self.rest)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.life == Life::Over
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.life != Life::Open
    }

    pub(crate) fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// Lets the driver answer, unless it is gone.
    pub(crate) fn ping(&mut self, asked: oneshot::Sender<()>) {
        if !self.is_over() {
            self.pings.push(asked);
        }
    }

    /// Lets those know who ask whether the driver is there that it goes.
    pub(crate) fn unanswered(&mut self) {
        self.pings.clear();
    }

    /// What came of it all.
    pub(crate) fn result(&self) -> Result {
        match &self.gave_up {
            Some(error) => Err(error.clone()),
            None if self.abandoned.is_empty() => Ok(()),
            None => Err(Error::abandoned(self.abandoned.clone())),
        }
    }

    /// The names of what is still on, and of what was given up.
    pub(crate) fn still_running(&self) -> Vec<Arc<str>> {
        let mut names = self.abandoned.clone();
        names.extend(self.runs.iter().map(|(_, running)| Arc::clone(&running.run.job.name)));
        names.sort();
        names.dedup();
        names
    }

    // ---- what kinds ask

    pub(crate) fn arm(&mut self, alarm: Alarm) {
        self.timers.push(alarm);
    }

    /// Gives up an alarm that was armed.
    pub(crate) fn disarm(&mut self) {
        self.crowded |= self.timers.forget();
    }

    /// One more, or one less, schedule that follows the wall clock.
    pub(crate) fn follow_wall(&mut self, on: bool) {
        self.wall_armed = if on { self.wall_armed + 1 } else { self.wall_armed.saturating_sub(1) };
    }

    /// A random number.
    pub(crate) fn chance(&mut self) -> u64 {
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        spread(self.chance)
    }

    pub(crate) fn order(&mut self, order: Order) -> Arc<Run> {
        let id = RunId::of_run(self.next_run);
        self.next_run += 1;
        Run::new(id, 1, order)
    }

    pub(crate) fn ledger(&mut self, entry: u32, write: impl FnOnce(&mut Ledger)) {
        if let Some(entry) = self.entries.get_mut(entry) {
            write(&mut entry.ledger);
        }
    }

    /// Starts the first attempt of a run in a task of its own; gives its slot.
    pub(crate) fn start(&mut self, run: Arc<Run>) -> u32 {
        let slot = self.place(&run, Stage::Body);
        self.started_first(slot, &run);
        self.rest.launches.push(Launch { slot, run, guarded: false });
        slot
    }

    /// Starts a further attempt of a run whose occasion was counted when it was first started, here or elsewhere.
    #[cfg_attr(not(feature = "_durable"), expect(dead_code, reason = "asked by the kind that has a store"))]
    pub(crate) fn start_further(&mut self, run: Arc<Run>) -> u32 {
        let slot = self.place(&run, Stage::Body);
        self.started_further(slot, &run);
        self.rest.launches.push(Launch { slot, run, guarded: false });
        slot
    }

    /// Asks the guard of a run in the task that will go on with the run itself; gives its slot.
    pub(crate) fn ask_guard(&mut self, run: Arc<Run>) -> u32 {
        let slot = self.place(&run, Stage::Guard);
        self.rest.launches.push(Launch { slot, run, guarded: true });
        slot
    }

    /// Gives a run a slot.
    fn place(&mut self, run: &Arc<Run>, stage: Stage) -> u32 {
        let slot = self.runs.insert(Running {
            due: run.nominal,
            started: self.now.moment,
            run: Arc::clone(run),
            stage,
            stopping: None,
            last: false,
            alarm: Moment::NEVER,
            abandoned: false,
            polls: 0,
            told: false,
        });
        if let Some(entry) = self.entries.get_mut(run.entry) {
            entry.runs += 1;
        }
        self.watch_over();
        run.set_slot(slot);
        slot
    }

    /// Goes on with a run whose guard said yes, in the same task.
    pub(crate) fn start_in_place(&mut self, run: &Arc<Run>, slot: u32) {
        if let Some(running) = self.runs.get_mut(slot) {
            running.stage = Stage::Body;
            running.started = self.now.moment;
        }
        // What the guard asked for was said of nothing that ran.
        self.discard(run.take_directive());
        self.started_first(slot, run);
    }

    /// Frees the slot of a run whose guard has answered and which does not go on now.
    pub(crate) fn leave_guard(&mut self, run: &Arc<Run>, slot: u32) {
        self.vacate(slot);
        run.set_slot(u32::MAX);
    }

    /// Frees the slot of a run.
    fn vacate(&mut self, slot: u32) -> Option<Running> {
        let running = self.runs.remove(slot)?;
        if let Some(entry) = self.entries.get_mut(running.run.entry) {
            entry.runs -= 1;
            self.unsettled |= entry.family.is_some() && entry.runs == 0;
        }
        self.forget_removed(running.run.entry);
        self.unsettled |= self.runs.len() == 0;
        Some(running)
    }

    /// Decides against an occasion.
    pub(crate) fn skip(&mut self, run: &Arc<Run>, reason: SkipReason, running: Option<RunId>) {
        let text = if reason == SkipReason::Cancelled {
            "it was cancelled before it started".into()
        } else {
            format!("skipped, because of {reason}").into()
        };
        self.skip_because(run, reason, running, text);
    }

    /// Decides against an occasion, and tells who waits for it why.
    pub(crate) fn skip_because(&mut self, run: &Arc<Run>, reason: SkipReason, running: Option<RunId>, text: Arc<str>) {
        self.ledger(run.entry, |ledger| ledger.skipped(reason));
        // What is refused afterwards is counted; but the end of the shutdown was the last event.
        if !self.is_over() {
            self.post(Some(&run.job), Some(run.id), EventKind::Skipped { reason, running });
        }
        let cancelled = reason == SkipReason::Cancelled;
        let ending = if cancelled { Ending::Cancelled(text) } else { Ending::Refused(text) };
        self.close(run, Phase::Cancelled, ending);
    }

    /// Writes off an occasion whose time is lost.
    pub(crate) fn miss(&mut self, run: &Arc<Run>, reason: MissReason) {
        self.miss_span(run.entry, reason, 1, run.scheduled_at, run.scheduled_at);
        let ending = if reason == MissReason::Shutdown {
            Ending::Interrupted
        } else {
            Ending::Refused(format!("missed, because of {reason}").into())
        };
        self.close(run, Phase::Cancelled, ending);
    }

    /// Writes off a span of occasions.
    pub(crate) fn miss_span(&mut self, entry: u32, reason: MissReason, count: u64, from: SystemTime, to: SystemTime) {
        self.ledger(entry, |ledger| ledger.missed(reason, count));
        let job = self.entries.get(entry).map(|entry| Arc::clone(&entry.job));
        self.post(job.as_ref(), None, EventKind::Missed { reason, count, from, to });
    }

    /// Notes where a run has come to, and answers who waits for it.
    fn close(&mut self, run: &Arc<Run>, phase: Phase, ending: Ending) {
        run.set_phase(phase);
        // They do not wait for whoever keeps the handle, and are not dropped with the run, under the lock.
        self.rest.leftovers.extend(run.take_given());
        if run.is_awaited() {
            self.rest.endings.push((Arc::clone(run), ending));
        } else {
            self.discard_ending(ending);
        }
    }

    /// An output nobody waits for any more is dropped like everything of the users': later.
    fn discard_ending(&mut self, ending: Ending) {
        if let Ending::Returned(output) = ending {
            self.rest.leftovers.push(output);
        }
    }

    /// Drops something that may hold what is the users', when the lock is released.
    pub(crate) fn discard(&mut self, thing: impl Send + 'static) {
        self.rest.leftovers.push(Box::new(thing));
    }

    /// Pins an event, when anybody listens.
    pub(crate) fn post(&self, job: Option<&Arc<Job>>, run: Option<RunId>, kind: EventKind) {
        self.post_of(|| job.map(|job| Arc::clone(&job.name)), run, kind);
    }

    /// The same of a job that may be none of this program.
    pub(crate) fn post_of(&self, name: impl FnOnce() -> Option<Arc<str>>, run: Option<RunId>, kind: EventKind) {
        if self.told {
            self.board.post(Event { at: self.now.wall, job: name(), run, kind });
        }
    }

    /// Asks a run to stop, as soon as the kind that wants it has decided.
    pub(crate) fn request_stop(&mut self, slot: u32, why: Stop) {
        self.stops.push_back((slot, why));
    }

    /// Does what follows from what was decided, until nothing follows any more.
    fn settle(&mut self, kinds: &mut [Box<dyn Owner>]) {
        loop {
            if let Some((slot, why)) = self.stops.pop_front() {
                self.stop(kinds, slot, why);
            } else if std::mem::take(&mut self.closing) {
                self.drain(kinds);
            } else if std::mem::take(&mut self.unsettled) {
                self.move_families(kinds);
                self.settle_shutdown();
            } else {
                return;
            }
        }
    }
}

/// The kind that wants alarms of a topic.
fn of_topic(kinds: &mut [Box<dyn Owner>], topic: Topic) -> Option<&mut Box<dyn Owner>> {
    kinds.iter_mut().find(|kind| kind.topics().contains(&topic))
}

fn is_live(runs: &Slots<Running>, alarm: &Alarm) -> bool {
    runs.get(alarm.slot()).is_some_and(|running| running.run.stamp() == alarm.stamp && running.alarm == alarm.at)
}
