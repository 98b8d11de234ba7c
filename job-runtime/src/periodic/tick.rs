//! A tick comes due: what of it is missed, what waits for its jitter, what runs one after another.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::book::Periodics;
use super::due::{Due, take_due};
use super::unit::{ChainStage, Tick};
use crate::clock::Moment;
use crate::engine::supervisor::Core;
use crate::engine::timers::{Alarm, Topic};
use crate::job::{Keep, Run};
use crate::outcome::{MissReason, RunId, SkipReason, Trigger};
use crate::policy::missed::{self, Missed, Verdict};
use crate::policy::overlap::Overlap;

/// How many steps through a schedule are as much work as handling an alarm.
const STEPS: usize = 16;

impl Periodics {
    /// The armed tick of a unit is due.
    pub(crate) fn tick(&mut self, core: &mut Core, slot: u32) {
        self.tick_because(core, slot, None);
    }

    /// The same, where something was seen that made it due.
    pub(super) fn tick_because(&mut self, core: &mut Core, slot: u32, seen: Option<MissReason>) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        let (entry, policy) = (unit.entry(), unit.job.options.on_missed);
        let Some(due) = take_due(unit, &core.now, policy) else {
            // A timer may be early by the wall clock; the tick may not.
            let next = unit.more.as_ref().and_then(|more| more.wall.next);
            return self.set_next_wall(core, slot, next);
        };
        let more = unit.more.as_mut();
        let (known, turn) =
            more.map_or((None, None), |more| (more.reason.take(), more.wall.next.is_some().then_some(more.wall.after)));
        let reason = cause(known, seen);
        core.effort += due.steps() / STEPS;
        core.ledger(entry, |ledger| ledger.due(due.count()));
        self.rearm(core, slot, &due);
        let newest = due.tick(0, &core.now);
        core.remember(entry, Some(newest.scheduled_at), None);
        let late = core.now.moment.since(newest.nominal);
        let decide = if reason == MissReason::Downtime { missed::decide_after_downtime } else { missed::decide };
        let verdict = decide(policy, due.count(), late);
        let verdict = match turn {
            Some(after) => self.take_turn(core, slot, &due, verdict, after, reason),
            None => verdict,
        };
        if verdict.missed > 0 {
            write_off(core, entry, &due, verdict, reason);
        }
        match verdict.run {
            0 => self.after_nothing(core, slot),
            1 => {
                let overdue = verdict.overdue && !matches!(policy, Missed::Skip);
                self.one(core, slot, newest, overdue);
            }
            count => {
                let ticks = (0..count).rev().map(|back| due.tick(back, &core.now)).collect();
                self.chain(core, slot, ticks);
            }
        }
    }

    /// Of a schedule that follows the wall clock: which of the due ticks have their turn, after the next is armed.
    fn take_turn(
        &mut self,
        core: &Core,
        slot: u32,
        due: &Due,
        mut verdict: Verdict,
        after: Option<SystemTime>,
        reason: MissReason,
    ) -> Verdict {
        let Some(unit) = self.units.get_mut(slot) else { return verdict };
        let policy = unit.job.options.on_missed;
        let more = unit.more();
        let wall = &mut more.wall;
        let more_due = wall.next.is_some_and(|next| next <= core.now.wall);
        more.reason = more_due.then_some(reason);
        // Between these and newer ones that are due lie some that have had their turn.
        if !due.is_whole() || (more_due && policy != Missed::All(None)) {
            verdict = Verdict { run: 0, missed: due.count(), overdue: true };
        }
        if let Some(after) = after.filter(|_| verdict.run > 0) {
            let missed = (verdict.missed > 0).then(|| due.tick(verdict.run, &core.now).scheduled_at);
            wall.done.note(missed.unwrap_or(after), due.tick(0, &core.now).scheduled_at);
        }
        verdict
    }

    /// Takes what is due by the wall clock, or since a downtime, and was not seen yet.
    pub(super) fn take_unseen(&mut self, core: &mut Core, slot: u32) {
        let Some(unit) = self.units.get(slot) else { return };
        let Some(more) = &unit.more else { return };
        let down = more.reason == Some(MissReason::Downtime) && unit.next <= core.now.moment;
        if down || more.wall.next.is_some_and(|next| next <= core.now.wall) {
            core.disarm();
            self.tick_because(core, slot, Some(MissReason::ClockStepped));
        }
    }

    /// Arms the tick after those that are due; a shifted schedule waits for the run to end.
    fn rearm(&mut self, core: &mut Core, slot: u32, due: &Due) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        match due {
            Due::Every { .. } if unit.is_shifted() => {
                unit.next = Moment::NEVER;
                // Should nobody see the end of its run, it counts from here.
                let next = unit.timetable().following(core.now.wall);
                core.remember(unit.entry(), None, next);
            }
            Due::Every { last, period, .. } => {
                let next = *last + *period;
                self.set_next(core, slot, next);
            }
            Due::OnWall(due) => self.arm_known(core, slot, due.at(0), due.next()),
        }
    }

    /// Arms the tick after `last`, which was found with those that are due.
    pub(super) fn arm_known(&mut self, core: &mut Core, slot: u32, last: SystemTime, next: Option<SystemTime>) {
        self.arm_wall_after(
            core,
            slot,
            last,
            |timetable, after| {
                if after == last { next } else { timetable.following(after) }
            },
        );
    }

    /// In shifted mode a tick from which no run comes arms the next one itself.
    pub(super) fn after_nothing(&mut self, core: &mut Core, slot: u32) {
        let Some(unit) = self.units.get(slot) else { return };
        if unit.is_shifted()
            && unit.next == Moment::NEVER
            && unit.active == 0
            && unit.undecided() == 0
            && !core.is_halted(unit.entry())
        {
            self.arm_after(core, slot, core.now.moment);
        }
    }

    /// A single tick, which may wait for its jitter and splay.
    fn one(&mut self, core: &mut Core, slot: u32, tick: Tick, overdue: bool) {
        let Some(unit) = self.units.get(slot) else { return };
        let options = &unit.job.options;
        let at_once = overdue || (options.jitter.is_zero() && options.splay.is_zero()) || core.is_quiet(unit.entry());
        let delay = if at_once { Duration::ZERO } else { self.delay(unit, tick, core.chance()) };
        let Some(run) = self.occasion(core, slot, Trigger::Schedule, tick, delay, Keep::Nothing) else { return };
        let at = run.ready;
        if at <= core.now.moment {
            return self.propose(core, slot, run);
        }
        if let Some(unit) = self.units.get_mut(slot) {
            unit.more().delayed.push((at, run));
            core.arm(Alarm::new(at, Topic::Waiting, slot, unit.stamp));
        }
    }

    /// A catch-up of several ticks, one after another, the oldest first. To another that is under way they are ticks
    /// that come due while a run is on: they come after it where the policy lets them start or wait.
    pub(super) fn chain(&mut self, core: &mut Core, slot: u32, ticks: Vec<Tick>) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        let policy = unit.job.options.overlap(unit.job.state.is_some());
        let more = unit.more();
        let under_way = more.chain_run.is_some();
        let taken_in = match policy {
            Overlap::Run => true,
            Overlap::Queue => more.waiting.is_none(),
            Overlap::Ignore | Overlap::StopPrevious => false,
        };
        if under_way && !taken_in {
            return ticks.into_iter().for_each(|tick| self.one(core, slot, tick, true));
        }
        more.chain.extend(ticks);
        if !under_way {
            self.next_in_chain(core, slot);
        }
    }

    /// Goes on with a catch-up: in a loop, because any number of its ticks may be declined at once.
    pub(super) fn next_in_chain(&mut self, core: &mut Core, slot: u32) {
        let Some(more) = self.units.get_mut(slot).and_then(|unit| unit.more.as_mut()) else { return };
        more.chain_run = None;
        if std::mem::replace(&mut more.chain_moves, true) {
            return;
        }
        while let Some(run) = self.take_from_chain(core, slot) {
            if let Some(unit) = self.units.get_mut(slot) {
                unit.more().chain_run = Some(run.id);
            }
            self.propose(core, slot, Arc::clone(&run));
            if self.units.get(slot).is_some_and(|unit| unit.is_in_chain(&run)) {
                break;
            }
        }
        if let Some(unit) = self.units.get_mut(slot) {
            let more = unit.more();
            more.chain_moves = false;
            if more.chain_run.is_none() {
                more.chain_stage = ChainStage::Before;
            }
        }
    }

    fn take_from_chain(&mut self, core: &mut Core, slot: u32) -> Option<Arc<Run>> {
        let tick = self.units.get_mut(slot)?.more.as_mut()?.chain.pop_front()?;
        self.occasion(core, slot, Trigger::Schedule, tick, Duration::ZERO, Keep::Nothing)
    }

    /// Gives up the rest of a catch-up for a newer tick.
    pub(super) fn supersede_chain(&mut self, core: &mut Core, slot: u32, running: Option<RunId>) {
        let more = self.units.get_mut(slot).and_then(|unit| unit.more.as_mut());
        if let Some(more) = more
            && let Some(place) = more.guard_queue.iter().position(|queued| more.chain_run == Some(queued.id))
            && let Some(run) = more.guard_queue.remove(place)
        {
            more.chain_run = None;
            more.chain_stage = ChainStage::Before;
            core.skip(&run, SkipReason::Superseded, running);
        }
        while let Some(run) = self.take_from_chain(core, slot) {
            core.skip(&run, SkipReason::Superseded, running);
        }
    }

    /// Something of a unit has waited long enough.
    pub(crate) fn waited(&mut self, core: &mut Core, slot: u32, alarm: Moment) {
        let now = core.now.moment;
        let Some(more) = self.units.get_mut(slot).and_then(|unit| unit.more.as_mut()) else { return };
        let (mut ready, later): (Vec<_>, Vec<_>) = more.delayed.drain(..).partition(|(at, _)| *at <= now);
        more.delayed = later;
        ready.sort_by_key(|(at, run)| (*at, run.id));
        // The alarm may be that of an earlier one.
        self.expire(core, slot, alarm);
        for (_, run) in ready {
            self.propose(core, slot, run);
        }
    }
}

/// What made ticks due: that the program was not there, then what was seen, then what was known before.
fn cause(known: Option<MissReason>, seen: Option<MissReason>) -> MissReason {
    let down = known.filter(|known| *known == MissReason::Downtime);
    down.or(seen).or(known).unwrap_or(MissReason::Stalled)
}

/// Tells which of the due ticks are lost.
fn write_off(core: &mut Core, entry: u32, due: &Due, verdict: Verdict, reason: MissReason) {
    let oldest = due.tick(due.count() - 1, &core.now).scheduled_at;
    let last = due.tick(verdict.run, &core.now).scheduled_at;
    core.miss_span(entry, reason, verdict.missed, oldest, last);
}
