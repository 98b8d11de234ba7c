//! From what PostgreSQL gives to what it means, and back.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use super::fault::fault;
use crate::clock::{FAR, earlier, later};
use crate::durable::store::Fault;

/// A column of a row, by its place.
pub(super) fn at<'r, T: FromSql<'r>>(row: &'r Row, place: usize) -> Result<T, Fault> {
    row.try_get(place).map_err(|error| fault(&error))
}

pub(super) fn text(row: &Row, place: usize) -> Result<Arc<str>, Fault> {
    Ok(at::<&str>(row, place)?.into())
}

/// JSON as the text that it was written in.
pub(super) struct Json<'a>(pub(super) &'a str);

impl<'a> FromSql<'a> for Json<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(std::str::from_utf8(raw)?))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSON
    }
}

/// A count, which is never below zero.
pub(super) fn count(row: &Row, place: usize) -> Result<u32, Fault> {
    Ok(u32::try_from(at::<i32>(row, place)?).unwrap_or_default())
}

/// A count as the tables have it.
pub(super) fn integer(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// As far as a delay goes: two hundred years.
const LONGEST: Duration = Duration::from_secs(200 * 31_557_600);

/// Microseconds, as far as a delay goes.
pub(super) fn micros(length: Duration) -> i64 {
    i64::try_from(length.min(LONGEST).as_micros()).unwrap_or(i64::MAX)
}

/// Microseconds since 1970.
pub(super) fn since_epoch(time: SystemTime) -> i64 {
    let after = time.duration_since(SystemTime::UNIX_EPOCH);
    let bounded = |length: Duration| i64::try_from(length.as_micros()).unwrap_or(i64::MAX).min(micros_of(FAR));
    match after {
        Ok(after) => bounded(after),
        Err(before) => -bounded(before.duration()),
    }
}

/// The time so many microseconds after 1970.
pub(super) fn time(micros: i64) -> SystemTime {
    let length = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 { earlier(SystemTime::UNIX_EPOCH, length) } else { later(SystemTime::UNIX_EPOCH, length) }
}

/// A time as PostgreSQL keeps it: in whole microseconds, and not beyond its calendar.
pub(super) fn kept(time_of: SystemTime) -> SystemTime {
    time(since_epoch(time_of))
}

fn micros_of(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}

/// A text without the one letter that PostgreSQL has no place for.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn times_are_kept_to_the_microsecond_and_within_the_calendar() {
        let epoch = SystemTime::UNIX_EPOCH;
        assert_eq!(kept(epoch + Duration::from_nanos(1_999)), epoch + Duration::from_micros(1));
        assert_eq!(kept(epoch - Duration::from_secs(5)), epoch - Duration::from_secs(5));
        assert_eq!(kept(epoch + FAR * 10), epoch + FAR);
        assert_eq!(micros(Duration::MAX), 200 * 31_557_600 * 1_000_000);
    }

    #[test]
    fn a_text_loses_no_letter_but_one() {
        assert_eq!((clean("a\0b"), clean("äß")), ("a\u{fffd}b".into(), "äß".into()));
    }
}
