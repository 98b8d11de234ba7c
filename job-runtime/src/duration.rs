//! The one grammar of durations: `10m`, `1h30m`, `250ms`, for attributes, code and the environment alike.

use std::time::Duration;

use crate::error::{Error, Result};

/// What is wrong with a text that should be a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    Empty,
    NoNumber,
    NoUnit,
    Fraction,
    Space,
    Sign,
    Minutes,
    Seconds,
    Hours,
    TooFine,
    Calendar,
    UnknownUnit,
    Order,
    TooLong,
}

impl Mistake {
    const fn sentence(self) -> &'static str {
        match self {
            Self::Empty => "a duration is missing: write it like `10m`, `1h30m` or `250ms`",
            Self::NoNumber => "a duration begins with a number: write it like `10m`, `1h30m` or `250ms`",
            Self::NoUnit => "a number of a duration needs its unit, `ms`, `s`, `m`, `h`, `d` or `w`, as in `10m`",
            Self::Fraction => "a duration takes whole numbers: write `1h30m` for one and a half hours",
            Self::Space => "a duration has no spaces: write it like `1h30m`",
            Self::Sign => "a duration has no sign: write it like `10m`",
            Self::Minutes => "the unit of minutes is `m`, as in `10m`",
            Self::Seconds => "the unit of seconds is `s`, as in `30s`",
            Self::Hours => "the unit of hours is `h`, as in `2h`",
            Self::TooFine => "the finest unit of a duration is `ms`, as in `1ms`",
            Self::Calendar => "months and years differ in length: the largest unit of a duration is `w`, as in `4w`",
            Self::UnknownUnit => "the units of a duration are `ms`, `s`, `m`, `h`, `d` and `w`, as in `1h30m`",
            Self::Order => "the units of a duration stand once each, the largest first, as in `1h30m`",
            Self::TooLong => "a duration is at most 584 years",
        }
    }
}

const FINE_PERIOD: &str = "the distance between two ticks is at least `1ms`";
const ZERO_PERIOD: &str = "this duration must be longer than zero, as in `10m`";

/// Reads a duration such as `10m`, `1h30m` or `250ms`, also in a `const`.
///
/// Whole numbers, each with its unit (`ms`, `s`, `m`, `h`, `d` = 24 h, `w` = 7 d), the largest unit first, each
/// unit once, nothing between them. The attributes, `configure` and the environment read durations with this
/// same function.
///
/// # Panics
/// When the text is not such a duration, with a sentence that says what belongs there; in a `const` that is a
/// compile error at the caller's place.
///
/// ```
/// use std::time::Duration;
///
/// const PERIOD: Duration = job_runtime::duration("1h30m");
/// assert_eq!(PERIOD, Duration::from_secs(5_400));
/// ```
#[must_use]
#[track_caller]
pub const fn duration(text: &str) -> Duration {
    match parse(text) {
        Ok(duration) => duration,
        Err(mistake) => panic!("{}", mistake.sentence()),
    }
}

/// [`duration`], for the places where zero makes no sense.
///
/// # Panics
/// As [`duration`], and when it is zero.
#[must_use]
#[track_caller]
pub const fn period(text: &str) -> Duration {
    period_value(duration(text))
}

/// A duration that is longer than zero.
///
/// # Panics
/// When it is zero, with a sentence.
#[must_use]
#[track_caller]
pub const fn period_value(duration: Duration) -> Duration {
    assert!(!duration.is_zero(), "{}", ZERO_PERIOD);
    duration
}

/// A distance between ticks, which is no finer than the timers.
///
/// # Panics
/// When it is shorter than a millisecond, with a sentence.
#[must_use]
#[track_caller]
pub const fn every_value(period: Duration) -> Duration {
    let period = period_value(period);
    assert!(period.as_millis() > 0, "{}", FINE_PERIOD);
    period
}

/// Reads a duration at run time; the error quotes the text.
pub(crate) fn read(text: &str) -> Result<Duration> {
    parse(text).map_err(|mistake| Error::configuration(format!("`{text}` is not a duration: {}", mistake.sentence())))
}

/// Refuses zero at run time.
pub(crate) fn above_zero(duration: Duration) -> Result<Duration> {
    if duration.is_zero() {
        return Err(Error::configuration(ZERO_PERIOD.to_owned()));
    }
    Ok(duration)
}

/// Refuses a distance between ticks that is finer than the timers.
pub(crate) fn tick_apart(period: Duration) -> Result<Duration> {
    if period < Duration::from_millis(1) {
        return Err(Error::configuration(FINE_PERIOD.to_owned()));
    }
    Ok(period)
}

/// The text of a duration in the grammar; what is finer than a millisecond is rounded up to one.
pub(crate) fn text(duration: Duration) -> String {
    const UNITS: [(&str, u128); 6] =
        [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let mut rest = duration.as_nanos().div_ceil(1_000_000);
    let mut text = String::new();
    for (unit, size) in UNITS {
        let count = rest / size;
        if count > 0 {
            text.push_str(&count.to_string());
            text.push_str(unit);
            rest %= size;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// What stands for a duration: a text such as `"10m"`, in the grammar of [`duration`], or a [`Duration`]. Nothing
/// else can.
///
/// ```
/// use std::time::Duration;
/// use job_runtime::{Error, IntoDuration};
///
/// fn seconds(length: impl IntoDuration) -> Result<u64, Error> {
///     Ok(length.into_duration()?.as_secs())
/// }
///
/// assert_eq!(seconds("1m30s")?, 90);
/// assert_eq!(seconds(Duration::from_secs(90))?, 90);
/// assert!(seconds("90").unwrap_err().to_string().contains("needs its unit"));
/// # Ok::<(), job_runtime::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a duration: it has no unit",
    label = "expected a text such as `\"10m\"`, or a `Duration`"
)]
pub trait IntoDuration: sealed::Sealed {
    /// The duration that is meant.
    ///
    /// # Errors
    /// When a text is not a duration of the grammar of [`duration`].
    fn into_duration(self) -> Result<Duration>;

    #[doc(hidden)]
    fn as_setting(&self) -> Setting<'_>;
}

impl IntoDuration for &str {
    fn into_duration(self) -> Result<Duration> {
        read(self)
    }

    fn as_setting(&self) -> Setting<'_> {
        Setting::Text(self)
    }
}

impl IntoDuration for Duration {
    fn into_duration(self) -> Result<Duration> {
        Ok(self)
    }

    fn as_setting(&self) -> Setting<'_> {
        Setting::Duration(*self)
    }
}

/// The value of an option as it was written: at the attribute, in `configure`, or in the environment.
#[derive(Clone, Copy, Debug)]
pub enum Setting<'a> {
    /// Text, in the grammar of the option; the environment has nothing else.
    Text(&'a str),
    /// A duration.
    Duration(Duration),
    /// A count.
    Number(u32),
    /// Yes or no.
    Flag(bool),
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &str {}
    impl Sealed for std::time::Duration {}
}

/// Walks over the text once; bytes and slices only, because it must also run in a `const`.
const fn parse(text: &str) -> std::result::Result<Duration, Mistake> {
    let mut rest = text.as_bytes();
    if rest.is_empty() {
        return Err(Mistake::Empty);
    }
    let mut total: u64 = 0;
    let mut smallest = u64::MAX;
    while !rest.is_empty() {
        let (number, unit) = match number(rest) {
            Ok(parts) => parts,
            Err(mistake) => return Err(mistake),
        };
        let (size, after) = match unit_size(unit) {
            Ok(parts) => parts,
            Err(mistake) => return Err(mistake),
        };
        if size >= smallest {
            return Err(Mistake::Order);
        }
        smallest = size;
        total = match add(total, number, size) {
            Some(total) => total,
            None => return Err(Mistake::TooLong),
        };
        rest = after;
    }
    Ok(Duration::from_millis(total))
}

/// Milliseconds, held within what fits in 64 bits of nanoseconds.
const fn add(total: u64, number: u64, size: u64) -> Option<u64> {
    let Some(part) = number.checked_mul(size) else { return None };
    let Some(sum) = total.checked_add(part) else { return None };
    if sum > u64::MAX / 1_000_000 { None } else { Some(sum) }
}

const fn number(text: &[u8]) -> std::result::Result<(u64, &[u8]), Mistake> {
    let mut rest = text;
    let mut value: u64 = 0;
    let mut digits = 0_usize;
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        let Some(tens) = value.checked_mul(10) else { return Err(Mistake::TooLong) };
        #[expect(clippy::as_conversions, reason = "a digit, widened in a const fn")]
        let Some(sum) = tens.checked_add((*digit - b'0') as u64) else { return Err(Mistake::TooLong) };
        value = sum;
        digits += 1;
        rest = after;
    }
    if digits > 0 {
        return Ok((value, rest));
    }
    Err(match rest {
        [b' ' | b'\t' | b'\n', ..] => Mistake::Space,
        [b'-' | b'+', ..] => Mistake::Sign,
        _ => Mistake::NoNumber,
    })
}

/// The length of the unit that begins the text, in milliseconds, and what follows it.
const fn unit_size(text: &[u8]) -> std::result::Result<(u64, &[u8]), Mistake> {
    match text {
        [b'm', b's', after @ ..] if ends(after) => Ok((1, after)),
        [b's', after @ ..] if ends(after) => Ok((1_000, after)),
        [b'm', after @ ..] if ends(after) => Ok((60_000, after)),
        [b'h', after @ ..] if ends(after) => Ok((3_600_000, after)),
        [b'd', after @ ..] if ends(after) => Ok((86_400_000, after)),
        [b'w', after @ ..] if ends(after) => Ok((604_800_000, after)),
        _ => Err(wrong_unit(text)),
    }
}

const fn ends(after: &[u8]) -> bool {
    !matches!(after, [b'a'..=b'z' | b'A'..=b'Z', ..])
}

const fn wrong_unit(text: &[u8]) -> Mistake {
    match text {
        [] => Mistake::NoUnit,
        [b'.' | b',', ..] => Mistake::Fraction,
        [b' ' | b'\t' | b'\n', ..] => Mistake::Space,
        [b'm', b'i', b'n', ..] => Mistake::Minutes,
        [b's', b'e', b'c', ..] => Mistake::Seconds,
        [b'h', b'o' | b'r', ..] => Mistake::Hours,
        [b'u' | b'n', b's', ..] | [0xC2, 0xB5, ..] => Mistake::TooFine,
        [b'M' | b'y' | b'Y', ..] | [b'm', b'o', ..] => Mistake::Calendar,
        _ => Mistake::UnknownUnit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_grammar_takes() {
        for (text, millis) in [
            ("0s", 0),
            ("250ms", 250),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("1w2d3h4m5s6ms", 604_800_000 + 2 * 86_400_000 + 3 * 3_600_000 + 4 * 60_000 + 5_000 + 6),
            ("90m", 5_400_000),
            ("007s", 7_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_it_refuses_and_why() {
        for (text, mistake) in [
            ("", Mistake::Empty),
            ("m", Mistake::NoNumber),
            ("10", Mistake::NoUnit),
            ("1h30", Mistake::NoUnit),
            ("1.5h", Mistake::Fraction),
            ("1h 30m", Mistake::Space),
            (" 10m", Mistake::Space),
            ("10 m", Mistake::Space),
            ("-10m", Mistake::Sign),
            ("10min", Mistake::Minutes),
            ("10sec", Mistake::Seconds),
            ("2hours", Mistake::Hours),
            ("10us", Mistake::TooFine),
            ("10µs", Mistake::TooFine),
            ("1M", Mistake::Calendar),
            ("3mo", Mistake::Calendar),
            ("1y", Mistake::Calendar),
            ("5x", Mistake::UnknownUnit),
            ("5sx", Mistake::UnknownUnit),
            ("30m1h", Mistake::Order),
            ("1m1m", Mistake::Order),
            ("99999999999999999999s", Mistake::TooLong),
            ("40000w", Mistake::TooLong),
        ] {
            assert_eq!(parse(text), Err(mistake), "{text}");
        }
    }

    #[test]
    fn text_and_parse_agree() {
        for millis in [0, 1, 999, 1_000, 61_001, 600_000, 5_400_000, 694_861_001] {
            let duration = Duration::from_millis(millis);
            assert_eq!(parse(&text(duration)), Ok(duration));
        }
    }
}
