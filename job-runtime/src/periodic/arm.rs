//! The next tick of a unit: armed, given up, and shown.

use std::time::{Duration, SystemTime};

use super::book::Periodics;
use crate::clock::Moment;
use crate::engine::supervisor::Core;
use crate::engine::timers::{Alarm, Topic};
use crate::outcome::MissReason;
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
                let done = unit.more.as_ref().and_then(|more| more.last_wall);
                let after = done.map_or(core.now.wall, |done| done.max(core.now.wall));
                let next = unit.timetable().next_wall(after);
                self.set_next_wall(core, slot, next);
            }
        }
    }

    pub(super) fn set_next(&mut self, core: &mut Core, slot: u32, at: Moment) {
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
        let before = std::mem::replace(&mut unit.more().next_wall, next);
        if before.is_some() != next.is_some() {
            core.follow_wall(next.is_some());
        }
        match next {
            Some(next) => self.set_next(core, slot, core.now.moment_at(next)),
            None => unit.next = Moment::NEVER,
        }
    }

    /// Gives up the armed tick.
    pub(crate) fn disarm(&mut self, core: &mut Core, slot: u32) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        if std::mem::replace(&mut unit.next, Moment::NEVER) != Moment::NEVER {
            core.disarm();
        }
        if unit.more.as_mut().is_some_and(|more| more.next_wall.take().is_some()) {
            core.follow_wall(false);
        }
    }

    /// The wall clock was stepped: what follows it is armed anew, and what became due by it is handled.
    pub(crate) fn follow_step(&mut self, core: &mut Core) {
        for slot in self.units.keys() {
            let Some(next) = self.units.get(slot).and_then(|unit| unit.more.as_ref()?.next_wall) else { continue };
            core.disarm();
            if next <= core.now.wall {
                self.tick_because(core, slot, MissReason::ClockStepped);
            } else {
                // Asked anew: after a step back, times that were never done come again.
                self.arm_after(core, slot, core.now.moment);
            }
        }
    }

    /// The next ticks of a unit, at most `count`.
    pub(crate) fn upcoming(&self, core: &Core, slot: u32, count: usize) -> Vec<SystemTime> {
        let Some(unit) = self.units.get(slot) else { return Vec::new() };
        if unit.next == Moment::NEVER {
            return Vec::new();
        }
        let first = unit.more.as_ref().and_then(|more| more.next_wall).unwrap_or_else(|| core.now.wall_at(unit.next));
        let count = if unit.is_shifted() { count.min(1) } else { count };
        std::iter::successors(Some(first), |last| unit.timetable().following(*last)).take(count).collect()
    }

    /// Whether the armed tick should have been handled long ago.
    pub(crate) fn is_overdue(&self, core: &Core, slot: u32) -> bool {
        let Some(unit) = self.units.get(slot).filter(|unit| unit.next != Moment::NEVER) else { return false };
        let period = unit.timetable().period_after(core.now.wall_at(unit.next));
        core.now.moment.since(unit.next) > period.unwrap_or_default().max(Duration::from_secs(60))
    }
}
