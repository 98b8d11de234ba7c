//! The ticks of a schedule that are due, found without walking through them where periods are equal.

use std::time::{Duration, SystemTime};

use super::unit::{Tick, Unit};
use crate::clock::{Moment, Now, earlier, later};
use crate::schedule::{Timetable, span};

/// How many overdue ticks of a schedule without equal periods are looked at one by one.
const WALK: usize = 100_000;

/// The ticks that are due, the newest of them by distance from the end.
pub(super) enum Due {
    Every { count: u64, last: Moment, period: Duration },
    Aligned { count: u64, last: SystemTime, period: Duration },
    Calendar { times: Vec<SystemTime>, next: Option<SystemTime> },
}

impl Due {
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Every { count, .. } | Self::Aligned { count, .. } => *count,
            Self::Calendar { times, .. } => u64::try_from(times.len()).unwrap_or(u64::MAX),
        }
    }

    /// How many steps were taken to find them.
    pub(super) fn steps(&self) -> usize {
        match self {
            Self::Every { .. } | Self::Aligned { .. } => 0,
            Self::Calendar { times, .. } => times.len(),
        }
    }

    /// The tick that is `back` before the newest.
    pub(super) fn tick(&self, back: u64, now: &Now) -> Tick {
        match self {
            Self::Every { last, period, .. } => {
                let nominal = last.before(*period, back);
                Tick { nominal, scheduled_at: now.wall_at(nominal) }
            }
            Self::Aligned { last, period, .. } => {
                let back = u32::try_from(back).map_or(Duration::MAX, |back| period.saturating_mul(back));
                on_wall(earlier(*last, back), now)
            }
            Self::Calendar { times, .. } => {
                let index = usize::try_from(self.count().saturating_sub(back + 1)).unwrap_or(0);
                on_wall(times.get(index).copied().unwrap_or(now.wall), now)
            }
        }
    }
}

fn on_wall(scheduled_at: SystemTime, now: &Now) -> Tick {
    Tick { nominal: now.moment_at(scheduled_at), scheduled_at }
}

/// The ticks of a unit that are due now; `None` when the armed one is not due by its own clock.
pub(super) fn take_due(unit: &mut Unit, now: &Now) -> Option<Due> {
    let next_wall = unit.more.as_ref().and_then(|more| more.next_wall);
    let next = unit.next;
    match unit.timetable() {
        Timetable::Every(_) if unit.is_shifted() => {
            (next <= now.moment).then_some(Due::Every { count: 1, last: next, period: Duration::ZERO })
        }
        Timetable::Every(period) => {
            let span = span(next, *period, now.moment)?;
            Some(Due::Every { count: span.count, last: span.last, period: *period })
        }
        Timetable::Aligned(period) => {
            let first = next_wall.filter(|first| *first <= now.wall)?;
            let since = now.wall.duration_since(first).ok()?;
            let further = u32::try_from(since.as_nanos().checked_div(period.as_nanos())?).unwrap_or(u32::MAX);
            let last = later(first, period.saturating_mul(further));
            Some(Due::Aligned { count: u64::from(further) + 1, last, period: *period })
        }
        timetable @ Timetable::Calendar(_) => {
            let first = next_wall.filter(|first| *first <= now.wall)?;
            let (mut times, mut next) = (vec![first], timetable.following(first));
            while let Some(time) = next.filter(|time| *time <= now.wall && times.len() < WALK) {
                times.push(time);
                next = timetable.following(time);
            }
            Some(Due::Calendar { times, next })
        }
    }
}
