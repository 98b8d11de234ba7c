//! The ticks of a schedule that are due, by the clock that it follows.

use std::time::Duration;

use super::unit::{Tick, Unit};
use crate::clock::{Moment, Now};
use crate::policy::missed::{self, Missed};
use crate::schedule::{self, Timetable, span};

/// The ticks that are due, the newest of them by distance from the end.
pub(super) enum Due {
    /// By the monotonic clock.
    Every { count: u64, last: Moment, period: Duration },
    /// By the wall clock.
    OnWall(schedule::Due),
}

impl Due {
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Every { count, .. } => *count,
            Self::OnWall(due) => due.count(),
        }
    }

    /// How many steps were taken to find them.
    pub(super) fn steps(&self) -> usize {
        match self {
            Self::Every { .. } => 0,
            Self::OnWall(due) => usize::try_from(due.steps()).unwrap_or(usize::MAX),
        }
    }

    /// Whether they are all that is due.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Self::Every { .. } => true,
            Self::OnWall(due) => due.is_whole(),
        }
    }

    /// The tick that is `back` before the newest: the first, or one of those that may run, or the newest that does not.
    pub(super) fn tick(&self, back: u64, now: &Now) -> Tick {
        match self {
            Self::Every { last, period, .. } => {
                let nominal = last.before(*period, back);
                Tick { nominal, scheduled_at: now.wall_at(nominal) }
            }
            Self::OnWall(due) => {
                let scheduled_at = due.at(back);
                Tick { nominal: now.moment_at(scheduled_at), scheduled_at }
            }
        }
    }
}

/// The ticks of a unit that are due now; `None` when the armed one is not due by its own clock. Of ticks at any
/// distance, those that may run are listed, and the newest that does not.
pub(super) fn take_due(unit: &Unit, now: &Now, policy: Missed) -> Option<Due> {
    let next = unit.next;
    match unit.timetable() {
        Timetable::Every(_) if unit.is_shifted() => {
            (next <= now.moment).then_some(Due::Every { count: 1, last: next, period: Duration::ZERO })
        }
        Timetable::Every(period) => {
            let span = span(next, *period, now.moment)?;
            Some(Due::Every { count: span.count, last: span.last, period: *period })
        }
        timetable @ (Timetable::Aligned(_) | Timetable::Calendar(_) | Timetable::Rule(_)) => {
            let wall = &unit.more.as_ref()?.wall;
            let first = wall.next.filter(|first| *first <= now.wall)?;
            // Those after these have had their turn before.
            let until = wall.done.from(first).map_or(now.wall, |done| done.min(now.wall));
            schedule::Due::from(timetable, first, until, missed::most(policy) + 1).map(Due::OnWall)
        }
    }
}
