//! Reads cron expressions a second time, in the plainest way: what a field allows is a list of yes and no.

use crate::days::Day;

/// One expression.
pub struct Part {
    pub seconds: Vec<bool>,
    pub minutes: Vec<bool>,
    pub hours: Vec<bool>,
    months: Vec<bool>,
    dates: Vec<Date>,
    weekdays: Vec<Weekday>,
    both: bool,
    /// Whether second, minute and hour are plain numbers and lists.
    pub fixed: bool,
}

/// One item of the field for days of the month.
enum Date {
    These(Vec<bool>),
    BeforeLast(u32),
    Working(u32),
    LastWorking,
}

/// One item of the field for days of the week.
enum Weekday {
    These(Vec<bool>),
    Nth(u32, u32),
    Last(u32),
}

/// The expressions of a text, which stand between semicolons.
pub fn read(text: &str) -> Vec<Part> {
    text.split(';').map(|expression| part(expression.trim())).collect()
}

fn part(expression: &str) -> Part {
    let upper = expression.to_ascii_uppercase();
    let expression = match &*upper {
        "@YEARLY" | "@ANNUALLY" => "0 0 1 1 *",
        "@MONTHLY" => "0 0 1 * *",
        "@WEEKLY" => "0 0 * * 0",
        "@DAILY" | "@MIDNIGHT" => "0 0 * * *",
        "@HOURLY" => "0 * * * *",
        fields => fields,
    };
    let mut fields: Vec<&str> = expression.split_whitespace().collect();
    if fields.len() == 5 {
        fields.insert(0, "0");
    }
    let [second, minute, hour, date, month, weekday] = fields[..] else { panic!("not a cron: `{expression}`") };
    let plain = |field: &str| field.chars().all(|letter| letter.is_ascii_digit() || letter == ',');
    let (joined, weekday) = weekday.strip_prefix('+').map_or((false, weekday), |rest| (true, rest));
    Part {
        seconds: set(second, 0, 59, &[]),
        minutes: set(minute, 0, 59, &[]),
        hours: set(hour, 0, 23, &[]),
        months: set(month, 1, 12, &MONTHS),
        dates: date.split(',').map(date_item).collect(),
        weekdays: weekday.split(',').map(weekday_item).collect(),
        both: joined || date.contains('*') || weekday.contains('*'),
        fixed: [second, minute, hour].into_iter().all(plain),
    }
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A number, or a name that stands for one; the first name is the least number.
fn number(text: &str, least: u32, names: &[&str]) -> u32 {
    let name = (least..).zip(names).find(|(_, name)| name.eq_ignore_ascii_case(text));
    name.map_or_else(|| text.parse().expect("it is a number or a name"), |(number, _)| number)
}

/// What a list of numbers, ranges and steps allows: a yes or no for each number from 0 to `most`.
fn set(list: &str, least: u32, most: u32, names: &[&str]) -> Vec<bool> {
    let mut allowed = vec![false; at(most) + 1];
    for item in list.split(',') {
        let (range, step) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (number(from, least, names), number(to, least, names)),
            None if range == "*" => (least, most),
            None if step.is_some() => (number(range, least, names), most),
            None => (number(range, least, names), number(range, least, names)),
        };
        assert!(from <= to, "`{item}` goes backwards");
        let step = step.map_or(1, |step| step.parse().expect("a step is a number"));
        for number in (from..=to).step_by(step) {
            allowed[at(number)] = true;
        }
    }
    allowed
}

fn date_item(item: &str) -> Date {
    match item {
        "LW" => Date::LastWorking,
        "L" => Date::BeforeLast(0),
        _ => {
            if let Some(before) = item.strip_prefix("L-") {
                Date::BeforeLast(number(before, 0, &[]))
            } else if let Some(day) = item.strip_suffix('W') {
                Date::Working(number(day, 1, &[]))
            } else {
                Date::These(set(item, 1, 31, &[]))
            }
        }
    }
}

fn weekday_item(item: &str) -> Weekday {
    let weekday = |text: &str| number(text, 0, &WEEKDAYS) % 7;
    if let Some((day, nth)) = item.split_once('#') {
        return Weekday::Nth(weekday(day), number(nth, 1, &[]));
    }
    if let Some(day) = item.strip_suffix('L') {
        return Weekday::Last(weekday(day));
    }
    if let Some((from, to)) = item.split_once('-') {
        let (to, step) = to.split_once('/').map_or((to, 1), |(to, step)| (to, step.parse().expect("it is a number")));
        let (from, to) = (number(from, 0, &WEEKDAYS), number(to, 0, &WEEKDAYS));
        // Over the end of the week if need be.
        let to = if to < from { to + 7 } else { to };
        let meant: Vec<u32> = (from..=to).step_by(step).map(|day| day % 7).collect();
        return Weekday::These((0..7).map(|day| meant.contains(&day)).collect());
    }
    let mut allowed = set(item, 0, 7, &WEEKDAYS);
    allowed[0] |= allowed[7];
    Weekday::These(allowed)
}

impl Part {
    /// Whether the expression means this day.
    pub fn means(&self, day: Day) -> bool {
        let date = self.dates.iter().any(|item| item.means(day));
        let weekday = self.weekdays.iter().any(|item| item.means(day));
        self.months[at(day.month)] && if self.both { date && weekday } else { date || weekday }
    }
}

impl Date {
    fn means(&self, day: Day) -> bool {
        match *self {
            Self::These(ref allowed) => allowed[at(day.date)],
            Self::BeforeLast(before) => day.date + before == day.length,
            Self::Working(meant) => meant <= day.length && day.date == nearest_working(meant, day),
            Self::LastWorking => day.date == nearest_working(day.length, day),
        }
    }
}

impl Weekday {
    fn means(&self, day: Day) -> bool {
        match *self {
            Self::These(ref allowed) => allowed[at(day.weekday)],
            Self::Nth(weekday, nth) => day.weekday == weekday && (day.date - 1) / 7 + 1 == nth,
            Self::Last(weekday) => day.weekday == weekday && day.date + 7 > day.length,
        }
    }
}

/// The day from Monday to Friday that is nearest to a day and in the same month as `any`.
fn nearest_working(meant: u32, any: Day) -> u32 {
    let weekday = (any.weekday + 35 + meant - any.date) % 7;
    match weekday {
        6 if meant == 1 => 3,
        6 => meant - 1,
        0 if meant == any.length => meant - 2,
        0 => meant + 1,
        _ => meant,
    }
}

fn at(number: u32) -> usize {
    usize::try_from(number).expect("it is small")
}
