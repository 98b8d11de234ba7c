//! How many times lie between two instants, counted and not walked through, however many they are.

use std::collections::HashMap;

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};

use super::grammar::Expression;
use super::zone::later;
use super::{Calendar, Dst, SECOND};

const SECONDS: u32 = 86_400;

/// Counts the times of a calendar. What it has found out about days it keeps for the next count.
pub(super) struct Tally<'c> {
    calendar: &'c Calendar,
    /// For some of the expressions, the seconds of a day that any of them means.
    days: HashMap<u32, Day>,
}

impl<'c> Tally<'c> {
    pub(super) fn new(calendar: &'c Calendar) -> Self {
        Self { calendar, days: HashMap::new() }
    }

    /// How many times lie after `from`, up to and including `to`; both whole seconds.
    ///
    /// Between two changes of the clocks local time goes evenly, and there a time is a second whose local time is
    /// meant. Where the clocks were put back, times of day that have been shown do not come again; where they were
    /// put forward, those that were left out come together, at the change.
    pub(super) fn count(&mut self, from: Timestamp, to: Timestamp) -> u64 {
        let zone = &self.calendar.zone;
        let (mut count, mut start, mut latest) = (0, later(from, SECOND), zone.latest(from));
        while start <= to {
            let change = zone.change(start).filter(|change| *change <= to);
            let end = change.map_or(to, |change| later(change, -SECOND));
            let (first, last) = (zone.local(start), zone.local(end));
            count += u64::from(self.is_left_out(latest, first));
            count += self.meant(first, last.min(latest), self.again());
            count += self.meant(first.max(after(latest)), last, self.all());
            latest = latest.max(last);
            let Some(change) = change else { break };
            start = change;
        }
        count
    }

    /// The newest `count` times after `from`, up to and including `to`, the oldest of them first.
    pub(super) fn newest(&mut self, count: u64, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let mut times = Vec::new();
        if count == 0 {
            return times;
        }
        let mut start = self.start_of_newest(count, from, to);
        while let Some(next) = self.calendar.next_instant(start).filter(|next| *next <= to) {
            times.push(next);
            start = next;
        }
        times
    }

    /// The latest instant with so many times between it and `to`; `from` when there are not so many.
    fn start_of_newest(&mut self, count: u64, from: Timestamp, to: Timestamp) -> Timestamp {
        let back = |seconds: i64| later(to, -SignedDuration::from_secs(seconds)).max(from);
        let (mut near, mut far) = (0, 60);
        while back(far) > from && self.count(back(far), to) < count {
            (near, far) = (far, far.saturating_mul(2));
        }
        while far - near > 1 {
            let middle = near.midpoint(far);
            if self.count(back(middle), to) < count { near = middle } else { far = middle }
        }
        back(far)
    }

    /// Whether times of day were left out between `latest` and `first`, at which none is meant.
    fn is_left_out(&mut self, latest: DateTime, first: DateTime) -> bool {
        let once = self.all() & !self.again();
        let left_out = once != 0 && after(latest) < first && self.meant(after(latest), before(first), once) > 0;
        left_out && self.meant(first, first, self.all()) == 0
    }

    fn all(&self) -> u32 {
        self.chosen(|_| true)
    }

    /// The expressions whose times come each time that the clocks show them.
    fn again(&self) -> u32 {
        let rule = self.calendar.rule;
        self.chosen(|expression| rule == Dst::Literal || !expression.fixed)
    }

    fn chosen(&self, choose: impl Fn(&Expression) -> bool) -> u32 {
        let expressions = self.calendar.expressions.0.iter().zip(0..);
        expressions.filter(|(expression, _)| choose(expression)).fold(0, |set, (_, index)| set | 1 << index)
    }

    /// How many local times from `first` to `last` any of these expressions means.
    fn meant(&mut self, first: DateTime, last: DateTime, expressions: u32) -> u64 {
        if expressions == 0 || first > last {
            return 0;
        }
        let (mut count, mut month) = (0, Month::of(self.calendar, first.date()));
        let mut date = first.date();
        while date <= last.date() {
            if !month.holds(date) {
                month = Month::of(self.calendar, date);
            }
            let start = if date == first.date() { second_of(first.time()) } else { 0 };
            let end = if date == last.date() { second_of(last.time()) + 1 } else { SECONDS };
            count += self.on_day(month.meant_on(date) & expressions, start, end);
            let Ok(tomorrow) = date.tomorrow() else { break };
            date = tomorrow;
        }
        count
    }

    fn on_day(&mut self, expressions: u32, start: u32, end: u32) -> u64 {
        if expressions == 0 {
            return 0;
        }
        let day = self.days.entry(expressions).or_insert_with(|| Day::of(&self.calendar.expressions.0, expressions));
        day.before(end) - day.before(start)
    }
}

fn second_of(time: Time) -> u32 {
    let [hour, minute, second] = [time.hour(), time.minute(), time.second()].map(|part| u32::from(part.unsigned_abs()));
    hour * 3_600 + minute * 60 + second
}

fn after(local: DateTime) -> DateTime {
    local.saturating_add(SECOND)
}

fn before(local: DateTime) -> DateTime {
    local.saturating_sub(SECOND)
}

/// Which expressions mean which days of one month.
struct Month {
    first: Date,
    days: Vec<u32>,
}

impl Month {
    fn of(calendar: &Calendar, date: Date) -> Self {
        Self {
            first: date.first_of_month(),
            days: calendar.expressions.0.iter().map(|each| each.days_from(date)).collect(),
        }
    }

    fn holds(&self, date: Date) -> bool {
        self.first == date.first_of_month()
    }

    fn meant_on(&self, date: Date) -> u32 {
        let each = self.days.iter().zip(0..);
        each.filter(|(days, _)| *days & 1 << date.day() != 0).fold(0, |set, (_, index)| set | 1 << index)
    }
}

/// The seconds of a day that are meant, as bits, with how many there are before each word of them.
struct Day {
    words: Vec<(u64, u64)>,
}

impl Day {
    fn of(expressions: &[Expression], chosen: u32) -> Self {
        let mut meant = vec![0_u64; 1 + usize::try_from(SECONDS / 64).unwrap_or_default()];
        for (expression, _) in expressions.iter().zip(0..).filter(|(_, index)| chosen & 1 << index != 0) {
            for minute in (0..1_440_u32).filter(|minute| expression.means_minute(*minute)) {
                let (word, shift) = (minute * 60 / 64, minute * 60 % 64);
                let seconds = u128::from(expression.seconds) << shift;
                for (word, part) in (word..).zip([seconds, seconds >> 64]) {
                    if let Some(word) = usize::try_from(word).ok().and_then(|word| meant.get_mut(word)) {
                        *word |= u64::try_from(part & u128::from(u64::MAX)).unwrap_or_default();
                    }
                }
            }
        }
        let mut before = 0;
        let counted = meant.into_iter().map(|word| {
            let entry = (before, word);
            before += u64::from(word.count_ones());
            entry
        });
        Self { words: counted.collect() }
    }

    /// How many of them lie before a second of the day.
    fn before(&self, second: u32) -> u64 {
        let word = usize::try_from(second / 64).ok().and_then(|word| self.words.get(word));
        word.map_or(0, |(before, word)| before + u64::from((word & !(u64::MAX << (second % 64))).count_ones()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::cron::{Expressions, Zone};

    const EXPRESSIONS: [&str; 14] = [
        "30 2 * * *",
        "0,30 1,2 * * *",
        "0 0 * * *",
        "30 0 * * *; 0 1 * * *; 15,45 */2 * * *",
        "*/15 * * * *",
        "7 * * * * *",
        "59,0 59,0 23,0,1,2,3 * * *",
        "30 2 * * *; */30 * * * *",
        "30 1-3 * * *; 30 1 * * *",
        "0 0 L * *; 0 12 15W * *",
        "30 2 * * SUN#2",
        "0 3 29-31 * *",
        "* 30 2 * * *",
        "30 30 2 * * *; 0 3 * * *",
    ];

    fn calendar(text: &str, zone: &str, rule: Dst) -> Calendar {
        let expressions = Expressions::read(text).expect("an expression");
        Calendar::new(expressions, Some(Zone::named(zone).expect("a zone")), Some(rule))
    }

    fn walk(calendar: &Calendar, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
        let first = calendar.next_instant(from);
        let times = std::iter::successors(first, |last| calendar.next_instant(*last));
        times.take_while(|time| *time <= to).collect()
    }

    /// Windows whose ends lie before, at and after changes of the clocks, also of two changes in one window.
    #[test]
    fn a_count_agrees_with_a_walk() {
        for (zone, change) in [
            ("UTC", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-10-25T01:00:00Z"),
            ("America/Santiago", "2026-09-06T04:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-04T15:00:00Z"),
            ("Pacific/Apia", "2011-12-30T10:00:00Z"),
            ("Antarctica/Troll", "2026-10-25T01:00:00Z"),
            ("Africa/Casablanca", "2026-02-15T02:00:00Z"),
        ] {
            let change: Timestamp = change.parse().expect("a time");
            for (text, rule) in EXPRESSIONS.iter().flat_map(|text| [(text, Dst::Vixie), (text, Dst::Literal)]) {
                let calendar = calendar(text, zone, rule);
                let mut tally = Tally::new(&calendar);
                for (from, to) in [
                    (-90_000, 90_000),
                    (-5_400, 5_399),
                    (-1, 0),
                    (0, 1),
                    (-1_800, 1_800),
                    (1_799, 9_000),
                    (-9_000, -1),
                    (0, 2_800_000),
                ] {
                    let at = |seconds| later(change, SignedDuration::from_secs(seconds));
                    let walked = walk(&calendar, at(from), at(to));
                    let told = format!("{text} in {zone}, {rule:?}, {from} to {to}");
                    assert_eq!(tally.count(at(from), at(to)), u64::try_from(walked.len()).expect("few"), "{told}");
                    for most in [0, 1, 3, walked.len()] {
                        let newest = walked.get(walked.len().saturating_sub(most)..).expect("a part");
                        let count = u64::try_from(newest.len()).expect("few");
                        assert_eq!(tally.newest(count, at(from), at(to)), newest, "{told}, newest {most}");
                    }
                }
            }
        }
    }

    #[test]
    fn thirty_years_of_seconds_are_counted() {
        let calendar = calendar("* * * * * *", "Europe/Berlin", Dst::Vixie);
        let (from, years) = (Timestamp::UNIX_EPOCH, SignedDuration::from_hours(24 * 365 * 30));
        let count = Tally::new(&calendar).count(from, later(from, years));
        assert_eq!(i64::try_from(count), Ok(years.as_secs()));
    }
}
