//! All recurring jobs of a runtime: taken in, found, started, stopped, removed.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;

use super::builder::Usual;
use super::template::Index;
use super::unit::{Tick, Unit};
use crate::clock::Moment;
use crate::engine::slots::Slots;
use crate::engine::supervisor::{Answer, Core, Entry, Owner, Stop};
use crate::engine::timers::{Alarm, Topic};
use crate::error::{Error, Result};
use crate::job::{Args, Cell, Ending, Job, JobInfo, Key, Ledger, Order, Reply, Run, Unknown, closing};
use crate::outcome::{Kind, MissReason, Trigger};
use crate::policy::delay::{place_of, start_delay};
use crate::policy::done::Done;
use crate::schedule::Timetable;

/// How many coming ticks are shown.
const SHOWN: usize = 5;

/// What the surface wants of a job, besides the ticks of its schedule.
pub(crate) struct Request {
    pub(crate) entry: u32,
    pub(crate) trigger: Trigger,
    pub(crate) reply: Option<Reply>,
}

/// Why what waits will never run.
#[derive(Clone, Copy)]
pub(crate) enum Fate {
    Cancelled,
    Shutdown,
}

/// All recurring jobs of a runtime.
pub(crate) struct Periodics {
    pub(crate) units: Slots<Unit>,
    /// By the number of the job: its only unit, or the instances of a template.
    pub(crate) index: Vec<Option<Index>>,
    pub(crate) node: String,
    pub(crate) usual: Arc<Usual>,
    stamps: u32,
}

impl Periodics {
    pub(crate) fn new(node: String) -> Self {
        Self { units: Slots::new(), index: Vec::new(), node, usual: Arc::new(Usual::new()), stamps: 0 }
    }

    /// Takes a job in, and arms it unless it is a template, which waits for its instances.
    pub(crate) fn add(&mut self, core: &mut Core, job: &Arc<Job>) -> Result<u32> {
        if core.is_closing() {
            return Err(closing());
        }
        if core.names.contains_key(&job.name) {
            return Err(Error::configuration(format!("there is a job `{}` already", job.name)));
        }
        let mut ledger = Ledger::default();
        if !job.options.enabled {
            ledger.paused = Some("disabled".into());
        }
        let entry = core.entries.insert(Entry { job: Arc::clone(job), ledger, units: 0, guard: None });
        job.set_entry(entry);
        core.names.insert(Arc::clone(&job.name), entry);
        let index = match job.arguments {
            Some(_) => Index::Template(Box::default()),
            None => Index::Single(self.add_unit(core, entry, job, None, 0)),
        };
        self.set_index(entry, Some(index));
        Ok(entry)
    }

    fn set_index(&mut self, entry: u32, index: Option<Index>) {
        let place = usize::try_from(entry).unwrap_or(usize::MAX);
        if self.index.len() <= place {
            self.index.resize_with(place + 1, || None);
        }
        if let Some(cell) = self.index.get_mut(place) {
            *cell = index;
        }
    }

    pub(crate) fn index_of(&self, entry: u32) -> Option<&Index> {
        self.index.get(usize::try_from(entry).ok()?)?.as_ref()
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
        if let Some(Index::Template(template)) = self.index_of(entry)
            && let Some(timetable) = &template.timetable
        {
            unit.more().timetable = Some(timetable.clone());
        }
        let slot = self.units.insert(unit);
        core.units(entry, |units| units + 1);
        self.arm_first(core, slot);
        slot
    }

    /// Starts an instance of a template; where a run of one that was stopped is still on, as soon as it has ended.
    ///
    /// # Errors
    /// What has to be compared first.
    pub(crate) fn start(&mut self, core: &mut Core, entry: u32, key: &Key) -> Result<Result<()>, Unknown> {
        let Some(job) = core.entries.get(entry).map(|entry| Arc::clone(&entry.job)) else {
            return Ok(Err(Error::refused("the job was removed")));
        };
        if core.is_closing() {
            return Ok(Err(closing()));
        }
        let slot = self.units.next();
        let Some(Index::Template(template)) = index_in(&mut self.index, entry) else {
            return Ok(Err(Error::refused(format!("job `{}` takes no arguments", job.name))));
        };
        let Some(other) = template.claim(&self.units, key, slot)? else {
            self.add_unit(core, entry, &job, Some(Arc::clone(&key.args)), key.hash);
            return Ok(Ok(()));
        };
        let leaving = self.units.get_mut(other).filter(|unit| unit.is_leaving()).map(Unit::more);
        if leaving.is_some_and(|more| !std::mem::replace(&mut more.again, true)) {
            return Ok(Ok(()));
        }
        Ok(Err(Error::refused(format!("job `{}` is started for these arguments already", job.name))))
    }

    /// Stops an instance of a template; false when there is none for these arguments.
    ///
    /// # Errors
    /// What has to be compared first.
    pub(crate) fn stop(&mut self, core: &mut Core, entry: u32, key: &Key) -> Result<bool, Unknown> {
        let Some(Index::Template(template)) = self.index_of(entry) else { return Ok(false) };
        let Some(slot) = template.find(&self.units, key)? else { return Ok(false) };
        let Some(unit) = self.units.get_mut(slot) else { return Ok(false) };
        if unit.is_leaving() {
            return Ok(std::mem::take(&mut unit.more().again));
        }
        let guarding = unit.more.as_ref().and_then(|more| more.guarding);
        let runs: Vec<u32> = self.runs_of(core, slot).into_iter().chain(guarding).collect();
        self.retire(core, slot);
        stop_all(core, runs);
        Ok(true)
    }

    /// The state of an instance.
    ///
    /// # Errors
    /// What has to be compared first.
    pub(crate) fn cell_of(&self, entry: u32, key: &Key) -> Result<Option<Arc<Cell>>, Unknown> {
        let Some(Index::Template(template)) = self.index_of(entry) else { return Ok(None) };
        let unit = template.find(&self.units, key)?.and_then(|slot| self.units.get(slot));
        Ok(unit.filter(|unit| !unit.is_leaving()).and_then(|unit| unit.more.as_ref()?.cell.clone()))
    }

    /// The state of a job with one unit.
    pub(crate) fn only_cell(&self, entry: u32) -> Option<Arc<Cell>> {
        let Some(Index::Single(slot)) = self.index_of(entry) else { return None };
        self.units.get(*slot)?.more.as_ref()?.cell.clone()
    }

    /// Removes a job with all that is its own; its runs are asked to stop.
    pub(crate) fn remove(&mut self, core: &mut Core, entry: u32) {
        let slots = self.slots_of(entry);
        self.set_index(entry, None);
        if let Some(entry) = core.entries.get(entry) {
            core.names.remove(&entry.job.name);
        }
        core.companions.retain(|_, other| *other != entry);
        let runs = core.runs_of_job(entry);
        for slot in slots {
            self.retire(core, slot);
        }
        stop_all(core, runs);
        self.forget(core, entry);
    }

    /// The units of a job, without those that are leaving.
    pub(crate) fn slots_of(&self, entry: u32) -> Vec<u32> {
        let mut slots = match self.index_of(entry) {
            None => Vec::new(),
            Some(Index::Single(slot)) => vec![*slot],
            Some(Index::Template(template)) => template.slots(),
        };
        slots.retain(|slot| self.units.get(*slot).is_some_and(|unit| !unit.is_leaving()));
        slots
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
        let Some(unit) = self.units.remove(slot) else { return };
        let entry = unit.entry();
        core.units(entry, |units| units - 1);
        let next = self.units.next();
        if let Some(Index::Template(template)) = index_in(&mut self.index, entry) {
            template.forget(unit.hash, slot);
            if unit.more.as_ref().is_some_and(|more| more.again) && !core.is_closing() {
                template.insert(unit.hash, next);
                self.add_unit(core, entry, &unit.job, unit.args.clone(), unit.hash);
            }
        }
        core.discard(unit);
        self.forget(core, entry);
    }

    /// Forgets a removed job, once its last unit is gone.
    fn forget(&mut self, core: &mut Core, entry: u32) {
        if self.index_of(entry).is_none() && core.units(entry, |units| units) == 0 {
            let removed = core.entries.remove(entry);
            core.discard(removed);
        }
    }

    /// Gives the job another schedule; the first tick is one period from now.
    pub(crate) fn reschedule(&mut self, core: &mut Core, entry: u32, timetable: &Timetable) {
        if let Some(Index::Template(template)) = index_in(&mut self.index, entry) {
            core.discard(template.timetable.replace(timetable.clone()));
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
            // A shifted schedule with a run on, or about to be, is armed by its end.
            if !unit.is_shifted() || (unit.active == 0 && unit.undecided() == 0) {
                self.arm_after(core, slot, core.now.moment);
            }
        }
    }

    /// A tick by hand, or a trigger, of every unit of the job.
    ///
    /// # Errors
    /// When the runtime shuts down.
    pub(crate) fn request(&mut self, core: &mut Core, request: Request) -> Result<Vec<Arc<Run>>> {
        if core.is_closing() {
            return Err(closing());
        }
        let Request { entry, trigger, mut reply } = request;
        let now = core.now;
        let mut runs = Vec::new();
        for slot in self.slots_of(entry) {
            let tick = Tick { nominal: now.moment, scheduled_at: now.wall };
            let Some(run) = self.occasion(core, slot, trigger, tick, Duration::ZERO, reply.take()) else { continue };
            core.ledger(entry, |ledger| ledger.due(1));
            runs.push(Arc::clone(&run));
            self.propose(core, slot, run);
        }
        Ok(runs)
    }

    /// A run that may come of an occasion, after a delay that is meant.
    pub(crate) fn occasion(
        &mut self,
        core: &mut Core,
        slot: u32,
        trigger: Trigger,
        tick: Tick,
        delay: Duration,
        reply: Option<Reply>,
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
            reply,
            entry: unit.entry(),
            unit: slot,
        }))
    }

    /// What is known of a job.
    pub(crate) fn info(&self, core: &Core, entry: u32) -> Option<JobInfo> {
        let Entry { job, ledger, .. } = core.entries.get(entry)?;
        let slots = self.slots_of(entry);
        let mut next: Vec<SystemTime> = slots.iter().flat_map(|slot| self.upcoming(core, *slot, SHOWN)).collect();
        next.sort();
        next.truncate(SHOWN);
        let unit = slots.first().and_then(|slot| self.units.get(*slot));
        let timetable = unit.map_or(&job.timetable, Unit::timetable);
        Some(JobInfo {
            name: Arc::clone(&job.name),
            kind: job.kind,
            schedule: Some(timetable.describe()),
            zone: timetable.zone().into(),
            file: job.place.file,
            line: job.place.line,
            policies: job.options.policies(job.state.is_some(), timetable.dst()),
            running: ledger.running,
            instances: slots.len(),
            paused: ledger.paused.clone(),
            last_outcome: ledger.last_outcome,
            next,
            overdue: slots.iter().any(|slot| self.is_overdue(core, *slot)),
            accounting: ledger.accounting(),
        })
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

    /// Occasions of a job that are not decided, counted where they wait.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) fn undecided(&self, entry: u32) -> u64 {
        self.units.iter().filter(|(_, unit)| unit.entry() == entry).map(|(_, unit)| unit.undecided()).sum()
    }
}

fn stop_all(core: &mut Core, runs: Vec<u32>) {
    for run in runs {
        core.request_stop(run, Stop::Cancelled("its job was stopped".into()));
    }
}

fn index_in(index: &mut [Option<Index>], entry: u32) -> Option<&mut Index> {
    index.get_mut(usize::try_from(entry).ok()?)?.as_mut()
}

/// A pair of ends for a handle: the reply that goes with a run, and what waits for it.
pub(crate) fn reply() -> (Reply, oneshot::Receiver<Ending>) {
    oneshot::channel()
}

impl Owner for Periodics {
    fn kind(&self) -> Kind {
        Kind::Periodic
    }

    fn on_alarm(&mut self, core: &mut Core, alarm: Alarm) {
        if !Owner::is_live(self, &alarm) {
            return;
        }
        match alarm.topic() {
            Topic::Tick => self.tick(core, alarm.slot()),
            Topic::Waiting => self.waited(core, alarm.slot(), alarm.at),
            Topic::Run => {}
        }
    }

    fn is_live(&self, alarm: &Alarm) -> bool {
        let Some(unit) = self.units.get(alarm.slot()).filter(|unit| unit.stamp == alarm.stamp) else { return false };
        match alarm.topic() {
            Topic::Tick => unit.next == alarm.at,
            Topic::Waiting => unit.waits_for(alarm.at),
            Topic::Run => false,
        }
    }

    fn on_answer(&mut self, core: &mut Core, run: &Arc<Run>, slot: u32, answer: Answer) -> bool {
        self.guard_answered(core, run, slot, answer)
    }

    fn on_end(&mut self, core: &mut Core, run: &Arc<Run>) {
        self.run_ended(core, run);
    }

    fn on_cancel(&mut self, core: &mut Core, run: &Arc<Run>) {
        self.cancel_undecided(core, run);
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
