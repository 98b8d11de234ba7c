//! All recurring jobs of a runtime: taken in, found, started, stopped, removed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::unit::{Tick, Unit};
use crate::clock::Moment;
use crate::engine::instances::{Index, Instance, Place};
use crate::engine::slots::Slots;
use crate::engine::supervisor::{Answer, Conclusion, Core, Owner, Stop};
use crate::engine::timers::{Alarm, Topic};
use crate::error::Result;
use crate::job::{Args, Cell, Job, JobInfo, Keep, Key, Order, Run, Unknown};
use crate::outcome::{Kind, MissReason, Trigger};
use crate::policy::delay::{place_of, start_delay};
use crate::policy::done::Done;
use crate::schedule::Timetable;

/// How many coming ticks are shown.
const SHOWN: usize = 5;

/// Why what waits will never run.
#[derive(Clone, Copy)]
pub(crate) enum Fate {
    Cancelled,
    Shutdown,
}

/// All recurring jobs of a runtime.
pub(crate) struct Periodics {
    pub(crate) units: Slots<Unit>,
    pub(super) index: Index,
    /// The schedules that templates were given at run time, for instances to come as well.
    timetables: HashMap<u32, Timetable>,
    node: String,
    stamps: u32,
}

impl Periodics {
    pub(crate) fn new(node: String) -> Self {
        Self { units: Slots::new(), index: Index::new(), timetables: HashMap::new(), node, stamps: 0 }
    }

    fn add_unit(&mut self, core: &mut Core, entry: u32, job: &Arc<Job>, args: Option<Args>, hash: u32) -> u32 {
        self.stamps = self.stamps.wrapping_add(1);
        let mut unit = Unit {
            job: Arc::clone(job),
            active: 0,
            newest: u32::MAX,
            next: Moment::NEVER,
            stamp: self.stamps,
            hash,
            args,
            more: None,
        };
        if job.state.is_some() {
            unit.more().cell = Some(Arc::new(Cell::new()));
        }
        if let Some(timetable) = self.timetables.get(&entry) {
            unit.more().timetable = Some(timetable.clone());
        }
        let slot = self.units.insert(unit);
        core.unit_added(entry);
        slot
    }

    /// The units of a job, without those that are leaving.
    pub(crate) fn slots_of(&self, entry: u32) -> Vec<u32> {
        self.index.slots(&self.units, entry)
    }

    /// A new instance of a template, which ticks unless its group has it stopped.
    fn add_instance(&mut self, core: &mut Core, entry: u32, job: &Arc<Job>, args: Option<Args>, hash: u32) {
        let slot = self.add_unit(core, entry, job, args, hash);
        if !core.is_halted(entry) {
            self.arm_first(core, slot);
        }
    }

    /// Lets a unit go: what waits is cancelled, and it goes with the last of its runs.
    fn retire(&mut self, core: &mut Core, slot: u32) {
        self.disarm(core, slot);
        let Some(unit) = self.units.get_mut(slot) else { return };
        unit.more().leaving = true;
        self.drop_undecided(core, slot, Fate::Cancelled);
        self.free(core, slot);
    }

    /// Frees the slot of a unit that is leaving, once nothing of it runs, for the one that takes its place, if any.
    pub(crate) fn free(&mut self, core: &mut Core, slot: u32) {
        let gone = self.units.get(slot).filter(|unit| unit.is_leaving() && unit.active == 0 && unit.undecided() == 0);
        if gone.is_none() {
            return;
        }
        let Some(mut unit) = self.units.remove(slot) else { return };
        let entry = unit.entry();
        if self.index.release(&self.units, entry, &mut unit, slot) && !core.is_closing() {
            self.add_instance(core, entry, &unit.job, unit.args.clone(), unit.hash);
        }
        core.discard(unit);
        core.unit_gone(entry);
    }

    /// Gives the job another schedule; the first tick is one period from now.
    fn set_timetable(&mut self, core: &mut Core, entry: u32, timetable: &Timetable) {
        if core.job(entry).is_some_and(|job| job.arguments.is_some()) {
            let before = self.timetables.insert(entry, timetable.clone());
            core.discard(before);
        }
        for slot in self.slots_of(entry) {
            self.take_unseen(core, slot);
            self.disarm(core, slot);
            let Some(unit) = self.units.get_mut(slot) else { continue };
            let same = unit.timetable().describe() == timetable.describe();
            let more = unit.more();
            core.discard(more.timetable.replace(timetable.clone()));
            more.wall.after = None;
            if !same {
                more.wall.done = Done::default();
            }
            core.start_over(entry, timetable);
            // A shifted schedule with a run on, or about to be, is armed by its end.
            let waits = unit.is_shifted() && (unit.active > 0 || unit.undecided() > 0);
            if !waits && !core.is_halted(entry) {
                self.arm_after(core, slot, core.now.moment);
            }
        }
    }

    /// A run that may come of an occasion, after a delay that is meant.
    pub(crate) fn occasion(
        &mut self,
        core: &mut Core,
        slot: u32,
        trigger: Trigger,
        tick: Tick,
        delay: Duration,
        keep: Keep,
    ) -> Option<Arc<Run>> {
        let Tick { nominal, scheduled_at } = tick;
        let unit = self.units.get(slot)?;
        Some(core.order(Order {
            job: Arc::clone(&unit.job),
            trigger,
            scheduled_at,
            nominal,
            ready: nominal + delay,
            args: unit.args.clone(),
            cell: unit.more.as_ref().and_then(|more| more.cell.clone()),
            given: None,
            keep,
            entry: unit.entry(),
            unit: slot,
        }))
    }

    /// The runs of a unit: mostly one, and then nothing is searched.
    pub(crate) fn runs_of(&self, core: &Core, slot: u32) -> Vec<u32> {
        match self.units.get(slot) {
            None => Vec::new(),
            Some(unit) if unit.active == 0 => Vec::new(),
            Some(unit) if unit.active == 1 && core.is_run_of(unit.newest, unit.entry(), slot) => vec![unit.newest],
            Some(unit) => core.runs_of(unit.entry(), slot),
        }
    }

    /// The jitter and splay of one tick, within the time to the one after it.
    pub(super) fn delay(&self, unit: &Unit, tick: Tick, chance: u64) -> Duration {
        let options = &unit.job.options;
        let place = place_of(&unit.job.name, &self.node);
        start_delay(options.jitter, options.splay, unit.timetable().period_after(tick.scheduled_at), place, chance)
    }
}

const STOPPED: &str = "its job was stopped";

fn stop_all(core: &mut Core, runs: Vec<u32>, why: &str) {
    let why: Arc<str> = why.into();
    for run in runs {
        core.request_stop(run, Stop::Cancelled(Arc::clone(&why)));
    }
}

impl Owner for Periodics {
    fn owns(&self, job: &Job) -> bool {
        job.kind == Kind::Periodic && !job.is_stored()
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Tick, Topic::Waiting]
    }

    fn admit(&mut self, core: &mut Core, entry: u32) {
        let Some(job) = core.job(entry).cloned() else { return };
        let place = match job.arguments {
            Some(_) => Place::Template(Box::default()),
            None => Place::Single(self.add_unit(core, entry, &job, None, 0)),
        };
        self.index.set(entry, Some(place));
    }

    fn begin(&mut self, core: &mut Core, entry: u32, trigger: Trigger) {
        for slot in self.slots_of(entry) {
            match trigger {
                Trigger::Restart => self.arm_anew(core, slot),
                Trigger::Schedule | Trigger::Manual | Trigger::Spawn | Trigger::Retry => self.arm_begun(core, slot),
            }
        }
    }

    fn halt(&mut self, core: &mut Core, entry: u32) {
        for slot in self.slots_of(entry) {
            self.disarm(core, slot);
            self.drop_undecided(core, slot, Fate::Cancelled);
        }
        stop_all(core, core.runs_of_job(entry), "stopped, because its group is restarted");
    }

    fn remove(&mut self, core: &mut Core, entry: u32) {
        let slots = self.slots_of(entry);
        self.index.set(entry, None);
        self.timetables.remove(&entry);
        core.unname(entry);
        let runs = core.runs_of_job(entry);
        for slot in slots {
            self.retire(core, slot);
        }
        stop_all(core, runs, STOPPED);
    }

    fn request(&mut self, core: &mut Core, entry: u32, handle: bool) -> Result<Vec<Arc<Run>>> {
        core.check_open(entry)?;
        let now = core.now;
        let mut keep = if handle { Keep::Output } else { Keep::Nothing };
        let mut runs = Vec::new();
        for slot in self.slots_of(entry) {
            let tick = Tick { nominal: now.moment, scheduled_at: now.wall };
            let Some(run) = self.occasion(core, slot, Trigger::Manual, tick, Duration::ZERO, keep) else { continue };
            keep = Keep::Nothing;
            core.ledger(entry, |ledger| ledger.due(1));
            runs.push(Arc::clone(&run));
            self.propose(core, slot, run);
        }
        Ok(runs)
    }

    fn reschedule(&mut self, core: &mut Core, entry: u32, timetable: &Timetable) -> Result<()> {
        self.set_timetable(core, entry, timetable);
        Ok(())
    }

    fn next(&self, core: &Core, entry: u32, count: usize) -> Vec<SystemTime> {
        let slots = self.slots_of(entry);
        let mut next: Vec<_> = slots.iter().flat_map(|slot| self.upcoming(core, *slot, count)).collect();
        next.sort();
        next.truncate(count);
        next
    }

    fn describe(&self, core: &Core, entry: u32, info: &mut JobInfo) {
        let Some(job) = core.job(entry) else { return };
        let slots = self.slots_of(entry);
        let unit = slots.first().and_then(|slot| self.units.get(*slot));
        let timetable = unit.map_or(&job.timetable, Unit::timetable);
        info.schedule = Some(timetable.describe());
        info.zone = timetable.zone().into();
        info.policies = job.options.policies(job.state.is_some(), timetable.dst());
        info.instances = slots.len();
        info.next = self.next(core, entry, SHOWN);
        info.overdue = slots.iter().any(|slot| self.is_overdue(core, *slot));
    }

    fn undecided(&self, entry: u32) -> u64 {
        self.units.iter().filter(|(_, unit)| unit.entry() == entry).map(|(_, unit)| unit.undecided()).sum()
    }

    fn start(&mut self, core: &mut Core, entry: u32, key: &Key) -> Result<Result<()>, Unknown> {
        let job = match core.open_job(entry) {
            Ok(job) => job,
            Err(error) => return Ok(Err(error)),
        };
        let claimed = self.index.claim(&mut self.units, &job, key)?;
        Ok(claimed.map(|now| {
            if now {
                self.add_instance(core, entry, &job, Some(Arc::clone(&key.args)), key.hash);
            }
        }))
    }

    fn stop(&mut self, core: &mut Core, entry: u32, key: &Key) -> Result<bool, Unknown> {
        let Some(slot) = self.index.find(&self.units, entry, Some(key))? else { return Ok(false) };
        let Some(unit) = self.units.get_mut(slot) else { return Ok(false) };
        if let Some(again) = unit.again() {
            return Ok(std::mem::take(again));
        }
        let guarding = unit.more.as_ref().and_then(|more| more.guarding);
        let runs: Vec<u32> = self.runs_of(core, slot).into_iter().chain(guarding).collect();
        self.retire(core, slot);
        stop_all(core, runs, STOPPED);
        Ok(true)
    }

    fn cell(&self, entry: u32, key: Option<&Key>) -> Result<Option<Arc<Cell>>, Unknown> {
        let unit = self.index.find(&self.units, entry, key)?.and_then(|slot| self.units.get(slot));
        Ok(unit.filter(|unit| !unit.is_leaving()).and_then(|unit| unit.more.as_ref()?.cell.clone()))
    }

    fn on_alarm(&mut self, core: &mut Core, alarm: Alarm) {
        if !Owner::is_live(self, &alarm) {
            return;
        }
        match alarm.topic() {
            Topic::Tick => self.tick(core, alarm.slot()),
            Topic::Waiting => self.waited(core, alarm.slot(), alarm.at),
            Topic::Run | Topic::Group | Topic::Spawned | Topic::Restart => {}
        }
    }

    fn is_live(&self, alarm: &Alarm) -> bool {
        let Some(unit) = self.units.get(alarm.slot()).filter(|unit| unit.stamp == alarm.stamp) else { return false };
        match alarm.topic() {
            Topic::Tick => unit.next == alarm.at,
            Topic::Waiting => unit.waits_for(alarm.at),
            Topic::Run | Topic::Group | Topic::Spawned | Topic::Restart => false,
        }
    }

    fn on_answer(&mut self, core: &mut Core, run: &Arc<Run>, slot: u32, answer: Answer) -> bool {
        self.guard_answered(core, run, slot, answer)
    }

    fn on_end(&mut self, core: &mut Core, run: &Arc<Run>, _end: Conclusion) {
        self.run_ended(core, run);
    }

    fn on_cancel(&mut self, core: &mut Core, run: &Arc<Run>, reason: &str) {
        self.cancel_undecided(core, run, reason);
    }

    fn on_step(&mut self, core: &mut Core, reason: MissReason) {
        self.follow_step(core, reason);
    }

    fn on_drain(&mut self, core: &mut Core) {
        for slot in self.units.keys() {
            self.disarm(core, slot);
            self.drop_undecided(core, slot, Fate::Shutdown);
        }
    }
}
