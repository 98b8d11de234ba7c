//! Walks through real time second by second, and says at which seconds expressions are due.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::days;
use crate::reading::{Part, read};

/// A set of expressions: a bit for each.
type Set = u64;

/// Which expressions mean a second of the calendar, turned round so that all are asked at once: for each number of
/// each field, the set of those that allow it.
pub struct Chart {
    seconds: Vec<Set>,
    minutes: Vec<Set>,
    hours: Vec<Set>,
    days: Vec<Set>,
    fixed: Set,
    /// To which text the expression of each bit belongs.
    texts: Vec<usize>,
    count: usize,
}

impl Chart {
    pub fn new(texts: &[&str]) -> Self {
        let parts: Vec<(usize, Part)> = (0..).zip(texts).flat_map(|(text, line)| parts_of(text, line)).collect();
        assert!(parts.len() <= 64, "there is a bit for each");
        let chosen = |choose: &dyn Fn(&Part) -> bool| {
            (0..).zip(&parts).filter(|(_, (_, part))| choose(part)).map(|(bit, _)| 1 << bit).sum()
        };
        Self {
            seconds: (0..60).map(|second| chosen(&|part| part.seconds[second])).collect(),
            minutes: (0..60).map(|minute| chosen(&|part| part.minutes[minute])).collect(),
            hours: (0..24).map(|hour| chosen(&|part| part.hours[hour])).collect(),
            days: days::days().into_iter().map(|day| chosen(&|part| part.means(day))).collect(),
            fixed: chosen(&|part| part.fixed),
            texts: parts.iter().map(|(text, _)| *text).collect(),
            count: texts.len(),
        }
    }

    /// The expressions that mean what a clock shows, as seconds since its 1970.
    fn meaning(&self, shown: i64) -> Set {
        let (day, second) = (shown.div_euclid(86_400), index(shown.rem_euclid(86_400)));
        self.seconds[second % 60]
            & self.minutes[second / 60 % 60]
            & self.hours[second / 3_600]
            & self.days[index(day - days::FIRST)]
    }
}

fn parts_of(text: usize, line: &str) -> impl Iterator<Item = (usize, Part)> {
    read(line).into_iter().map(move |part| (text, part))
}

fn index(number: i64) -> usize {
    usize::try_from(number).expect("it is not negative")
}

/// What the clocks of a zone are ahead of UTC by, in seconds.
pub fn offset(zone: &TimeZone, second: i64) -> i64 {
    let second = Timestamp::from_second(second).expect("jiff knows the time");
    zone.to_offset(second).seconds().into()
}

/// The seconds at which each text was due, by the two rules.
pub struct Due {
    pub vixie: Vec<Vec<i64>>,
    pub literal: Vec<Vec<i64>>,
}

/// A walk through the time of a zone.
pub struct Walk<'a> {
    chart: &'a Chart,
    zone: &'a TimeZone,
    now: i64,
    /// The latest time that the clocks of the zone have shown.
    latest: i64,
}

impl<'a> Walk<'a> {
    /// The walk begins after a second at which the clocks show more than ever before.
    pub fn after(second: i64, zone: &'a TimeZone, chart: &'a Chart) -> Self {
        let shown = |second| second + offset(zone, second);
        let before = (second - 26 * 3_600..second).step_by(60);
        assert!(before.map(shown).max() < Some(shown(second)), "clocks were set back just before {second}");
        Self { chart, zone, now: second, latest: second + offset(zone, second) }
    }

    /// Goes on up to and including a second.
    pub fn to(&mut self, end: i64) -> Due {
        let mut due = Due { vixie: vec![Vec::new(); self.chart.count], literal: vec![Vec::new(); self.chart.count] };
        while self.now < end {
            self.now += 1;
            let shown = self.now + offset(self.zone, self.now);
            let matching = self.chart.meaning(shown);
            self.enter(&mut due.literal, matching);
            let fixed = self.reached(shown) & self.chart.fixed;
            self.enter(&mut due.vixie, fixed | (matching & !self.chart.fixed));
        }
        due
    }

    /// The expressions that mean any of the times that the clocks now show or have jumped over for the first time.
    fn reached(&mut self, shown: i64) -> Set {
        let mut reached = 0;
        while self.latest < shown {
            self.latest += 1;
            reached |= self.chart.meaning(self.latest);
        }
        reached
    }

    fn enter(&self, due: &mut [Vec<i64>], mut expressions: Set) {
        while expressions != 0 {
            let bit = expressions.trailing_zeros();
            expressions &= expressions - 1;
            let text = &mut due[self.chart.texts[index(bit.into())]];
            if text.last() != Some(&self.now) {
                text.push(self.now);
            }
        }
    }
}
