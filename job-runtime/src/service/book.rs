//! All services of a runtime: begun, restarted, paused, stopped.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::unit::{Standing, Unit};
use crate::clock::Moment;
use crate::engine::instances::{Index, Instance, Place};
use crate::engine::slots::Slots;
use crate::engine::supervisor::{Conclusion, Core, Owner, Remedy, Stop};
use crate::engine::timers::{Alarm, Topic};
use crate::error::{Error, Result};
use crate::event::EventKind;
use crate::job::{Args, Cell, Job, JobInfo, Keep, Key, Order, Run, Unknown};
use crate::outcome::{Kind, MissReason, SkipReason, Trigger};
use crate::policy::restart::{Budget, Restart, Window};

/// How many coming restarts are shown.
const SHOWN: usize = 5;

/// All services of a runtime.
pub(crate) struct Services {
    units: Slots<Unit>,
    index: Index,
    stamps: u32,
}

impl Services {
    pub(crate) fn new() -> Self {
        Self { units: Slots::new(), index: Index::new(), stamps: 0 }
    }

    fn add_unit(&mut self, core: &mut Core, job: &Arc<Job>, args: Option<Args>, hash: u32) -> u32 {
        self.stamps = self.stamps.wrapping_add(1);
        core.unit_added(job.entry());
        self.units.insert(Unit {
            job: Arc::clone(job),
            args,
            hash,
            stamp: self.stamps,
            cell: job.state.is_some().then(|| Arc::new(Cell::new())),
            standing: Standing::Down,
            window: Window::default(),
            streak: 0,
            since: Moment::NEVER,
            stopping: false,
            leaving: false,
            again: false,
        })
    }

    fn add_instance(&mut self, core: &mut Core, job: &Arc<Job>, args: Option<Args>, hash: u32) {
        let slot = self.add_unit(core, job, args, hash);
        self.launch(core, slot, Trigger::Manual);
    }

    /// Starts what may start now; in tests by hand nothing does but what is [requested](Owner::request).
    fn launch(&mut self, core: &mut Core, slot: u32, trigger: Trigger) {
        let Some(unit) = self.units.get(slot) else { return };
        let entry = unit.job.entry();
        let on = matches!(unit.standing, Standing::On);
        if !on && !core.manual && !core.is_closing() && !core.is_halted(entry) && !core.is_paused(entry) {
            let now = core.now.moment;
            if let Some(run) = self.occasion(core, slot, trigger, now) {
                self.set_going(core, slot, run);
            }
        }
    }

    fn occasion(&mut self, core: &mut Core, slot: u32, trigger: Trigger, at: Moment) -> Option<Arc<Run>> {
        let unit = self.units.get(slot)?;
        core.ledger(unit.job.entry(), |ledger| ledger.due(1));
        Some(core.order(Order {
            job: Arc::clone(&unit.job),
            trigger,
            scheduled_at: core.now.wall_at(at),
            nominal: at,
            ready: at,
            args: unit.args.clone(),
            cell: unit.cell.clone(),
            given: None,
            keep: Keep::Error,
            entry: unit.job.entry(),
            unit: slot,
        }))
    }

    fn set_going(&mut self, core: &mut Core, slot: u32, run: Arc<Run>) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        unit.standing = Standing::On;
        unit.since = core.now.moment;
        core.start(run);
    }

    /// Takes back a restart that is waited for.
    fn take_restart(&mut self, core: &mut Core, slot: u32) -> Option<Arc<Run>> {
        let unit = self.units.get_mut(slot)?;
        if !matches!(unit.standing, Standing::Restarts(..)) {
            return None;
        }
        core.disarm();
        match std::mem::replace(&mut unit.standing, Standing::Down) {
            Standing::Restarts(run, _) => Some(run),
            Standing::Down | Standing::On | Standing::Ended => None,
        }
    }

    /// Stops a service: its run is asked to, and a restart it waits for does not come.
    fn bring_down(&mut self, core: &mut Core, slot: u32, reason: SkipReason, why: &str) {
        if let Some(run) = self.take_restart(core, slot) {
            core.skip(&run, reason, None);
        }
        let Some(unit) = self.units.get_mut(slot) else { return };
        if matches!(unit.standing, Standing::On) {
            unit.stopping = true;
            for run in core.runs_of(unit.job.entry(), slot) {
                core.request_stop(run, Stop::Cancelled(why.into()));
            }
        }
    }

    /// What becomes of a service whose run has ended.
    fn follow_up(&mut self, core: &mut Core, slot: u32, end: Conclusion) {
        let Conclusion { outcome, error, cause, .. } = end;
        let Some(unit) = self.units.get_mut(slot) else { return core.discard(cause) };
        let entry = unit.job.entry();
        unit.standing = Standing::Down;
        let stopped = std::mem::take(&mut unit.stopping);
        if unit.leaving || core.is_closing() || core.manual || core.is_halted(entry) || core.is_paused(entry) {
            return core.discard(cause);
        }
        if stopped {
            // Resumed meanwhile.
            core.discard(cause);
            return self.launch(core, slot, Trigger::Manual);
        }
        if !unit.job.options.restart.wants(outcome) {
            // An instance that is done makes room for another one for its arguments.
            unit.leaving = unit.args.is_some();
            unit.standing = Standing::Ended;
            return core.discard(cause);
        }
        let delay = unit.next_delay(core.now.moment, core.budget(entry));
        match core.count_end(entry, &mut unit.window, delay) {
            Remedy::TooMany => return core.give_up(entry, error, cause),
            Remedy::Alone => self.restart_in(core, slot, delay),
            Remedy::Together => {}
        }
        let job = core.job(entry).cloned();
        core.post(job.as_ref(), None, EventKind::Restarted { delay });
        core.discard(cause);
    }

    fn restart_in(&mut self, core: &mut Core, slot: u32, delay: Duration) {
        let at = core.now.moment + delay;
        let Some(run) = self.occasion(core, slot, Trigger::Restart, at) else { return };
        let Some(unit) = self.units.get_mut(slot) else { return };
        unit.standing = Standing::Restarts(run, at);
        core.arm(Alarm::new(at, Topic::Restart, slot, unit.stamp));
    }

    /// Lets an instance go, once its run has ended.
    fn free(&mut self, core: &mut Core, slot: u32) {
        let gone = self.units.get(slot).filter(|unit| unit.leaving && !matches!(unit.standing, Standing::On));
        if gone.is_none() {
            return;
        }
        let Some(mut unit) = self.units.remove(slot) else { return };
        let entry = unit.job.entry();
        if self.index.release(&self.units, entry, &mut unit, slot) && !core.is_closing() {
            let (job, args) = (Arc::clone(&unit.job), unit.args.clone());
            self.add_instance(core, &job, args, unit.hash);
        }
        core.discard(unit);
        core.unit_gone(entry);
    }

    fn retire(&mut self, core: &mut Core, slot: u32) {
        self.bring_down(core, slot, SkipReason::Cancelled, "it was stopped");
        if let Some(unit) = self.units.get_mut(slot) {
            unit.leaving = true;
        }
        self.free(core, slot);
    }

    fn slots_of(&self, entry: u32) -> Vec<u32> {
        self.index.slots(&self.units, entry)
    }

    fn restarts(&self) -> impl Iterator<Item = (&Unit, &Arc<Run>)> {
        self.units.iter().filter_map(|(_, unit)| match &unit.standing {
            Standing::Restarts(run, _) => Some((unit, run)),
            Standing::Down | Standing::On | Standing::Ended => None,
        })
    }
}

impl Unit {
    /// The delay before the restart that is due now.
    fn next_delay(&mut self, now: Moment, budget: Option<Budget>) -> Duration {
        if budget.is_some_and(|budget| now.since(self.since) > budget.within) {
            self.streak = 0;
        }
        self.streak = self.streak.saturating_add(1);
        self.job.options.backoff().ceiling(self.streak)
    }
}

impl Owner for Services {
    fn owns(&self, job: &Job) -> bool {
        job.kind == Kind::Service
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Restart]
    }

    fn admit(&mut self, core: &mut Core, entry: u32) {
        let Some(job) = core.job(entry).cloned() else { return };
        let place = match job.arguments {
            Some(_) => Place::Template(Box::default()),
            None => Place::Single(self.add_unit(core, &job, None, 0)),
        };
        self.index.set(entry, Some(place));
    }

    fn begin(&mut self, core: &mut Core, entry: u32, trigger: Trigger) {
        for slot in self.slots_of(entry) {
            let Some(unit) = self.units.get_mut(slot) else { continue };
            if trigger == Trigger::Restart && unit.job.options.restart == Restart::Temporary {
                unit.standing = Standing::Ended;
            } else {
                self.launch(core, slot, trigger);
            }
        }
    }

    fn halt(&mut self, core: &mut Core, entry: u32) {
        for slot in self.slots_of(entry) {
            self.bring_down(core, slot, SkipReason::Cancelled, "stopped, because its group is restarted");
        }
    }

    fn remove(&mut self, core: &mut Core, entry: u32) {
        let slots = self.slots_of(entry);
        self.index.set(entry, None);
        core.unname(entry);
        for slot in slots {
            self.retire(core, slot);
        }
    }

    fn on_pause(&mut self, core: &mut Core, entry: u32) {
        for slot in self.slots_of(entry) {
            self.bring_down(core, slot, SkipReason::Paused, "stopped, because it was paused");
        }
    }

    fn on_resume(&mut self, core: &mut Core, entry: u32) {
        for slot in self.slots_of(entry) {
            let Some(unit) = self.units.get_mut(slot) else { continue };
            if unit.stopping || matches!(unit.standing, Standing::Down) {
                unit.window.clear();
                unit.streak = 0;
                self.launch(core, slot, Trigger::Manual);
            }
        }
    }

    fn request(&mut self, core: &mut Core, entry: u32, _handle: bool) -> Result<Vec<Arc<Run>>> {
        core.check_open(entry)?;
        let mut runs = Vec::new();
        for slot in self.slots_of(entry) {
            if self.units.get(slot).is_some_and(|unit| matches!(unit.standing, Standing::On)) {
                continue;
            }
            let now = core.now.moment;
            if let Some(run) = self.take_restart(core, slot) {
                core.skip(&run, SkipReason::Superseded, None);
            }
            let Some(run) = self.occasion(core, slot, Trigger::Manual, now) else { continue };
            runs.push(Arc::clone(&run));
            self.set_going(core, slot, run);
        }
        if runs.is_empty() && !self.slots_of(entry).is_empty() {
            return Err(Error::refused(format!("service `{}` is running already", core.name_of(entry))));
        }
        Ok(runs)
    }

    fn next(&self, core: &Core, entry: u32, count: usize) -> Vec<SystemTime> {
        let of = self.restarts().filter(|(unit, _)| unit.job.entry() == entry);
        let mut next: Vec<_> = of.map(|(_, run)| core.now.wall_at(run.nominal)).collect();
        next.sort();
        next.truncate(count);
        next
    }

    fn describe(&self, core: &Core, entry: u32, info: &mut JobInfo) {
        let Some(job) = core.job(entry) else { return };
        info.policies = job.options.policies(job.state.is_some(), None);
        info.instances = self.slots_of(entry).len();
        info.next = self.next(core, entry, SHOWN);
    }

    fn undecided(&self, entry: u32) -> u64 {
        let of = self.restarts().filter(|(unit, _)| unit.job.entry() == entry);
        u64::try_from(of.count()).unwrap_or(u64::MAX)
    }

    fn start(&mut self, core: &mut Core, entry: u32, key: &Key) -> Result<Result<()>, Unknown> {
        let job = match core.open_job(entry) {
            Ok(job) => job,
            Err(error) => return Ok(Err(error)),
        };
        let claimed = self.index.claim(&mut self.units, &job, key)?;
        Ok(claimed.map(|now| {
            if now {
                self.add_instance(core, &job, Some(Arc::clone(&key.args)), key.hash);
            }
        }))
    }

    fn stop(&mut self, core: &mut Core, entry: u32, key: &Key) -> Result<bool, Unknown> {
        let Some(slot) = self.index.find(&self.units, entry, Some(key))? else { return Ok(false) };
        if let Some(again) = self.units.get_mut(slot).and_then(Instance::again) {
            return Ok(std::mem::take(again));
        }
        self.retire(core, slot);
        Ok(true)
    }

    fn cell(&self, entry: u32, key: Option<&Key>) -> Result<Option<Arc<Cell>>, Unknown> {
        let unit = self.index.find(&self.units, entry, key)?.and_then(|slot| self.units.get(slot));
        Ok(unit.filter(|unit| !unit.leaving).and_then(|unit| unit.cell.clone()))
    }

    fn on_alarm(&mut self, core: &mut Core, alarm: Alarm) {
        if !Owner::is_live(self, &alarm) {
            return;
        }
        let Some(unit) = self.units.get_mut(alarm.slot()) else { return };
        let Standing::Restarts(run, _) = &unit.standing else { return };
        let run = Arc::clone(run);
        if core.is_paused(run.entry) {
            // Another instance gave up meanwhile.
            unit.standing = Standing::Down;
            core.skip(&run, SkipReason::Paused, None);
        } else {
            self.set_going(core, alarm.slot(), run);
        }
    }

    fn is_live(&self, alarm: &Alarm) -> bool {
        let unit = self.units.get(alarm.slot()).filter(|unit| unit.stamp == alarm.stamp);
        unit.is_some_and(|unit| matches!(&unit.standing, Standing::Restarts(_, at) if *at == alarm.at))
    }

    fn on_end(&mut self, core: &mut Core, run: &Arc<Run>, end: Conclusion) {
        self.follow_up(core, run.unit, end);
        self.free(core, run.unit);
    }

    /// There is no handle on a service.
    fn on_cancel(&mut self, _core: &mut Core, _run: &Arc<Run>, _reason: &str) {}

    fn on_drain(&mut self, core: &mut Core) {
        for slot in self.units.keys() {
            if let Some(run) = self.take_restart(core, slot) {
                core.miss(&run, MissReason::Shutdown);
            }
        }
    }
}
