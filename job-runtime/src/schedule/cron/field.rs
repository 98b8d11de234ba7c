//! The six fields of an expression: what they are called, and which values they take.

/// A field of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Second,
    Minute,
    Hour,
    Date,
    Month,
    Weekday,
}

const MONTHS: [&[u8; 3]; 12] =
    [b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC"];
const WEEKDAYS: [&[u8; 3]; 7] = [b"SUN", b"MON", b"TUE", b"WED", b"THU", b"FRI", b"SAT"];

impl Field {
    /// The lowest and the highest value; Sunday is 0, and 7 too.
    pub(super) const fn bounds(self) -> (u8, u8) {
        match self {
            Self::Second | Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::Date => (1, 31),
            Self::Month => (1, 12),
            Self::Weekday => (0, 7),
        }
    }

    /// How many different values there are.
    pub(super) const fn size(self) -> u8 {
        let (low, high) = self.bounds();
        match self {
            Self::Weekday => 7,
            Self::Second | Self::Minute | Self::Hour | Self::Date | Self::Month => high - low + 1,
        }
    }

    /// What the field is called.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Date => "day of the month",
            Self::Month => "month",
            Self::Weekday => "day of the week",
        }
    }

    /// Which values the field takes, for a sentence.
    pub(super) const fn values(self) -> &'static str {
        match self {
            Self::Second => "seconds go from 0 to 59",
            Self::Minute => "minutes go from 0 to 59",
            Self::Hour => "hours go from 0 to 23",
            Self::Date => "days of the month go from 1 to 31, or are `L`, `LW` or `15W`",
            Self::Month => "months go from 1 to 12, or from `JAN` to `DEC`",
            Self::Weekday => "days of the week go from 0 to 7, Sunday to Sunday, or from `SUN` to `SAT`",
        }
    }

    /// The value that three letters in either case name.
    pub(super) const fn named(self, word: &[u8]) -> Option<u8> {
        let [a, b, c] = word else { return None };
        let word = [a.to_ascii_uppercase(), b.to_ascii_uppercase(), c.to_ascii_uppercase()];
        match self {
            Self::Month => match position(&MONTHS, word) {
                Some(index) => Some(index + 1),
                None => None,
            },
            Self::Weekday => position(&WEEKDAYS, word),
            Self::Second | Self::Minute | Self::Hour | Self::Date => None,
        }
    }
}

const fn position(mut names: &[&[u8; 3]], [a, b, c]: [u8; 3]) -> Option<u8> {
    let mut index = 0;
    while let [[x, y, z], rest @ ..] = names {
        if *x == a && *y == b && *z == c {
            return Some(index);
        }
        index += 1;
        names = rest;
    }
    None
}
