//! Which days of a month an expression means, as a set of 31 bits.

/// The days of an expression: dates, days of the week, and what follows from the length of the month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Days {
    /// `1`, `10-15`: bit n is the n-th.
    pub(super) dates: u32,
    /// `L`, `L-3`: bit n is n days before the last.
    pub(super) from_last: u32,
    /// `15W`: bit n is the workday nearest the n-th.
    pub(super) workdays: u32,
    /// `LW`: the last workday.
    pub(super) last_workday: bool,
    /// `FRI`: bit n is the n-th day from Sunday.
    pub(super) weekdays: u8,
    /// `FRI#2`: for the first to the fifth of each, the days of the week.
    pub(super) nth: [u8; 5],
    /// `FRIL`
    pub(super) last_weekdays: u8,
    /// Whether a day must be meant by date and by day of the week; else either is enough.
    pub(super) both: bool,
}

/// Bit 1 and every seventh after it.
const WEEKLY: u64 = 1 << 1 | 1 << 8 | 1 << 15 | 1 << 22 | 1 << 29;

impl Days {
    pub(super) const NONE: Self = Self {
        dates: 0,
        from_last: 0,
        workdays: 0,
        last_workday: false,
        weekdays: 0,
        nth: [0; 5],
        last_weekdays: 0,
        both: true,
    };

    /// The days of a month that begins on a day of the week, 0 for Sunday, and has so many days.
    pub(super) const fn of_month(&self, first: u8, length: u8) -> u32 {
        let (dates, weekdays) = (self.by_date(first, length), self.by_weekday(first, length));
        if self.both { dates & weekdays } else { dates | weekdays }
    }

    /// Whether there is any such day at all, in any year: a year begins on one of seven days, and is a leap year or
    /// not, and each of the fourteen comes in 400 years.
    pub(super) const fn exist(&self, months: u16) -> bool {
        const LENGTHS: [u8; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let mut year = 0;
        while year < 14 {
            let (mut first, mut month, mut lengths): (u8, u8, &[u8]) = (year % 7, 1, &LENGTHS);
            while let [usual, rest @ ..] = lengths {
                let length = if month == 2 && year >= 7 { *usual + 1 } else { *usual };
                if months & 1 << month != 0 && self.of_month(first, length) != 0 {
                    return true;
                }
                (first, month, lengths) = ((first + length) % 7, month + 1, rest);
            }
            year += 1;
        }
        false
    }

    const fn by_date(&self, first: u8, length: u8) -> u32 {
        let mut days = self.dates & within(length);
        let mut back = 0;
        while back <= 30 && self.from_last != 0 {
            if self.from_last & 1 << back != 0 && back < length {
                days |= 1 << (length - back);
            }
            back += 1;
        }
        let mut date = 1;
        while date <= 31 && self.workdays != 0 {
            if self.workdays & 1 << date != 0 && date <= length {
                days |= 1 << nearest_workday(date, first, length);
            }
            date += 1;
        }
        if self.last_workday {
            days |= 1 << nearest_workday_before(length, first);
        }
        days
    }

    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "the 31 days, in a const fn")]
    const fn by_weekday(&self, first: u8, length: u8) -> u32 {
        if self.weekdays == 0b111_1111 {
            return within(length);
        }
        let mut days: u64 = 0;
        let mut weekday = 0;
        while weekday < 7 {
            let earliest = (weekday + 7 - first) % 7;
            if self.weekdays & 1 << weekday != 0 {
                days |= WEEKLY << earliest;
            }
            if self.last_weekdays & 1 << weekday != 0 {
                let fifth = earliest + 29;
                days |= 1 << if fifth <= length { fifth } else { fifth - 7 };
            }
            let (mut nth, mut date) = (&self.nth as &[u8], earliest + 1);
            while let [weekdays, rest @ ..] = nth {
                if *weekdays & 1 << weekday != 0 {
                    days |= 1 << date;
                }
                (nth, date) = (rest, date + 7);
            }
            weekday += 1;
        }
        days as u32 & within(length)
    }
}

/// The bits 1 to `length`.
const fn within(length: u8) -> u32 {
    u32::MAX >> (31 - length) & !1
}

/// The day of the week of a date, 0 for Sunday.
const fn weekday(date: u8, first: u8) -> u8 {
    (date - 1 + first) % 7
}

/// The workday nearest to a date, in the same month.
const fn nearest_workday(date: u8, first: u8, length: u8) -> u8 {
    match weekday(date, first) {
        6 if date == 1 => 3,
        6 => date - 1,
        0 if date == length => date - 2,
        0 => date + 1,
        _ => date,
    }
}

const fn nearest_workday_before(date: u8, first: u8) -> u8 {
    match weekday(date, first) {
        6 => date - 1,
        0 => date - 2,
        _ => date,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(days: Days, first: u8, length: u8) -> Vec<u8> {
        let set = days.of_month(first, length);
        (0..32).filter(|date| set & 1 << date != 0).collect()
    }

    const ALL_WEEK: u8 = 0b111_1111;

    #[test]
    fn a_month_from_a_wednesday() {
        let days = |change: fn(&mut Days)| {
            let mut days = Days { weekdays: ALL_WEEK, ..Days::NONE };
            change(&mut days);
            dates(days, 3, 30)
        };
        assert_eq!(days(|days| days.dates = 1 << 1 | 1 << 31), [1]);
        assert_eq!(days(|days| days.from_last = 0b1001), [27, 30]);
        assert_eq!(days(|days| days.workdays = 1 << 4 | 1 << 5 | 1 << 6 | 1 << 31), [3, 6]);
        assert_eq!(days(|days| days.last_workday = true), [30]);
        let weekly = |change: fn(&mut Days)| {
            let mut days = Days { dates: u32::MAX, ..Days::NONE };
            change(&mut days);
            dates(days, 3, 30)
        };
        assert_eq!(weekly(|days| days.weekdays = 1), [5, 12, 19, 26]);
        assert_eq!(weekly(|days| days.weekdays = 1 << 3), [1, 8, 15, 22, 29]);
        assert_eq!(weekly(|days| days.nth = [1, 0, 0, 0, 1 << 3 | 1]), [5, 29]);
        assert_eq!(weekly(|days| days.last_weekdays = 1 << 3 | 1 << 5), [24, 29]);
    }

    #[test]
    fn workdays_stay_in_their_month() {
        let days = Days { workdays: 1 << 1 | 1 << 28, weekdays: ALL_WEEK, last_workday: true, ..Days::NONE };
        assert_eq!(dates(days, 6, 28), [3, 28], "the first a Saturday, the last a Friday");
        assert_eq!(dates(days, 1, 28), [1, 26], "the last a Sunday");
    }

    #[test]
    fn either_or_both() {
        let days = Days { dates: 1 << 13, weekdays: 1 << 5, ..Days::NONE };
        assert_eq!(dates(days, 0, 31), [13]);
        assert_eq!(dates(days, 1, 31), [0; 0]);
        assert_eq!(dates(Days { both: false, ..days }, 1, 31), [5, 12, 13, 19, 26]);
    }

    #[test]
    fn what_never_comes() {
        let date = |date: u32| Days { dates: 1 << date, weekdays: ALL_WEEK, ..Days::NONE };
        assert!(!date(30).exist(1 << 2));
        assert!(!date(31).exist(1 << 4 | 1 << 6));
        assert!(date(29).exist(1 << 2));
        assert!(Days { weekdays: 1 << 1, ..date(29) }.exist(1 << 2), "29 February on a Monday");
        let fifth = Days { dates: 1 << 28, nth: [0, 0, 0, 0, 1], ..Days::NONE };
        assert!(!fifth.exist(!0), "the fifth Sunday is never the 28th");
    }
}
