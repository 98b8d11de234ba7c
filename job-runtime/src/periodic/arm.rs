//! The next tick of a unit: armed, given up, and shown.

use std::time::{Duration, SystemTime};

use super::book::Periodics;
use crate::clock::{Moment, later};
use crate::engine::instances::Instance;
use crate::engine::supervisor::Core;
use crate::engine::timers::{Alarm, Topic};
use crate::job::Run;
use crate::outcome::MissReason;
use crate::policy::missed;
use crate::schedule::Timetable;

impl Periodics {
    /// Arms the first tick of a new unit.
    pub(crate) fn arm_first(&mut self, core: &mut Core, slot: u32) {
        let Some(unit) = self.units.get(slot) else { return };
        let now = core.now.moment;
        match (unit.job.options.initial_delay, unit.timetable()) {
            (Some(delay), Timetable::Every(_)) => self.set_next(core, slot, now + delay),
            _ => self.arm_after(core, slot, now),
        }
    }

    /// Arms the tick one period after `from`, or the next one on the wall clock.
    pub(crate) fn arm_after(&mut self, core: &mut Core, slot: u32, from: Moment) {
        let Some(unit) = self.units.get(slot) else { return };
        match unit.timetable() {
            Timetable::Every(period) => {
                let next = from + *period;
                self.set_next(core, slot, next);
            }
            Timetable::Aligned(_) | Timetable::Calendar(_) | Timetable::Rule(_) => {
                self.arm_wall_after(core, slot, core.now.wall, Timetable::next_wall);
            }
        }
    }

    /// Arms the first tick on the wall clock after `after` that has not had its turn.
    pub(super) fn arm_wall_after(
        &mut self,
        core: &mut Core,
        slot: u32,
        after: SystemTime,
        next_after: impl Fn(&Timetable, SystemTime) -> Option<SystemTime>,
    ) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        let next_after = |after| next_after(unit.timetable(), after);
        let (after, next) = match &unit.more {
            Some(more) => more.wall.done.next(after, next_after),
            None => (after, next_after(after)),
        };
        unit.more().wall.after = Some(after);
        self.set_next_wall(core, slot, next);
    }

    /// Arms a tick on the monotonic clock.
    pub(super) fn set_next(&mut self, core: &mut Core, slot: u32, at: Moment) {
        self.set_alarm(core, slot, at);
        self.remember_next(core, slot);
    }

    /// Remembers the armed tick of equal periods, by what the wall clock will show.
    fn remember_next(&self, core: &mut Core, slot: u32) {
        let armed = self.units.get(slot).filter(|unit| core.remembers() && unit.next != Moment::NEVER);
        if let Some(unit) = armed
            && let Timetable::Every(_) = unit.timetable()
        {
            core.remember(unit.entry(), None, Some(core.now.wall_at(unit.next)));
        }
    }

    fn set_alarm(&mut self, core: &mut Core, slot: u32, at: Moment) {
        if core.manual || core.is_closing() {
            return;
        }
        let Some(unit) = self.units.get_mut(slot) else { return };
        if !unit.is_leaving() {
            unit.next = at;
            core.arm(Alarm::new(at, Topic::Tick, slot, unit.stamp));
        }
    }

    pub(super) fn set_next_wall(&mut self, core: &mut Core, slot: u32, next: Option<SystemTime>) {
        if core.manual || core.is_closing() {
            return;
        }
        let Some(unit) = self.units.get_mut(slot) else { return };
        let follows = next.is_some() || unit.timetable().ever();
        unit.more().wall.next = next;
        if std::mem::replace(&mut unit.more().wall.follows, follows) != follows {
            core.follow_wall(follows);
        }
        core.remember(unit.entry(), None, next);
        match next {
            Some(next) => self.set_alarm(core, slot, core.now.moment_at(next)),
            None => unit.next = Moment::NEVER,
        }
    }

    /// Gives up the armed tick.
    pub(crate) fn disarm(&mut self, core: &mut Core, slot: u32) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        if std::mem::replace(&mut unit.next, Moment::NEVER) != Moment::NEVER {
            core.disarm();
        }
        let Some(more) = &mut unit.more else { return };
        more.reason = None;
        more.wall.next = None;
        if std::mem::take(&mut more.wall.follows) {
            core.follow_wall(false);
        }
    }

    /// The wall clock was stepped: what follows it is armed anew, and what became due by it is handled.
    pub(crate) fn follow_step(&mut self, core: &mut Core, reason: MissReason) {
        for slot in self.units.keys() {
            self.remember_next(core, slot);
            let Some(more) = self.units.get(slot).and_then(|unit| unit.more.as_ref()) else { continue };
            let (follows, next) = (more.wall.follows, more.wall.next);
            if next.is_some() {
                core.disarm();
            }
            if next.is_some_and(|next| next <= core.now.wall) {
                self.settle_delayed(core, slot, reason, true);
                self.tick_because(core, slot, Some(reason));
            } else if follows {
                // Asked anew: after a step back, times that were never done come again.
                self.forget_reason(slot);
                self.arm_after(core, slot, core.now.moment);
                self.settle_delayed(core, slot, reason, false);
            }
        }
    }

    /// What had made ticks due that are not due any more.
    fn forget_reason(&mut self, slot: u32) {
        if let Some(more) = self.units.get_mut(slot).and_then(|unit| unit.more.as_mut()) {
            more.reason = None;
        }
    }

    /// Ticks whose jitter or splay is over by the wall clock: they start now, or are among those that a newer one
    /// stands for.
    fn settle_delayed(&mut self, core: &mut Core, slot: u32, reason: MissReason, newer: bool) {
        let now = core.now;
        let Some(unit) = self.units.get_mut(slot) else { return };
        let policy = unit.job.options.on_missed;
        let Some(more) = &mut unit.more else { return };
        let over = |run: &Run| later(run.scheduled_at, run.ready.since(run.nominal)) <= now.wall;
        let (over, delayed): (Vec<_>, Vec<_>) = more.delayed.drain(..).partition(|(_, run)| over(run));
        more.delayed = delayed;
        for (_, run) in over {
            let late = now.wall.duration_since(run.scheduled_at).unwrap_or_default();
            core.disarm();
            if missed::stands_back(policy, newer, late) {
                core.miss(&run, reason);
                self.declined(core, slot, &run);
            } else {
                self.propose(core, slot, run);
            }
        }
    }

    /// The next ticks of a unit, at most `count`.
    pub(crate) fn upcoming(&self, core: &Core, slot: u32, count: usize) -> Vec<SystemTime> {
        let Some(unit) = self.units.get(slot) else { return Vec::new() };
        let armed = (unit.next != Moment::NEVER).then(|| core.now.wall_at(unit.next));
        let Some(first) = unit.more.as_ref().and_then(|more| more.wall.next).or(armed) else { return Vec::new() };
        let count = if unit.is_shifted() { count.min(1) } else { count };
        let following = |tick| unit.timetable().following(tick);
        let after = |tick: &SystemTime| match &unit.more {
            Some(more) => more.wall.done.next(*tick, following).1,
            None => following(*tick),
        };
        std::iter::successors(Some(first), after).take(count).collect()
    }

    /// Whether the armed tick should have been handled long ago.
    pub(crate) fn is_overdue(&self, core: &Core, slot: u32) -> bool {
        let Some(unit) = self.units.get(slot).filter(|unit| unit.next != Moment::NEVER) else { return false };
        let period = unit.timetable().period_after(core.now.wall_at(unit.next));
        core.now.moment.since(unit.next) > period.unwrap_or_default().max(Duration::from_secs(60))
    }
}
