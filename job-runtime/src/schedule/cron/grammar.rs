//! The grammar of cron expressions: one, for attributes, code and the environment; all of it runs in a `const`.

use super::days::Days;
use super::field::Field;
use super::mistake::Mistake;

/// One cron expression: which seconds, minutes, hours, days and months it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expression {
    pub(super) seconds: u64,
    pub(super) minutes: u64,
    pub(super) hours: u32,
    pub(super) days: Days,
    pub(super) months: u16,
    /// Plain numbers and lists in second, minute and hour: it names times of day, and not an interval.
    pub(super) fixed: bool,
}

type Parsed<'t, T> = Result<T, Mistake<'t>>;

/// What a part of a field means.
#[derive(Clone, Copy)]
struct Set {
    values: u64,
    /// Nothing but numbers and names.
    plain: bool,
}

impl Expression {
    /// Reads one expression.
    ///
    /// # Errors
    /// With the first mistake.
    pub(crate) const fn parse(text: &[u8]) -> Parsed<'_, Self> {
        let text = text.trim_ascii();
        match text {
            [b'@', ..] => nickname(text),
            _ if cut(text, b'=').is_some() => Err(Mistake::Zone),
            _ => six(text),
        }
    }

    const fn build(fields: [&[u8]; 6]) -> Parsed<'_, Self> {
        let [second, minute, hour, date, month, weekday] = fields;
        let time = (field(Field::Second, second), field(Field::Minute, minute), field(Field::Hour, hour));
        let (seconds, minutes, hours) = match time {
            (Ok(seconds), Ok(minutes), Ok(hours)) => (seconds, minutes, hours),
            (Err(mistake), _, _) | (_, Err(mistake), _) | (_, _, Err(mistake)) => return Err(mistake),
        };
        let (days, months) = match (days(date, weekday), field(Field::Month, month)) {
            (Ok(days), Ok(months)) => (days, months),
            (Err(mistake), _) | (_, Err(mistake)) => return Err(mistake),
        };
        #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "bits of a field, in a const fn")]
        let (hours_set, months) = (hours.values as u32, months.values as u16);
        if !days.exist(months) {
            return Err(Mistake::Never { date, month, weekday });
        }
        Ok(Self {
            seconds: seconds.values,
            minutes: minutes.values,
            hours: hours_set,
            days,
            months,
            fixed: seconds.plain && minutes.plain && hours.plain,
        })
    }
}

/// Takes the text apart at white space.
const fn six(text: &[u8]) -> Parsed<'_, Expression> {
    let mut fields: [&[u8]; 6] = [b"0"; 6];
    let (mut places, mut rest, mut count): (&mut [&[u8]], _, u8) = (&mut fields, text, 0);
    let mut parted = None;
    while !rest.is_empty() {
        let (field, after) = word(rest);
        if let [place, others @ ..] = places {
            *place = field;
            places = others;
        }
        if let [.., b','] | [b',', ..] = field {
            parted = Some(field);
        }
        count = count.saturating_add(1);
        rest = after.trim_ascii_start();
    }
    if let Some(list) = parted {
        return Err(Mistake::Parted(list));
    }
    let [first, second, third, fourth, fifth, sixth] = fields;
    match count {
        5 => Expression::build([b"0", first, second, third, fourth, fifth]),
        6 => Expression::build([first, second, third, fourth, fifth, sixth]),
        _ => Err(Mistake::Count(count)),
    }
}

/// `@daily` and its like.
const fn nickname(text: &[u8]) -> Parsed<'_, Expression> {
    let (name, arguments) = word(text);
    let arguments = arguments.trim_ascii();
    if is(name, b"@every") {
        return Err(Mistake::Every { period: arguments });
    }
    if is(name, b"@reboot") {
        return Err(Mistake::Reboot);
    }
    six(match name {
        _ if !arguments.is_empty() => return Err(Mistake::Nickname(text)),
        _ if is(name, b"@yearly") || is(name, b"@annually") => b"0 0 1 1 *",
        _ if is(name, b"@monthly") => b"0 0 1 * *",
        _ if is(name, b"@weekly") => b"0 0 * * 0",
        _ if is(name, b"@daily") || is(name, b"@midnight") => b"0 0 * * *",
        _ if is(name, b"@hourly") => b"0 * * * *",
        _ => return Err(Mistake::Nickname(text)),
    })
}

/// The text to the next white space, and what follows it.
const fn word(text: &[u8]) -> (&[u8], &[u8]) {
    let mut length = 0;
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        if byte.is_ascii_whitespace() {
            break;
        }
        length += 1;
        rest = after;
    }
    text.split_at(length)
}

/// Whether a name is written, in either case.
const fn is(mut word: &[u8], mut name: &[u8]) -> bool {
    while let ([letter, word_rest @ ..], [other, name_rest @ ..]) = (word, name) {
        if !letter.eq_ignore_ascii_case(other) {
            return false;
        }
        (word, name) = (word_rest, name_rest);
    }
    word.is_empty() && name.is_empty()
}

/// What stands before and after the first such byte.
pub(crate) const fn cut(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let (mut rest, mut length) = (text, 0);
    while let [first, after @ ..] = rest {
        if *first == byte {
            return Some((text.split_at(length).0, after));
        }
        (rest, length) = (after, length + 1);
    }
    None
}

/// Both fields of days.
const fn days<'t>(date: &'t [u8], weekday: &'t [u8]) -> Parsed<'t, Days> {
    let (plus, weekdays) = match weekday {
        [b'+', rest @ ..] => (true, rest),
        _ => (false, weekday),
    };
    let both = plus || cut(date, b'*').is_some() || cut(weekdays, b'*').is_some();
    let mut days = Days { both, ..Days::NONE };
    let mut rest = Some(date);
    while let Some(list) = rest {
        let (part, after) = first_of(list, b',');
        days = match date_part(days, part) {
            Ok(days) => days,
            Err(mistake) => return Err(mistake),
        };
        rest = after;
    }
    let mut rest = Some(weekdays);
    while let Some(list) = rest {
        let (part, after) = first_of(list, b',');
        days = match weekday_part(days, part) {
            Ok(days) => days,
            Err(mistake) => return Err(mistake),
        };
        rest = after;
    }
    Ok(days)
}

/// The first of a list, and what follows what stands between it and the next.
pub(super) const fn first_of(list: &[u8], between: u8) -> (&[u8], Option<&[u8]>) {
    match cut(list, between) {
        Some((part, rest)) => (part, Some(rest)),
        None => (list, None),
    }
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "bits of a field, in a const fn")]
const fn date_part(mut days: Days, part: &[u8]) -> Parsed<'_, Days> {
    match part {
        [b'L' | b'l'] => days.from_last |= 1,
        [b'L' | b'l', b'W' | b'w'] => days.last_workday = true,
        [b'L' | b'l', b'-', back @ ..] => match number(back) {
            Some(back @ 1..=30) => days.from_last |= 1 << back,
            _ => return Err(Mistake::BeforeLast(part)),
        },
        [date @ .., b'W' | b'w'] => match number(date) {
            Some(date @ 1..=31) => days.workdays |= 1 << date,
            _ => return Err(Mistake::Workday(part)),
        },
        _ => match field_part(Field::Date, part) {
            Ok(set) => days.dates |= set.values as u32,
            Err(mistake) => return Err(mistake),
        },
    }
    Ok(days)
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "bits of a field, in a const fn")]
const fn weekday_part(mut days: Days, part: &[u8]) -> Parsed<'_, Days> {
    let (day, nth): (&[u8], &[u8]) = match (cut(part, b'#'), part) {
        (Some((day, nth)), _) => (day, nth),
        (None, [day @ .., b'L' | b'l']) if !day.is_empty() => (day, b"L"),
        (None, _) => {
            return match field_part(Field::Weekday, part) {
                Ok(set) => {
                    days.weekdays |= set.values as u8;
                    Ok(days)
                }
                Err(mistake) => Err(mistake),
            };
        }
    };
    let Ok(weekday) = value(Field::Weekday, day) else { return Err(Mistake::OfMonth(part)) };
    let weekday = 1 << (weekday % 7);
    let [first, second, third, fourth, fifth] = &mut days.nth;
    match nth {
        [b'1'] => *first |= weekday,
        [b'2'] => *second |= weekday,
        [b'3'] => *third |= weekday,
        [b'4'] => *fourth |= weekday,
        [b'5'] => *fifth |= weekday,
        [b'L' | b'l'] => days.last_weekdays |= weekday,
        _ => return Err(Mistake::Nth(part)),
    }
    Ok(days)
}

/// A field of numbers, ranges and steps.
const fn field(field: Field, text: &[u8]) -> Parsed<'_, Set> {
    let mut whole = Set { values: 0, plain: true };
    let mut rest = Some(text);
    while let Some(list) = rest {
        let (part, after) = first_of(list, b',');
        whole = match field_part(field, part) {
            Ok(set) => Set { values: whole.values | set.values, plain: whole.plain && set.plain },
            Err(mistake) => return Err(mistake),
        };
        rest = after;
    }
    Ok(whole)
}

/// `*`, `5`, `1-5`, each with a step behind it.
const fn field_part(field: Field, part: &[u8]) -> Parsed<'_, Set> {
    let (range, step) = match step(field, part) {
        Ok(parts) => parts,
        Err(mistake) => return Err(mistake),
    };
    let (first, last) = match bounds(field, range, step) {
        Ok(bounds) => bounds,
        Err(mistake) => return Err(mistake),
    };
    let by = if let Some(step) = step { step } else { 1 };
    let (mut values, mut next) = (0, first);
    while next <= last {
        values |= 1 << if matches!(field, Field::Weekday) { next % 7 } else { next };
        next += by;
    }
    Ok(Set { values, plain: step.is_none() && cut(range, b'-').is_none() && !matches!(range, [b'*']) })
}

/// What stands before the step of a part, and the step if there is one.
const fn step(field: Field, part: &[u8]) -> Parsed<'_, (&[u8], Option<u8>)> {
    let Some((range, step)) = cut(part, b'/') else { return Ok((part, None)) };
    match number(step) {
        Some(step) if step > 0 && step < field.size() => Ok((range, Some(step))),
        step => Err(Mistake::Step { field, part, step }),
    }
}

/// The first and the last value of a range; the last is more than 6 for one that goes around the end of a week.
const fn bounds(field: Field, range: &[u8], step: Option<u8>) -> Parsed<'_, (u8, u8)> {
    let (low, high) = field.bounds();
    let (first_text, last_text) = match (range, cut(range, b'-')) {
        ([b'*'], _) => return Ok((low, low + field.size() - 1)),
        ([b'H' | b'h', ..], _) | (_, Some(([], _) | (_, []))) => return Err(Mistake::Value(field, range)),
        (_, Some(texts)) => texts,
        (_, None) => {
            return match value(field, range) {
                Ok(first) => Ok((first, if step.is_some() { high } else { first })),
                Err(mistake) => Err(mistake),
            };
        }
    };
    match (value(field, first_text), value(field, last_text)) {
        (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
        (Ok(first), Ok(last)) if matches!(field, Field::Weekday) => Ok((first, last + 7)),
        (Ok(_), Ok(_)) => Err(Mistake::Backwards { field, part: range, first: first_text, last: last_text, step }),
        (Err(mistake), _) | (_, Err(mistake)) => Err(mistake),
    }
}

/// A number or a name.
const fn value(field: Field, text: &[u8]) -> Parsed<'_, u8> {
    if let Some(value) = field.named(text) {
        return Ok(value);
    }
    let (low, high) = field.bounds();
    match number(text) {
        Some(value) if value >= low && value <= high => Ok(value),
        _ => Err(Mistake::Value(field, text)),
    }
}

/// A whole number below 256.
const fn number(text: &[u8]) -> Option<u8> {
    let (mut rest, mut value): (&[u8], u8) = (text, 0);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        let Some(tens) = value.checked_mul(10) else { return None };
        let Some(sum) = tens.checked_add(*digit - b'0') else { return None };
        value = sum;
        rest = after;
    }
    if text.is_empty() || !rest.is_empty() { None } else { Some(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Expression {
        Expression::parse(text.as_bytes()).unwrap_or_else(|mistake| panic!("{text}: {}", mistake.sentence().as_str()))
    }

    fn set(members: impl IntoIterator<Item = u8>) -> u64 {
        members.into_iter().fold(0, |set, member| set | 1 << member)
    }

    #[test]
    fn fields_are_sets() {
        for (text, minutes) in [
            ("*", set(0..60)),
            ("5", set([5])),
            ("5,7,5", set([5, 7])),
            ("1-4", set(1..=4)),
            ("*/20", set([0, 20, 40])),
            ("50/4", set([50, 54, 58])),
            ("1-10/3,59", set([1, 4, 7, 10, 59])),
            ("007", set([7])),
        ] {
            assert_eq!(parse(&format!("{text} * * * *")).minutes, minutes, "{text}");
        }
        assert_eq!(parse("* * * JAN-mar,12 *").months, 0b1_0000_0000_1110);
        assert_eq!(parse("5 * * * * *").seconds, set([5]));
        assert_eq!(parse(" \t* *  * * *\n").seconds, set([0]));
    }

    #[test]
    fn weekdays_go_around_the_week() {
        for (text, weekdays) in [
            ("0", set([0])),
            ("7", set([0])),
            ("sun", set([0])),
            ("MON-FRI", set(1..6)),
            ("SAT-SUN", set([6, 0])),
            ("FRI-MON", set([5, 6, 0, 1])),
            ("0-7", set(0..7)),
            ("5-7", set([5, 6, 0])),
            ("5/2", set([5, 0])),
            ("*", set(0..7)),
        ] {
            assert_eq!(u64::from(parse(&format!("0 0 1 * {text}")).days.weekdays), weekdays, "{text}");
        }
    }

    #[test]
    fn days_by_the_month() {
        let days = |text: &str| parse(&format!("0 0 {text}")).days;
        assert_eq!(days("L,L-3 * *").from_last, 0b1001);
        assert_eq!(days("1,15W * *").workdays, 1 << 15);
        assert_eq!(days("1,15W * *").dates, 1 << 1);
        assert!(days("lw * *").last_workday);
        assert_eq!(days("* * FRI#2,1#2").nth, [0, 0b10_0010, 0, 0, 0]);
        assert_eq!(days("* * 5L,SUNL,6#L").last_weekdays, 0b110_0001);
    }

    #[test]
    fn both_days_restricted_or_not() {
        for (text, both) in [
            ("13 * 5", false),
            ("13 * *", true),
            ("* * 5", true),
            ("*/2 * 1", true),
            ("13 * +5", true),
            ("13 * */2", true),
        ] {
            assert_eq!(parse(&format!("0 0 {text}")).days.both, both, "{text}");
        }
    }

    #[test]
    fn plain_numbers_and_lists_are_times_of_day() {
        for (text, fixed) in [
            ("30 2 * * *", true),
            ("0,30 2,14 * * *", true),
            ("5 30 2 */2 1-3 MON-FRI", true),
            ("* 2 * * *", false),
            ("0 * * * *", false),
            ("0 2-3 * * *", false),
            ("30 2-2 * * *", false),
            ("*/30 2 * * *", false),
            ("0-5,30 2 * * *", false),
            ("*/30 30 2 * * *", false),
            ("@daily", true),
            ("@hourly", false),
        ] {
            assert_eq!(parse(text).fixed, fixed, "{text}");
        }
    }

    #[test]
    fn short_forms() {
        for (short, long) in [
            ("@yearly", "0 0 1 1 *"),
            ("@Annually", "0 0 1 1 *"),
            ("@monthly", "0 0 1 * *"),
            ("@weekly", "0 0 * * 0"),
            ("@daily", "0 0 * * *"),
            ("@midnight", "0 0 * * *"),
            (" @hourly ", "0 * * * *"),
        ] {
            assert_eq!(parse(short), parse(long), "{short}");
        }
    }

    #[test]
    fn what_is_refused_and_how() {
        for (text, told) in [
            ("", "there is nothing here: a cron expression has five fields"),
            ("5", "there is one field here"),
            ("10m", "equal periods are the option `every`"),
            ("* * * *", "there are 4 fields here"),
            ("0 0 0 1 1 * 2030", "but years cannot be named"),
            ("60 * * * *", "the minute cannot be `60`: minutes go from 0 to 59"),
            ("61 * * * * *", "the second cannot be `61`: seconds go from 0 to 59"),
            ("0 24 * * *", "the hour cannot be `24`: hours go from 0 to 23"),
            ("0 0 0 * *", "the day of the month cannot be `0`: days of the month go from 1 to 31"),
            ("0 0 1 13 *", "the month cannot be `13`: months go from 1 to 12"),
            ("0 0 1 JANUARY *", "from `JAN` to `DEC`"),
            ("0 0 * * 8", "the day of the week cannot be `8`"),
            ("0 0 * * FRY", "from `SUN` to `SAT`"),
            ("1,,2 * * * *", "the minute has an empty part"),
            ("1-5-7 * * * *", "the minute cannot be `5-7`"),
            ("-5 * * * *", "the minute cannot be `-5`: minutes go from 0 to 59"),
            ("9- * * * *", "the minute cannot be `9-`"),
            ("/5 * * * *", "the minute has an empty part"),
            ("0, 30 2 * * *", "there is a space in the list at `0,`"),
            ("0 ,30 2 * * * *", "there is a space in the list at `,30`"),
            ("+5 * * * *", "cannot be `+5`"),
            ("10-5 * * * *", "the minute cannot be `10-5`, which goes backwards: write two ranges, `10-59,0-5`"),
            ("0 22-6/2 * * *", "write two ranges, `22-23/2,0-6/2`"),
            ("*/0 * * * *", "its step goes from 1 to 59"),
            ("*/x * * * *", "its step goes from 1 to 59"),
            ("*/90 * * * *", "for equal periods use `every = \"90m\"`"),
            ("*/60 * * * *", "begins anew with each hour"),
            ("*/2/3 * * * *", "its step goes"),
            ("0 0 */31 * *", "its step goes from 1 to 30"),
            ("0 0 ? * MON", "the day of the month cannot be `?`: write `*`"),
            ("H(0-29)/10 * * * *", "the minute cannot be `H(0-29)`: to spread jobs over time"),
            ("0 0 L-31 * *", "from `L-1` to `L-30`"),
            ("0 0 1-15W * *", "is written as `15W`"),
            ("0 0 W * *", "is written as `15W`"),
            ("0 0 * * L", "as in `FRIL`"),
            ("0 0 * * FRI#6", "`FRI#1` to `FRI#5`"),
            ("0 0 * * #2", "is written as `FRI#2`"),
            ("0 0 * * 9L", "is written as `FRI#2`"),
            ("0 0 30 2 *", "this never comes: no month `2` has a day `30`"),
            ("0 0 31 4,JUN *", "no month `4,JUN` has a day `31`"),
            ("0 0 1 * +1#2", "no month has a day `1` that is a `1#2`"),
            ("@every 10m", "use the option `every`, as in `every = \"10m\"`"),
            ("@every 5m", "as in `every = \"5m\"`"),
            ("@EVERY", "as in `every = \"10m\"`"),
            ("@reboot", "call the function in `main`"),
            ("@dayly", "the short forms are"),
            ("@daily 5", "there is no `@daily 5`"),
            ("CRON_TZ=Europe/Berlin 0 0 * * *", "the option `tz`"),
            ("* * * * \u{1F600}", "cannot be"),
        ] {
            let sentence = Expression::parse(text.as_bytes()).expect_err(text).sentence();
            assert!(sentence.as_str().contains(told), "{text}: {}", sentence.as_str());
        }
    }
}
