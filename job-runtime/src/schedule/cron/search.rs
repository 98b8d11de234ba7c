//! The next civil time that an expression means, found field by field.

use jiff::civil::{Date, DateTime, Time};

use super::grammar::Expression;

impl Expression {
    /// The first meant time at or after `start`, to the second; `None` after the year 9999.
    pub(super) fn at_or_after(&self, start: DateTime) -> Option<DateTime> {
        let date = start.date();
        if self.days_from(date) & 1 << date.day() != 0
            && let Some(time) = self.time_from(start.time())
        {
            return Some(date.to_datetime(time));
        }
        let first = self.time_from(Time::midnight())?;
        Some(self.date_after(date)?.to_datetime(first))
    }

    /// The first meant time of a day at or after `start`.
    fn time_from(&self, start: Time) -> Option<Time> {
        let [hour, minute, second] = [start.hour(), start.minute(), start.second()].map(i8::unsigned_abs);
        let hours = u64::from(self.hours);
        let later = |hour| Some((hour, lowest(self.minutes, 0)?, lowest(self.seconds, 0)?));
        let within_minute =
            || Some((hour, minute, lowest(self.seconds, second)?)).filter(|_| self.minutes & 1 << minute != 0);
        let within_hour = || {
            let next = within_minute();
            next.or_else(|| Some((hour, lowest(self.minutes, minute + 1)?, lowest(self.seconds, 0)?)))
        };
        let today = if hours & 1 << hour == 0 { None } else { within_hour() };
        let (hour, minute, second) = today.or_else(|| later(lowest(hours, hour + 1)?))?;
        let [hour, minute, second] = [hour, minute, second].map(u8::cast_signed);
        Time::new(hour, minute, second, 0).ok()
    }

    /// The first meant day after a date.
    fn date_after(&self, date: Date) -> Option<Date> {
        let rest = self.days_from(date) & (u32::MAX << date.day()) << 1;
        if rest != 0 {
            return on(date, rest);
        }
        let (mut year, mut month) = (date.year(), date.month().unsigned_abs() + 1);
        loop {
            let Some(next) = lowest(u64::from(self.months), month) else {
                (year, month) = (year + 1, 1);
                continue;
            };
            // The end of the calendar ends the search: what has no day at all is refused when it is read.
            let first = Date::new(year, next.cast_signed(), 1).ok()?;
            let days = self.days_from(first);
            if days != 0 {
                return on(first, days);
            }
            month = next + 1;
        }
    }

    /// Whether any second of a minute of the day is meant.
    pub(super) fn means_minute(&self, minute: u32) -> bool {
        self.hours & 1 << (minute / 60) != 0 && self.minutes & 1 << (minute % 60) != 0
    }

    /// The meant days of the month of a date.
    pub(super) fn days_from(&self, date: Date) -> u32 {
        if self.months & 1 << date.month() == 0 {
            return 0;
        }
        let first = date.first_of_month().weekday().to_sunday_zero_offset();
        self.days.of_month(first.unsigned_abs(), date.days_in_month().unsigned_abs())
    }
}

/// The earliest of these days of the month of a date.
fn on(date: Date, days: u32) -> Option<Date> {
    let day = i8::try_from(days.trailing_zeros()).ok()?;
    Date::new(date.year(), date.month(), day).ok()
}

/// The lowest member of a set from `start` on.
fn lowest(set: u64, start: u8) -> Option<u8> {
    let rest = set & u64::MAX.checked_shl(start.into())?;
    if rest == 0 { None } else { u8::try_from(rest.trailing_zeros()).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::datetime;

    fn next(expression: &str, start: DateTime) -> DateTime {
        let expression =
            Expression::parse(expression.as_bytes()).unwrap_or_else(|error| panic!("{}", error.sentence().as_str()));
        expression.at_or_after(start).expect("there is one")
    }

    #[test]
    fn each_field_carries_into_the_next() {
        let start = datetime(2026, 12, 31, 23, 59, 59, 0);
        assert_eq!(next("* * * * * *", start), start);
        assert_eq!(next("58 * * * * *", start), datetime(2027, 1, 1, 0, 0, 58, 0));
        assert_eq!(next("59 58 * * * *", start), datetime(2027, 1, 1, 0, 58, 59, 0));
        assert_eq!(next("30 9 * * *", datetime(2026, 3, 1, 9, 30, 0, 0)), datetime(2026, 3, 1, 9, 30, 0, 0));
        assert_eq!(next("30 9 * * *", datetime(2026, 3, 1, 9, 30, 1, 0)), datetime(2026, 3, 2, 9, 30, 0, 0));
        assert_eq!(next("5,35 9-11 * * *", datetime(2026, 3, 1, 10, 36, 0, 0)), datetime(2026, 3, 1, 11, 5, 0, 0));
        assert_eq!(next("0 0 31 * *", datetime(2026, 3, 31, 0, 0, 1, 0)), datetime(2026, 5, 31, 0, 0, 0, 0));
        assert_eq!(next("0 0 29 2 +MON", datetime(2026, 1, 1, 0, 0, 0, 0)), datetime(2044, 2, 29, 0, 0, 0, 0));
        assert_eq!(next("0 0 * 2 *", datetime(2026, 2, 28, 0, 0, 1, 0)), datetime(2027, 2, 1, 0, 0, 0, 0));
    }
}
