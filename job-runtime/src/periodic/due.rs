//! The ticks of a schedule that are due, found without walking through them where periods are equal.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use super::unit::{Tick, Unit};
use crate::clock::{Moment, Now, earlier, later};
use crate::policy::missed::{self, Missed};
use crate::schedule::{Calendar, Timetable, span};

/// How many overdue ticks of a rule are looked at one by one.
const WALK: u64 = 100_000;
/// How many of a calendar are, before they are counted.
const FEW: u64 = 64;

/// The ticks that are due, the newest of them by distance from the end.
pub(super) enum Due {
    Every {
        count: u64,
        last: Moment,
        period: Duration,
    },
    Aligned {
        count: u64,
        last: SystemTime,
        period: Duration,
    },
    /// Ticks at any distance: the first, the newest that are asked for, the oldest of them first, and the one to come.
    Listed {
        count: u64,
        first: SystemTime,
        newest: VecDeque<SystemTime>,
        next: Option<SystemTime>,
        steps: u64,
    },
    /// The oldest ticks of a rule, after which more are due than can run.
    Oldest {
        count: u64,
        first: SystemTime,
        last: SystemTime,
        next: SystemTime,
    },
}

impl Due {
    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Every { count, .. }
            | Self::Aligned { count, .. }
            | Self::Listed { count, .. }
            | Self::Oldest { count, .. } => *count,
        }
    }

    /// How many steps were taken to find them.
    pub(super) fn steps(&self) -> usize {
        match self {
            Self::Every { .. } | Self::Aligned { .. } => 0,
            Self::Listed { steps, .. } | Self::Oldest { count: steps, .. } => {
                usize::try_from(*steps).unwrap_or(usize::MAX)
            }
        }
    }

    /// Whether all that is due was found.
    fn is_whole(&self, until: SystemTime) -> bool {
        match self {
            Self::Every { .. } | Self::Aligned { .. } => true,
            Self::Listed { next, .. } => next.is_none_or(|next| next > until),
            Self::Oldest { .. } => false,
        }
    }

    /// The tick that is `back` before the newest: the first, or one of those that were asked for.
    pub(super) fn tick(&self, back: u64, now: &Now) -> Tick {
        match self {
            Self::Every { last, period, .. } => {
                let nominal = last.before(*period, back);
                Tick { nominal, scheduled_at: now.wall_at(nominal) }
            }
            Self::Aligned { last, period, .. } => on_wall(earlier(*last, times(*period, back)), now),
            Self::Listed { first, newest, .. } => {
                let index = usize::try_from(back).ok().and_then(|back| newest.len().checked_sub(back + 1));
                on_wall(index.and_then(|index| newest.get(index)).copied().unwrap_or(*first), now)
            }
            Self::Oldest { last, .. } if back == 0 => on_wall(*last, now),
            Self::Oldest { first, .. } => on_wall(*first, now),
        }
    }
}

fn on_wall(scheduled_at: SystemTime, now: &Now) -> Tick {
    Tick { nominal: now.moment_at(scheduled_at), scheduled_at }
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
        Timetable::Aligned(period) => {
            let (first, until) = wall_span(unit, now)?;
            let since = until.duration_since(first).ok()?;
            let further = u64::try_from(since.as_nanos().checked_div(period.as_nanos())?).ok()?;
            Some(Due::Aligned { count: further + 1, last: later(first, times(*period, further)), period: *period })
        }
        timetable @ Timetable::Rule(_) => {
            let (first, until) = wall_span(unit, now)?;
            Some(walk(timetable, first, until, missed::most(policy) + 1, WALK))
        }
        timetable @ Timetable::Calendar(calendar) => {
            let ((first, until), newest) = (wall_span(unit, now)?, missed::most(policy) + 1);
            let due = walk(timetable, first, until, newest, FEW);
            if due.is_whole(until) { Some(due) } else { Some(counted(calendar, first, until, newest)) }
        }
    }
}

/// The first tick that is due on the wall clock, and until when those after it have not had their turn before.
fn wall_span(unit: &Unit, now: &Now) -> Option<(SystemTime, SystemTime)> {
    let more = unit.more.as_ref()?;
    let first = more.wall.next.filter(|first| *first <= now.wall)?;
    Some((first, more.wall.done.from(first).map_or(now.wall, |done| done.min(now.wall))))
}

/// So many periods.
fn times(period: Duration, count: u64) -> Duration {
    let nanos = period.as_nanos().saturating_mul(u128::from(count));
    u64::try_from(nanos).map_or(Duration::MAX, Duration::from_nanos)
}

/// Goes from tick to tick: over `most`, and over the `newest` after them, in case these are all.
fn walk(timetable: &Timetable, first: SystemTime, until: SystemTime, newest: u64, most: u64) -> Due {
    let (mut count, mut list, mut next) = (1, VecDeque::from([first]), timetable.following(first));
    while let Some(time) = next.filter(|time| *time <= until) {
        if count == most + newest {
            return oldest(first, list, most);
        }
        count += 1;
        list.push_back(time);
        if u64::try_from(list.len()).is_ok_and(|length| length > newest + 1) {
            list.pop_front();
        }
        next = timetable.following(time);
    }
    Due::Listed { count, first, newest: list, next, steps: count }
}

/// The ticks that surely do not run: all but the newest of those that were found, which come next.
fn oldest(first: SystemTime, mut newest: VecDeque<SystemTime>, count: u64) -> Due {
    let last = newest.pop_front().unwrap_or(first);
    let next = newest.pop_front().unwrap_or(first);
    Due::Oldest { count, first, last, next }
}

/// Counts the ticks, so that it does not matter how many they are.
fn counted(calendar: &Calendar, first: SystemTime, until: SystemTime, newest: u64) -> Due {
    let (further, list) = calendar.tally(first, until, newest);
    let steps = FEW + u64::try_from(list.len()).unwrap_or(u64::MAX);
    Due::Listed { count: further + 1, first, newest: list.into(), next: calendar.next(until), steps }
}
