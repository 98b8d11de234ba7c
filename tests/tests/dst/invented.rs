//! Makes up cron expressions that are written well.

use crate::random::Random;

const MONTHS: [&str; 12] = ["JAN", "feb", "Mar", "APR", "may", "Jun", "JUL", "aug", "Sep", "OCT", "nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["SUN", "mon", "Tue", "WED", "thu", "Fri", "SAT"];

/// An expression, which may name days that never come.
pub fn expression(random: &mut Random) -> String {
    if random.percent(3) {
        return random
            .one_of(&["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"])
            .into();
    }
    let second = if random.percent(30) { time(random, 59) + " " } else { String::new() };
    let (minute, hour) = (time(random, 59), time(random, 23));
    format!("{second}{minute} {hour} {}", days(random))
}

/// The fields for day of the month, month, and day of the week.
pub fn days(random: &mut Random) -> String {
    let month = if random.percent(70) { "*".to_owned() } else { list(random, &mut month) };
    let dates = if random.percent(40) { "*".to_owned() } else { list(random, &mut date) };
    let weekdays = if random.percent(50) { "*".to_owned() } else { list(random, &mut weekday) };
    let plus = if random.percent(20) { "+" } else { "" };
    format!("{dates} {month} {plus}{weekdays}")
}

/// A field of a time of day: more often than not plain numbers.
fn time(random: &mut Random, most: u64) -> String {
    match random.within(0, 9) {
        0 => "*".to_owned(),
        1..=2 => list(random, &mut |random| part(random, 0, most, &number)),
        _ => list(random, &mut |random| random.within(0, most).to_string()),
    }
}

fn list(random: &mut Random, item: &mut dyn FnMut(&mut Random) -> String) -> String {
    let count = random.one_of(&[1, 1, 1, 2, 3]);
    (0..count).map(|_| item(random)).collect::<Vec<_>>().join(",")
}

fn number(_: &mut Random, value: u64) -> String {
    value.to_string()
}

/// A number or one of its names.
fn named(random: &mut Random, names: &[&str], value: u64, least: u64) -> String {
    let name = usize::try_from(value - least).ok().and_then(|index| names.get(index));
    name.filter(|_| random.percent(50)).map_or_else(|| value.to_string(), |name| (*name).to_owned())
}

/// `*`, a number or a range, or one of them with a step.
fn part(random: &mut Random, lowest: u64, most: u64, write: &dyn Fn(&mut Random, u64) -> String) -> String {
    let first = random.within(lowest, most - 1);
    let last = random.within(first + 1, most);
    let step = random.within(1, (most - lowest).min(9));
    match random.within(0, 5) {
        0 => "*".to_owned(),
        1 => format!("*/{step}"),
        2 => format!("{}/{step}", write(random, first)),
        3 => format!("{}-{}", write(random, first), write(random, last)),
        4 => format!("{}-{}/{step}", write(random, first), write(random, last)),
        _ => write(random, first),
    }
}

fn month(random: &mut Random) -> String {
    part(random, 1, 12, &|random, value| named(random, &MONTHS, value, 1))
}

fn date(random: &mut Random) -> String {
    match random.within(0, 7) {
        0 => random.one_of(&["L", "l", "LW", "lw"]).to_owned(),
        1 => format!("L-{}", random.within(1, 30)),
        2 => format!("{}W", random.within(1, 31)),
        _ => part(random, 1, 31, &number),
    }
}

fn weekday(random: &mut Random) -> String {
    let day = |random: &mut Random, value| named(random, &WEEKDAYS, value, 0);
    let (first, last) = (random.within(0, 7), random.within(0, 7));
    match random.within(0, 6) {
        0 => format!("{}#{}", day(random, first), random.within(1, 5)),
        1 => format!("{}L", day(random, first)),
        // Over the end of the week, as often as not.
        2 => format!("{}-{}", day(random, first), day(random, last)),
        3 => format!("{}-{}/{}", day(random, first), day(random, last), random.within(1, 6)),
        _ => part(random, 0, 6, &day),
    }
}
