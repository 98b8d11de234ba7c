//! Time as the file keeps it: in whole microseconds since the epoch.

use std::time::{Duration, SystemTime};

use crate::clock::{earlier, later};

/// The last microsecond that has begun: what a clock shows.
pub(super) fn micros(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => -length(before.duration()),
    }
}

/// The first microsecond that does not begin before: for what must not happen too early, and for the nominal times of
/// ticks, the next of which is sought after the one that is kept.
pub(super) fn micros_from(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => length(since),
        Err(_) => micros(time + Duration::from_nanos(999)),
    }
}

/// A length, of which a part of a microsecond counts as a whole one.
pub(super) fn length(length: Duration) -> i64 {
    i64::try_from(length.as_nanos().div_ceil(1_000)).unwrap_or(i64::MAX)
}

/// Back to what the rest of the runtime knows.
pub(super) fn time(micros: i64) -> SystemTime {
    let length = Duration::from_micros(micros.unsigned_abs());
    if micros >= 0 { later(SystemTime::UNIX_EPOCH, length) } else { earlier(SystemTime::UNIX_EPOCH, length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_read_down_and_a_time_to_come_up() {
        let at = |nanos: i64| {
            let length = Duration::from_nanos(nanos.unsigned_abs());
            if nanos >= 0 { SystemTime::UNIX_EPOCH + length } else { SystemTime::UNIX_EPOCH - length }
        };
        for (nanos, down, up) in [
            (0, 0, 0),
            (1, 0, 1),
            (999, 0, 1),
            (1_000, 1, 1),
            (1_001, 1, 2),
            (-1, -1, 0),
            (-999, -1, 0),
            (-1_000, -1, -1),
            (-1_001, -2, -1),
        ] {
            assert_eq!((micros(at(nanos)), micros_from(at(nanos))), (down, up), "{nanos} ns");
        }
    }

    #[test]
    fn whole_microseconds_come_back() {
        for kept in [0, 1, -1, 1_764_000_000_123_456, -1_764_000_000_123_456] {
            assert_eq!((micros(time(kept)), micros_from(time(kept))), (kept, kept));
        }
    }

    #[test]
    fn what_is_too_long_is_the_longest() {
        assert_eq!(length(Duration::MAX), i64::MAX);
    }
}
