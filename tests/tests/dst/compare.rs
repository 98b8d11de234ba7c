//! Compares schedules with what the walk found, over a span of time.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use job_runtime::{Dst, Recurrence, Schedule};

use crate::random::Random;
use crate::walk::{Chart, Walk};
use crate::zones;

/// How many mismatches are told, one at most of an expression in a span.
const TOLD: usize = 40;

/// What was compared.
#[derive(Default)]
pub struct Tally {
    pub changes: usize,
    pub seconds: i64,
    pub occurrences: usize,
    pub starts: usize,
    pub mismatches: usize,
    pub told: Vec<String>,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.changes += other.changes;
        self.seconds += other.seconds;
        self.occurrences += other.occurrences;
        self.starts += other.starts;
        self.mismatches += other.mismatches;
        self.told.extend(other.told);
        self.told.truncate(TOLD);
    }
}

/// A zone, with each expression as a schedule by each rule.
pub struct Subject<'a> {
    name: &'a str,
    zone: TimeZone,
    lines: &'a [&'a str],
    chart: &'a Chart,
    vixie: Vec<Schedule>,
    literal: Vec<Schedule>,
}

impl<'a> Subject<'a> {
    pub fn new(name: &'a str, lines: &'a [&'a str], chart: &'a Chart) -> Self {
        let schedules = |rule| lines.iter().map(|line| schedule(line, name, rule)).collect();
        let (vixie, literal) = (schedules(Dst::Vixie), schedules(Dst::Literal));
        Self { name, zone: zones::zone(name), lines, chart, vixie, literal }
    }

    /// Compares all within `margin` seconds of the changes.
    pub fn around(&self, changes: &[i64], margin: i64) -> Tally {
        let mut tally = Tally::default();
        let mut rest = changes;
        while let Some(first) = rest.first() {
            let apart = |pair: &&[i64]| pair[1] - pair[0] > 2 * margin;
            let together = rest.windows(2).position(|pair| apart(&pair)).map_or(rest.len(), |index| index + 1);
            let (near, later) = rest.split_at(together);
            rest = later;
            let (from, to) = (first - margin, near[near.len() - 1] + margin);
            self.compare(&mut Walk::after(from, &self.zone, self.chart), from, to, near, &mut tally);
        }
        tally
    }

    /// Compares every second between two, where the clocks show more at the first one than ever before.
    pub fn throughout(&self, from: i64, to: i64, changes: &[i64]) -> Tally {
        let mut tally = Tally::default();
        let mut walk = Walk::after(from, &self.zone, self.chart);
        let mut start = from;
        while start < to {
            let end = (start + 90 * 86_400).min(to);
            let within: Vec<i64> = changes.iter().copied().filter(|change| (start..end).contains(change)).collect();
            self.compare(&mut walk, start, end, &within, &mut tally);
            start = end;
        }
        tally
    }

    fn compare(&self, walk: &mut Walk<'_>, from: i64, to: i64, changes: &[i64], tally: &mut Tally) {
        let due = walk.to(to);
        tally.changes += changes.len();
        tally.seconds += to - from;
        for (rule, schedules, due) in [("vixie", &self.vixie, due.vixie), ("literal", &self.literal, due.literal)] {
            for ((line, schedule), due) in self.lines.iter().zip(schedules).zip(due) {
                let span = Span { schedule, from, to, changes, due: &due };
                tally.occurrences += due.len();
                let mismatches = span.mismatches(&mut tally.starts);
                tally.mismatches += mismatches.len();
                if let Some(first) = mismatches.first().filter(|_| tally.told.len() < TOLD) {
                    tally.told.push(format!("{} `{line}` {rule}: {}", self.name, self.tell(first)));
                }
            }
        }
    }

    fn tell(&self, mismatch: &Mismatch) -> String {
        let mut text = mismatch.what.to_owned();
        for (word, time) in [("asked from", Some(mismatch.from)), ("due", mismatch.due), ("came", mismatch.came)] {
            let time = time.map(|time| Timestamp::try_from(time).expect("jiff knows the time"));
            let time = time.map_or("none".to_owned(), |time| time.to_zoned(self.zone.clone()).to_string());
            write!(text, "; {word} {time}").expect("a string takes everything");
        }
        text
    }
}

pub fn schedule(line: &str, zone: &str, rule: Dst) -> Schedule {
    let schedule = Schedule::cron(line).and_then(|schedule| schedule.tz(zone));
    schedule.unwrap_or_else(|error| panic!("`{line}` in {zone}: {error}")).dst(rule)
}

/// Where a schedule and the walk part.
struct Mismatch {
    what: &'static str,
    from: SystemTime,
    due: Option<SystemTime>,
    came: Option<SystemTime>,
}

/// A schedule, and the seconds at which it is due after `from` up to `to`.
struct Span<'a> {
    schedule: &'a Schedule,
    from: i64,
    to: i64,
    changes: &'a [i64],
    due: &'a [i64],
}

impl Span<'_> {
    fn mismatches(&self, starts: &mut usize) -> Vec<Mismatch> {
        let mut mismatches = Vec::new();
        mismatches.extend(self.upcoming());
        let mut random = Random::new(self.from.unsigned_abs());
        for _ in 0..2 {
            let (one, other) = (self.anywhere(&mut random), self.anywhere(&mut random));
            mismatches.extend(self.between(one.min(other), one.max(other)));
        }
        for start in self.starts(&mut random) {
            *starts += 1;
            mismatches.extend(self.next(start));
        }
        mismatches
    }

    /// All at once: each is the one after the one before, and after the last comes none within the span.
    fn upcoming(&self) -> Option<Mismatch> {
        let from = time(self.from, 0);
        let mut upcoming = self.schedule.upcoming(from);
        for due in self.due {
            let (due, came) = (Some(time(*due, 0)), upcoming.next());
            if due != came {
                return Some(Mismatch { what: "upcoming", from, due, came });
            }
        }
        let came = upcoming.next().filter(|time| *time <= self.end());
        came.map(|came| Mismatch { what: "upcoming", from, due: None, came: Some(came) })
    }

    fn between(&self, from: SystemTime, to: SystemTime) -> Option<Mismatch> {
        let mut due = self.due.iter().map(|second| time(*second, 0)).filter(|time| from < *time && *time <= to);
        let mut between = self.schedule.between(from, to);
        loop {
            match (due.next(), between.next()) {
                (None, None) => return None,
                (due, came) if due == came => {}
                (due, came) => return Some(Mismatch { what: "between", from, due, came }),
            }
        }
    }

    /// The first one after a start, and the first after the moment before that one, which is the same.
    fn next(&self, from: SystemTime) -> Option<Mismatch> {
        let next = |from| Recurrence::next(self.schedule, from);
        let due = self.due.iter().map(|second| time(*second, 0)).find(|time| *time > from);
        let came = next(from).filter(|time| *time <= self.end());
        if due != came {
            return Some(Mismatch { what: "next", from, due, came });
        }
        let before = due? - Duration::from_nanos(1);
        let came = next(before);
        (due != came).then_some(Mismatch { what: "next just before", from: before, due, came })
    }

    /// Starts at the changes, just before and after them, at and near occurrences, and anywhere.
    fn starts(&self, random: &mut Random) -> Vec<SystemTime> {
        let mut starts = Vec::new();
        for change in self.changes {
            starts.extend([-1, 0, 1, 1_799, 1_800, 3_600, -1_800, -3_600].map(|away| time(change + away, 0)));
            starts
                .extend([(-1, 999_999_999), (0, 1), (899, 500_000_000)].map(|(away, part)| time(change + away, part)));
            for _ in 0..3 {
                starts.push(time(change - 7_200 + second(random, 14_400), second_part(random)));
            }
        }
        for _ in 0..3 {
            starts.push(self.anywhere(random));
        }
        starts.retain(|start| (time(self.from, 0)..=self.end()).contains(start));
        starts
    }

    /// A time of the span: now and then one that is due.
    fn anywhere(&self, random: &mut Random) -> SystemTime {
        if !self.due.is_empty() && random.percent(30) {
            return time(random.one_of(self.due), 0);
        }
        time(self.from + second(random, self.to - self.from - 1), second_part(random))
    }

    fn end(&self) -> SystemTime {
        time(self.to, 0)
    }
}

fn second(random: &mut Random, most: i64) -> i64 {
    i64::try_from(random.within(0, most.unsigned_abs())).expect("it was one before")
}

fn second_part(random: &mut Random) -> u32 {
    u32::try_from(random.one_of(&[0, 1, 500_000_000, 999_999_999])).expect("it is less than a second")
}

/// A time as seconds since 1970, which may be before, and nanoseconds.
pub fn time(second: i64, part: u32) -> SystemTime {
    let whole = Duration::from_secs(second.unsigned_abs());
    let whole = if second < 0 { UNIX_EPOCH - whole } else { UNIX_EPOCH + whole };
    whole + Duration::from_nanos(part.into())
}
