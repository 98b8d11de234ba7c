//! Arithmetic on equal periods: what is due, without stepping through it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::clock::{Moment, later, nanos};

/// The ticks that are due: how many, the first and the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span<T> {
    pub(crate) count: u64,
    pub(crate) first: T,
    pub(crate) last: T,
}

/// The ticks `next, next + period, …` that are not later than `now`.
pub(crate) fn span(next: Moment, period: Duration, now: Moment) -> Option<Span<Moment>> {
    if next > now {
        return None;
    }
    let further = nanos(now.since(next)).checked_div(nanos(period)).unwrap_or(0);
    Some(Span { count: further + 1, first: next, last: next.after(period, further) })
}

/// The same on the wall clock.
pub(crate) fn span_on_wall(next: SystemTime, period: Duration, now: SystemTime) -> Option<Span<SystemTime>> {
    let since = now.duration_since(next).ok()?;
    let further = since.as_nanos().checked_div(period.as_nanos()).unwrap_or(0);
    let further = u64::try_from(further).unwrap_or(u64::MAX);
    Some(Span { count: further.saturating_add(1), first: next, last: later(next, times(period, further)) })
}

/// So many periods.
pub(crate) fn times(period: Duration, count: u64) -> Duration {
    length(period.as_nanos().saturating_mul(u128::from(count))).unwrap_or(Duration::MAX)
}

fn length(nanos: u128) -> Option<Duration> {
    let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
    let rest = u32::try_from(nanos % 1_000_000_000).ok()?;
    Some(Duration::new(seconds, rest))
}

/// The first multiple of `period` since the epoch that is strictly after `after`.
pub(crate) fn aligned_next(after: SystemTime, period: Duration) -> Option<SystemTime> {
    let Ok(since) = after.duration_since(UNIX_EPOCH) else { return Some(UNIX_EPOCH) };
    let period = period.as_nanos();
    let next = (since.as_nanos().checked_div(period)? + 1).checked_mul(period)?;
    UNIX_EPOCH.checked_add(length(next)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_span_is_counted_not_walked() {
        let start = Clock::real().moment();
        assert_eq!(span(start + SECOND, SECOND, start), None);
        let year = 31_557_600;
        let found = span(start + SECOND, SECOND, start.after(SECOND, year) + SECOND / 2);
        let last = start.after(SECOND, year);
        assert_eq!(found, Some(Span { count: year, first: start + SECOND, last }));
    }

    #[test]
    fn a_span_on_the_wall_is_counted_not_walked() {
        assert_eq!(span_on_wall(UNIX_EPOCH + SECOND, SECOND, UNIX_EPOCH), None);
        let span = |count, last| Some(Span { count, first: UNIX_EPOCH, last });
        for (now, expected) in [
            (UNIX_EPOCH, span(1, UNIX_EPOCH)),
            (UNIX_EPOCH + SECOND / 2, span(1, UNIX_EPOCH)),
            (UNIX_EPOCH + SECOND, span(2, UNIX_EPOCH + SECOND)),
            (UNIX_EPOCH + times(SECOND, 1 << 40), span((1 << 40) + 1, UNIX_EPOCH + times(SECOND, 1 << 40))),
        ] {
            assert_eq!(span_on_wall(UNIX_EPOCH, SECOND, now), expected, "{now:?}");
        }
    }

    #[test]
    fn aligned_is_strictly_after() {
        let noon = UNIX_EPOCH + SECOND * 43_200;
        assert_eq!(aligned_next(noon, SECOND * 600), Some(noon + SECOND * 600));
        assert_eq!(aligned_next(noon - SECOND, SECOND * 600), Some(noon));
        assert_eq!(aligned_next(UNIX_EPOCH - SECOND, SECOND), Some(UNIX_EPOCH));
    }
}
