//! How a job begins that remembers an earlier start of its program: with what was planned then.

use std::time::{Duration, SystemTime};

use super::book::Periodics;
use super::unit::Unit;
use crate::clock::{earlier, later};
use crate::engine::supervisor::{Core, Mark};
use crate::outcome::MissReason;
use crate::schedule::Timetable;

/// As much as two wall-clock times differ at least.
const INSTANT: Duration = Duration::from_nanos(1);

impl Periodics {
    /// Arms the first tick of a job that begins: the one that was planned, when that is remembered, and what came due
    /// since then is due now.
    pub(super) fn arm_begun(&mut self, core: &mut Core, slot: u32) {
        let Some(unit) = self.units.get(slot) else { return };
        let Some(mark) = core.recall(unit.entry(), unit.timetable()) else { return self.arm_first(core, slot) };
        if is_far(unit, mark.next, core.now.wall) {
            return self.arm_anew(core, slot);
        }
        match unit.timetable() {
            Timetable::Every(_) => self.arm_planned(core, slot, mark.next),
            Timetable::Aligned(_) | Timetable::Calendar(_) | Timetable::Rule(_) => self.arm_since(core, slot, &mark),
        }
    }

    /// Arms the first tick of a job that begins from now on, whatever it remembers.
    pub(super) fn arm_anew(&mut self, core: &mut Core, slot: u32) {
        let Some(unit) = self.units.get(slot) else { return };
        core.start_over(unit.entry(), unit.timetable());
        self.arm_first(core, slot);
    }

    /// Goes on with equal periods at `next`; a delay after each start is for a tick that would come later.
    fn arm_planned(&mut self, core: &mut Core, slot: u32, next: SystemTime) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        let (now, planned) = (core.now.moment, core.now.moment_at(next));
        if planned <= now {
            unit.more().reason = Some(MissReason::Downtime);
        }
        let first = unit.job.options.initial_delay.map_or(planned, |delay| planned.min(now + delay));
        self.set_next(core, slot, first);
    }

    /// Goes on with times of the wall clock after the one that had its turn last, or with the first that was planned.
    fn arm_since(&mut self, core: &mut Core, slot: u32, mark: &Mark) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        // After a step back the next may lie before the last.
        let last = mark.last.filter(|last| *last <= mark.next);
        let (after, first) = match last {
            Some(last) => (last, unit.timetable().following(last)),
            None => (earlier(mark.next, INSTANT), Some(mark.next)),
        };
        let more = unit.more();
        if let Some(last) = last {
            more.wall.done.note(earlier(last, INSTANT), last);
        }
        more.reason = first.filter(|first| *first <= core.now.wall).map(|_| MissReason::Downtime);
        self.arm_known(core, slot, after, first);
    }
}

/// Whether a planned time is so far ahead that the clock was wrong by which it was planned: by more than a period.
fn is_far(unit: &Unit, planned: SystemTime, now: SystemTime) -> bool {
    let furthest = match unit.timetable() {
        Timetable::Every(period) => {
            Some(later(now, unit.job.options.initial_delay.map_or(*period, |delay| delay.max(*period))))
        }
        timetable @ (Timetable::Aligned(_) | Timetable::Calendar(_) | Timetable::Rule(_)) => {
            let next = timetable.next_wall(now);
            next.and_then(|next| timetable.following(next)).or(next)
        }
    };
    planned > furthest.unwrap_or(now)
}
