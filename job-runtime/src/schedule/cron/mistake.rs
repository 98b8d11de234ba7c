//! What is wrong with a text that should be a cron expression, and the sentence that says so.

use super::field::Field;
use super::sentence::Sentence;

/// What is wrong, with the part of the text that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake<'t> {
    /// So many fields.
    Count(u8),
    /// More expressions than fit into one schedule.
    Many(u8),
    /// A list with white space in it.
    Parted(&'t [u8]),
    Zone,
    Reboot,
    Every {
        period: &'t [u8],
    },
    Nickname(&'t [u8]),
    Value(Field, &'t [u8]),
    Step {
        field: Field,
        part: &'t [u8],
        step: Option<u8>,
    },
    Backwards {
        field: Field,
        part: &'t [u8],
        first: &'t [u8],
        last: &'t [u8],
        step: Option<u8>,
    },
    BeforeLast(&'t [u8]),
    Workday(&'t [u8]),
    OfMonth(&'t [u8]),
    Nth(&'t [u8]),
    Never {
        date: &'t [u8],
        month: &'t [u8],
        weekday: &'t [u8],
    },
}

const FIELDS: &str = "a cron expression has five fields, minute, hour, day of the month, month and day of the week, as \
                      in `30 2 * * *`, or six, with the second before them";

impl Mistake<'_> {
    pub(crate) const fn sentence(self) -> Sentence {
        match self {
            Self::Count(count) => fields(count),
            Self::Many(most) => Sentence::new("a schedule has at most ").number(most).then(" cron expressions"),
            Self::Parted(list) => Sentence::new("there is a space in the list at ")
                .quote(list)
                .then(": the parts of a list stand close together, as in `0,30 2 * * *`"),
            Self::Zone => Sentence::new(
                "a time zone does not stand in the expression but in the option `tz`, as in `tz = \"Europe/Berlin\"`",
            ),
            Self::Reboot => Sentence::new(
                "`@reboot` is not a calendar time: call the function in `main`, or use `every` with `initial_delay = \
                 \"0s\"`",
            ),
            Self::Every { period } => every(period),
            Self::Nickname(written) => Sentence::new("there is no ").quote(written).then(
                ": the short forms are `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight` and \
                 `@hourly`",
            ),
            Self::Value(field, written) => value(field, written),
            Self::Step { field, part, step } => wrong_step(field, part, step),
            Self::Backwards { field, part, first, last, step } => backwards(field, part, [first, last], step),
            Self::BeforeLast(part) => {
                of(Field::Date, part).then(": days are counted back from the last from `L-1` to `L-30`")
            }
            Self::Workday(part) => of(Field::Date, part)
                .then(": the workday nearest to a day is written as `15W`, the last workday of the month as `LW`"),
            Self::OfMonth(part) => of(Field::Weekday, part)
                .then(": the second Friday of the month is written as `FRI#2`, the last one as `FRIL`"),
            Self::Nth(part) => of(Field::Weekday, part)
                .then(": a month has a first to a fifth of a day, `FRI#1` to `FRI#5`, and a last one, `FRIL`"),
            Self::Never { date, month, weekday } => never(date, month, weekday),
        }
    }
}

/// ``the minute cannot be `61` ``
const fn of(field: Field, written: &[u8]) -> Sentence {
    Sentence::new("the ").then(field.name()).then(" cannot be ").quote(written)
}

const fn fields(count: u8) -> Sentence {
    match count {
        0 => Sentence::new("there is nothing here: ").then(FIELDS),
        1 => Sentence::new("there is one field here: ").then(FIELDS).then(
            "; short forms begin with `@`, as in `@daily`, and equal periods are the option `every`, as in `every = \
             \"10m\"`",
        ),
        7 => Sentence::new("there are 7 fields here, but years cannot be named: ").then(FIELDS),
        _ => Sentence::new("there are ").number(count).then(" fields here: ").then(FIELDS),
    }
}

const fn every(period: &[u8]) -> Sentence {
    let sentence = Sentence::new("`@every` is not a calendar time: use the option `every`, as in `every = \"");
    sentence.text(if period.is_empty() { b"10m" } else { period }).then("\"`")
}

const fn value(field: Field, written: &[u8]) -> Sentence {
    match (field, written) {
        (_, []) => Sentence::new("the ").then(field.name()).then(" has an empty part: ").then(field.values()),
        (_, [b'?']) => of(field, written).then(": write `*`, which says the same"),
        (_, [b'H' | b'h', ..]) => {
            of(field, written).then(": to spread jobs over time, name a time and use the option `splay`")
        }
        (Field::Weekday, [b'L' | b'l']) => {
            of(field, written).then(": name the day, as in `FRIL` for the last Friday of the month")
        }
        _ => of(field, written).then(": ").then(field.values()),
    }
}

/// A step that is longer than its field is meant for equal periods.
const fn wrong_step(field: Field, part: &[u8], step: Option<u8>) -> Sentence {
    let sentence = of(field, part).then(": its step goes from 1 to ").number(field.size() - 1);
    let (unit, anew) = match field {
        Field::Second => ("s", "minute"),
        Field::Minute => ("m", "hour"),
        Field::Hour => ("h", "day"),
        Field::Date | Field::Month | Field::Weekday => return sentence,
    };
    match step {
        None | Some(0) => sentence,
        Some(step) => sentence
            .then(", since it begins anew with each ")
            .then(anew)
            .then("; for equal periods use `every = \"")
            .number(step)
            .then(unit)
            .then("\"`"),
    }
}

const fn backwards(field: Field, part: &[u8], [first, last]: [&[u8]; 2], step: Option<u8>) -> Sentence {
    let (low, high) = field.bounds();
    let sentence = of(field, part).then(", which goes backwards: write two ranges, `").text(first);
    let sentence = sentence.then("-").number(high).step(step).then(",");
    sentence.number(low).then("-").text(last).step(step).then("`")
}

const fn never(date: &[u8], month: &[u8], weekday: &[u8]) -> Sentence {
    let sentence = Sentence::new("this never comes: no month ");
    let sentence = match month {
        [b'*'] => sentence,
        _ => sentence.quote(month).then(" "),
    };
    let sentence = sentence.then("has a day ").quote(date);
    match weekday {
        [b'*', ..] => sentence,
        [b'+', weekday @ ..] => sentence.then(" that is a ").quote(weekday),
        _ => sentence.then(" that is a ").quote(weekday),
    }
}
