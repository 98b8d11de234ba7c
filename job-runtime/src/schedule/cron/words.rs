//! An expression in words, as a person would say it.

use super::Dst;
use super::days::Days;
use super::grammar::Expression;
use super::zone::Zone;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// From Monday, so that a weekend is one span.
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const NTH: [&str; 5] = ["first", "second", "third", "fourth", "fifth"];

/// Times of day are listed one by one up to this many.
const LISTED: usize = 6;

/// Expressions in words, with their zone and rule.
pub(super) fn describe(expressions: &[Expression], zone: &Zone, rule: Dst) -> String {
    let each: Vec<String> = expressions.iter().map(sentence).collect();
    format!("{}, in {} (dst {})", each.join("; "), zone.name(), rule.as_str())
}

fn sentence(expression: &Expression) -> String {
    let listed = times_of_day(expression);
    let every_day = listed.is_some().then_some("every day");
    let time = listed.unwrap_or_else(|| intervals(expression));
    let months = members(expression.months.into(), 1, 13);
    let months = (months.len() < 12).then(|| {
        let name = |month: &u8| MONTHS.get(usize::from(*month) - 1).copied().unwrap_or_default().to_owned();
        format!("in {}", spans(&months, name))
    });
    let days = days(&expression.days);
    let when = if days.is_none() && months.is_none() { every_day.map(str::to_owned) } else { None };
    [Some(time), days, months, when].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The members of a set, from `low` up to but without `end`.
fn members(set: u64, low: u8, end: u8) -> Vec<u8> {
    (low..end).filter(|member| set & 1 << member != 0).collect()
}

/// `at 02:30 and 14:30`, where these are few plain times of day.
fn times_of_day(expression: &Expression) -> Option<String> {
    let Expression { seconds, minutes, hours, fixed, .. } = *expression;
    let mut times = Vec::new();
    for hour in members(hours.into(), 0, 24) {
        for minute in members(minutes, 0, 60) {
            times.extend(members(seconds, 0, 60).into_iter().map(|second| clock_time(hour, minute, second, seconds)));
        }
        if !fixed || times.len() > LISTED {
            return None;
        }
    }
    Some(format!("at {}", list(&times)))
}

/// A time of day; without the second where that is zero always.
fn clock_time(hour: u8, minute: u8, second: u8, seconds: u64) -> String {
    if seconds == 1 { format!("{hour:02}:{minute:02}") } else { format!("{hour:02}:{minute:02}:{second:02}") }
}

/// `every 15 minutes of hours 9 to 17`
fn intervals(expression: &Expression) -> String {
    let Expression { seconds, minutes, hours, .. } = *expression;
    let (seconds, minutes) = (Part::of(seconds, 60, "second"), Part::of(minutes, 60, "minute"));
    let hours = Part::of(hours.into(), 24, "hour");
    if expression.fixed {
        let second = if seconds.values == [0] { String::new() } else { format!("{} of ", seconds.named()) };
        return format!("at {second}{} of {}", minutes.named(), hours.named());
    }
    if seconds.values != [0] {
        let rest = if minutes.all() && !seconds.all() && seconds.every().is_none() {
            format!(" of every minute{}", hours.restriction())
        } else {
            format!("{}{}", minutes.restriction(), hours.restriction())
        };
        return format!("{}{rest}", seconds.phrase());
    }
    if minutes.every().is_some() && minutes.values.len() > 1 {
        return format!("{}{}", minutes.phrase(), hours.restriction());
    }
    let at_minute = if minutes.values == [0] { String::new() } else { format!(" {}", minutes.phrase()) };
    match (hours.every(), &*minutes.values, &*hours.values) {
        (Some(every), _, [_, _, ..]) => format!("{every}{at_minute}"),
        (None, [minute], [first, .., last]) if usize::from(last - first) + 1 == hours.values.len() => {
            format!("every hour from {first:02}:{minute:02} to {last:02}:{minute:02}")
        }
        _ => format!("{}{}", minutes.phrase(), hours.restriction()),
    }
}

/// One of the fields of time.
struct Part {
    values: Vec<u8>,
    size: u8,
    unit: &'static str,
}

impl Part {
    fn of(set: u64, size: u8, unit: &'static str) -> Self {
        Self { values: members(set, 0, size), size, unit }
    }

    fn all(&self) -> bool {
        self.values.len() == usize::from(self.size)
    }

    /// `every 15 minutes`, where that is so across the end of the field too.
    fn every(&self) -> Option<String> {
        let step = self.size.checked_div(u8::try_from(self.values.len()).ok()?)?;
        let steady = self.values.iter().zip(0..).all(|(value, index)| *value == index * step);
        match step {
            _ if !steady
                || !self.size.is_multiple_of(step)
                || self.values.len() * usize::from(step) != usize::from(self.size) =>
            {
                None
            }
            1 => Some(format!("every {}", self.unit)),
            _ => Some(format!("every {step} {}s", self.unit)),
        }
    }

    /// `minutes 5 and 35`
    fn named(&self) -> String {
        let plural = if self.values.len() > 1 { "s" } else { "" };
        format!("{}{plural} {}", self.unit, spans(&self.values, u8::to_string))
    }

    fn phrase(&self) -> String {
        self.every().filter(|_| self.values.len() > 1).unwrap_or_else(|| format!("at {}", self.named()))
    }

    /// ` of minutes 5 and 35`, or nothing where all are meant.
    fn restriction(&self) -> String {
        if self.all() { String::new() } else { format!(" of {}", self.named()) }
    }
}

fn days(days: &Days) -> Option<String> {
    let dates = (days.dates != !1).then(|| by_date(days));
    let weekdays = (days.weekdays != 0b111_1111).then(|| by_weekday(days));
    match (dates, weekdays, days.both) {
        (None, None, _) | (None, _, false) | (_, None, false) => None,
        (Some(dates), None, _) => Some(format!("on {dates} of the month")),
        (None, Some(weekdays), _) => Some(format!("on {weekdays}")),
        (Some(dates), Some(weekdays), true) => Some(format!("on {dates} of the month if it is {weekdays}")),
        (Some(dates), Some(weekdays), false) => Some(format!("on {dates} of the month or on {weekdays}")),
    }
}

/// `the 1st and 15th`
fn by_date(days: &Days) -> String {
    let dates = members(days.dates.into(), 1, 32);
    let plain = (!dates.is_empty()).then(|| format!("the {}", spans(&dates, |date| ordinal(*date))));
    let near = members(days.workdays.into(), 1, 32);
    let near = near.into_iter().map(|date| format!("the workday nearest the {}", ordinal(date)));
    let last_workday = days.last_workday.then(|| "the last workday".to_owned());
    let from_last = members(days.from_last.into(), 0, 31).into_iter().map(|back| match back {
        0 => "the last day".to_owned(),
        1 => "the day before the last".to_owned(),
        _ => format!("the {} day before the last", ordinal(back)),
    });
    list(&plain.into_iter().chain(near).chain(last_workday).chain(from_last).collect::<Vec<_>>())
}

/// `Monday to Friday`, `the second Tuesday of the month`
fn by_weekday(days: &Days) -> String {
    let name = |weekday: &u8| WEEKDAYS.get(usize::from(*weekday)).copied().unwrap_or_default().to_owned();
    let plain = from_monday(days.weekdays);
    let plain = (!plain.is_empty()).then(|| spans(&plain, name));
    let nth = NTH.iter().zip(days.nth).flat_map(|(nth, set)| {
        from_monday(set).into_iter().map(move |weekday| format!("the {nth} {} of the month", name(&weekday)))
    });
    let last = from_monday(days.last_weekdays);
    let last = last.into_iter().map(|weekday| format!("the last {} of the month", name(&weekday)));
    list(&plain.into_iter().chain(nth).chain(last).collect::<Vec<_>>())
}

/// Days of the week with Monday as 0.
fn from_monday(set: u8) -> Vec<u8> {
    (0..7).filter(|day| set & 1 << ((day + 1) % 7) != 0).collect()
}

fn ordinal(number: u8) -> String {
    let ending = match (number % 10, number % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// `1, 5 to 9 and 20`
fn spans(values: &[u8], name: impl Fn(&u8) -> String) -> String {
    let each = values.chunk_by(|before, after| before + 1 == *after).flat_map(|span| match span {
        [first, _, .., last] => vec![format!("{} to {}", name(first), name(last))],
        few => few.iter().map(&name).collect(),
    });
    list(&each.collect::<Vec<_>>())
}

/// `a, b and c`
fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [start @ .., last] => format!("{} and {last}", start.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_a_person_would_say_it() {
        for (text, words) in [
            ("30 2 * * *", "at 02:30 every day"),
            ("0 2,14 * * *", "at 02:00 and 14:00 every day"),
            ("15 30 2 * * *", "at 02:30:15 every day"),
            ("* * * * *", "every minute"),
            ("* * * * * *", "every second"),
            ("*/10 * * * * *", "every 10 seconds"),
            ("*/15 * * * *", "every 15 minutes"),
            ("0,30 * * * *", "every 30 minutes"),
            ("0 * * * *", "every hour"),
            ("5 * * * *", "every hour at minute 5"),
            ("5,20 * * * *", "every hour at minutes 5 and 20"),
            ("0 */2 * * *", "every 2 hours"),
            ("0 0,3,6,9,12,15,18,21 * * *", "at minute 0 of hours 0, 3, 6, 9, 12, 15, 18 and 21"),
            ("5 0,1 0,1,2,3,4 * * *", "at second 5 of minutes 0 and 1 of hours 0 to 4"),
            ("10 */2 * * *", "every 2 hours at minute 10"),
            ("0 9-17 * * MON-FRI", "every hour from 09:00 to 17:00 on Monday to Friday"),
            ("*/20 9-17 * * *", "every 20 minutes of hours 9 to 17"),
            ("*/7 * * * *", "every hour at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56"),
            ("5 * * * * *", "at second 5 of every minute"),
            ("*/5 10 * * * *", "every 5 seconds of minute 10"),
            ("0 0 1,15 * *", "at 00:00 on the 1st and 15th of the month"),
            ("0 0 L * *", "at 00:00 on the last day of the month"),
            ("0 0 L-3 * *", "at 00:00 on the 3rd day before the last of the month"),
            ("0 0 LW * *", "at 00:00 on the last workday of the month"),
            ("0 0 15W * *", "at 00:00 on the workday nearest the 15th of the month"),
            ("0 0 * * FRI#2", "at 00:00 on the second Friday of the month"),
            ("0 0 * * 5L", "at 00:00 on the last Friday of the month"),
            ("0 0 * * SAT-SUN", "at 00:00 on Saturday and Sunday"),
            ("0 0 * * FRI-MON", "at 00:00 on Monday and Friday to Sunday"),
            ("0 0 13 * 5", "at 00:00 on the 13th of the month or on Friday"),
            ("0 0 1-31 * MON", "at 00:00 every day"),
            ("0 0 1 * SUN-SAT", "at 00:00 every day"),
            ("0 0 13 * +5", "at 00:00 on the 13th of the month if it is Friday"),
            ("0 0 29 2 *", "at 00:00 on the 29th of the month in February"),
            ("0 0 * 6-8 *", "at 00:00 in June to August"),
            ("@yearly", "at 00:00 on the 1st of the month in January"),
        ] {
            let expression =
                Expression::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{}", error.sentence().as_str()));
            assert_eq!(sentence(&expression), words, "{text}");
        }
    }
}
