//! What is due on the wall clock: how many times of a timetable have come, which are the newest of them, and which is
//! the next, found without walking through them wherever they can be counted.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use super::grid::{Span, span_on_wall, times};
use super::{Calendar, Timetable};
use crate::clock::earlier;

/// How many times of a rule are looked at one by one.
const WALK: u64 = 100_000;
/// How many of a calendar are, before they are counted.
const FEW: u64 = 64;

/// Times that are due, one at least.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Due {
    count: u64,
    first: SystemTime,
    last: SystemTime,
    newest: Newest,
    next: Option<SystemTime>,
    whole: bool,
    steps: u64,
}

/// The newest times.
#[derive(Debug, PartialEq, Eq)]
enum Newest {
    /// As far apart as this.
    Apart(Duration),
    /// At any distance: those that were asked for, the oldest of them first.
    Listed(VecDeque<SystemTime>),
}

impl Due {
    /// Of the times after `last`, which had its turn, those that have come by `now`, where the `newest` of them can be
    /// asked for; `None` when none has, and [`Timetable::following`] says which comes next.
    ///
    /// Equal periods are counted from `last`, those of [`Timetable::Every`] too, for whoever has no other clock.
    #[cfg_attr(
        not(any(test, feature = "_durable")),
        expect(dead_code, reason = "for kinds whose ticks are named by the clock of a database")
    )]
    pub(crate) fn after(timetable: &Timetable, last: SystemTime, now: SystemTime, newest: u64) -> Option<Self> {
        Self::from(timetable, timetable.following(last)?, now, newest)
    }

    /// The same where the first of them is known.
    pub(crate) fn from(timetable: &Timetable, first: SystemTime, now: SystemTime, newest: u64) -> Option<Self> {
        if first > now {
            return None;
        }
        match timetable {
            Timetable::Every(period) | Timetable::Aligned(period) => {
                let Span { count, first, last } = span_on_wall(first, *period, now)?;
                let next = timetable.following(last);
                Some(Self { count, first, last, newest: Newest::Apart(*period), next, whole: true, steps: 0 })
            }
            Timetable::Rule(_) => Some(walk(timetable, first, now, newest, WALK)),
            Timetable::Calendar(calendar) => {
                let due = walk(timetable, first, now, newest, FEW);
                Some(if due.whole { due } else { counted(calendar, first, now, newest) })
            }
        }
    }

    /// How many they are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Whether they are all that is due. Otherwise they are the oldest of very many times of a rule, with more after
    /// them than were asked for: none of these is among the newest, and what is due after the last of them is still to
    /// be found.
    pub(crate) fn is_whole(&self) -> bool {
        self.whole
    }

    /// The one that is `back` before the newest: one of those that were asked for, or else the first of all.
    pub(crate) fn at(&self, back: u64) -> SystemTime {
        match &self.newest {
            _ if back == 0 => self.last,
            _ if back >= self.count => self.first,
            Newest::Apart(period) => earlier(self.last, times(*period, back)),
            Newest::Listed(newest) => {
                let index = usize::try_from(back).ok().and_then(|back| newest.len().checked_sub(back + 1));
                index.and_then(|index| newest.get(index)).copied().unwrap_or(self.first)
            }
        }
    }

    /// The one after the newest, if any: due as well when these are [not all](Self::is_whole).
    pub(crate) fn next(&self) -> Option<SystemTime> {
        self.next
    }

    /// How many steps were taken to find them.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }
}

/// Goes from time to time: over `most`, and over the `newest` after them, in case these are all.
fn walk(timetable: &Timetable, first: SystemTime, now: SystemTime, newest: u64, most: u64) -> Due {
    let (mut count, mut kept, mut next) = (1, VecDeque::from([first]), timetable.following(first));
    while let Some(time) = next.filter(|time| *time <= now) {
        if count == most.saturating_add(newest) {
            kept.push_back(time);
            return oldest(first, kept, most);
        }
        count += 1;
        kept.push_back(time);
        if u64::try_from(kept.len()).is_ok_and(|length| length > newest.saturating_add(1)) {
            kept.pop_front();
        }
        next = timetable.following(time);
    }
    let last = kept.back().copied().unwrap_or(first);
    Due { count, first, last, newest: Newest::Listed(kept), next, whole: true, steps: count }
}

/// The times that surely are not among the newest: all but the last of those that were found, which come next.
fn oldest(first: SystemTime, mut newest: VecDeque<SystemTime>, count: u64) -> Due {
    let last = newest.pop_front().unwrap_or(first);
    let next = newest.pop_front();
    Due { count, first, last, newest: Newest::Listed(VecDeque::new()), next, whole: false, steps: count }
}

/// Counts the times, so that it does not matter how many they are.
fn counted(calendar: &Calendar, first: SystemTime, now: SystemTime, newest: u64) -> Due {
    let (more, kept) = calendar.tally(first, now, newest.max(1));
    let (count, last) = (more + 1, kept.last().copied().unwrap_or(first));
    let steps = FEW + u64::try_from(kept.len()).unwrap_or(u64::MAX);
    let next = calendar.next(now);
    Due { count, first, last, newest: Newest::Listed(kept.into()), next, whole: true, steps }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::schedule::{Expressions, Recurrence, Zone};

    const SECOND: Duration = Duration::from_secs(1);
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    /// 2026-03-28T00:00:00Z: the clocks of Berlin go forward on the next day.
    const SATURDAY: u64 = 1_774_656_000;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + SECOND * u32::try_from(seconds).expect("this century")
    }

    fn every(seconds: u64) -> Timetable {
        Timetable::Every(Duration::from_secs(seconds))
    }

    fn aligned(seconds: u64) -> Timetable {
        Timetable::Aligned(Duration::from_secs(seconds))
    }

    /// `None` without the feature `cron`.
    fn cron(text: &str, zone: &str) -> Option<Timetable> {
        let (text, zone) = (Expressions::read(text).ok()?, Zone::named(zone).ok()?);
        Some(Timetable::Calendar(Arc::new(Calendar::new(text, Some(zone), None))))
    }

    /// Every so many seconds from the start of the epoch, up to an end, if there is one.
    struct Steps(u64, Option<u64>);

    impl Recurrence for Steps {
        fn next(&self, after: SystemTime) -> Option<SystemTime> {
            let since = after.duration_since(UNIX_EPOCH).ok()?.as_secs();
            let next = (since / self.0 + 1) * self.0;
            self.1.is_none_or(|end| next <= end).then(|| at(next))
        }

        fn describe(&self) -> String {
            "steps".to_owned()
        }
    }

    fn steps(seconds: u64, end: Option<u64>) -> Timetable {
        Timetable::Rule(Arc::new(Steps(seconds, end)))
    }

    /// What is due, in seconds: how many, the first, the newest that were asked for, and the next.
    type Found = (u64, u64, Vec<u64>, Option<u64>);

    fn seconds(time: SystemTime) -> u64 {
        time.duration_since(UNIX_EPOCH).expect("in the epoch").as_secs()
    }

    fn found(due: &Due, newest: u64) -> Found {
        let listed = (0..newest.min(due.count())).rev().map(|back| seconds(due.at(back)));
        (due.count(), seconds(due.at(due.count() - 1)), listed.collect(), due.next().map(seconds))
    }

    #[test]
    fn the_table() {
        let two_weeks = 14 * DAY;
        let spring = |days: u64, seconds: u64| SATURDAY + days * DAY + seconds;
        for (told, timetable, last, now, newest, expected) in [
            ("nothing before the period is over", Some(every(5)), 100, 104, 3, None),
            ("the last lies in the future", Some(every(5)), 1_000, 100, 3, None),
            ("the last lies in the future", Some(aligned(5)), 1_000, 100, 3, None),
            ("the last lies in the future", Some(steps(5, None)), 1_000, 100, 3, None),
            ("the last lies in the future", cron("*/5 * * * *", "UTC"), 7_200, 3_600, 3, None),
            ("on the second", Some(every(5)), 100, 105, 3, Some((1, 105, vec![105], Some(110)))),
            ("counted from the last", Some(every(5)), 101, 117, 2, Some((3, 106, vec![111, 116], Some(121)))),
            (
                "two weeks of five seconds",
                Some(every(5)),
                7,
                7 + two_weeks,
                1,
                Some((two_weeks / 5, 12, vec![7 + two_weeks], Some(12 + two_weeks))),
            ),
            ("only a count", Some(every(5)), 100, 116, 0, Some((3, 105, vec![], Some(120)))),
            ("counted from the epoch", Some(aligned(10)), 7, 39, 2, Some((3, 10, vec![20, 30], Some(40)))),
            (
                "two weeks of five seconds",
                Some(aligned(5)),
                7,
                two_weeks,
                2,
                Some((two_weeks / 5 - 1, 10, vec![two_weeks - 5, two_weeks], Some(two_weeks + 5))),
            ),
            ("more asked for than due", Some(steps(10, None)), 7, 39, 9, Some((3, 10, vec![10, 20, 30], Some(40)))),
            ("the end of a rule", Some(steps(10, Some(30))), 7, 99, 2, Some((3, 10, vec![20, 30], None))),
            ("after the end of a rule", Some(steps(10, Some(30))), 30, 99, 2, None),
            (
                "a few of a calendar",
                cron("*/15 * * * *", "UTC"),
                0,
                HOUR,
                2,
                Some((4, 900, vec![2_700, 3_600], Some(4_500))),
            ),
            (
                "two weeks of seconds",
                cron("* * * * * *", "UTC"),
                7,
                two_weeks,
                2,
                Some((two_weeks - 7, 8, vec![two_weeks - 1, two_weeks], Some(two_weeks + 1))),
            ),
            (
                "only a count",
                cron("* * * * * *", "UTC"),
                7,
                two_weeks,
                0,
                Some((two_weeks - 7, 8, vec![], Some(two_weeks + 1))),
            ),
            (
                "02:30 is at 03:00 when the clocks go forward",
                cron("30 2 * * *", "Europe/Berlin"),
                spring(0, 0),
                spring(2, 12 * HOUR),
                3,
                Some((
                    3,
                    spring(0, HOUR + 30 * MINUTE),
                    vec![spring(0, HOUR + 30 * MINUTE), spring(1, HOUR), spring(2, 30 * MINUTE)],
                    Some(spring(3, 30 * MINUTE)),
                )),
            ),
        ] {
            let Some(timetable) = timetable else { continue };
            let due = Due::after(&timetable, at(last), at(now), newest);
            let told = format!("{told}: {}, {last} to {now}", timetable.describe());
            assert!(due.as_ref().is_none_or(Due::is_whole), "{told}");
            assert_eq!(due.map(|due| found(&due, newest)), expected, "{told}");
        }
    }

    #[test]
    fn what_can_be_counted_is_not_walked_through() {
        let years = 30 * 365 * DAY;
        for (timetable, most) in [
            (Some(every(1)), 0),
            (Some(aligned(1)), 0),
            (cron("* * * * * *", "Europe/Berlin"), FEW + 20),
            (Some(steps(1, None)), WALK),
        ] {
            let Some(timetable) = timetable else { continue };
            let due = Due::after(&timetable, at(0), at(years), 20).expect("much is due");
            assert!(due.steps() <= most, "{}: {} steps", timetable.describe(), due.steps());
        }
    }

    #[test]
    fn very_many_times_of_a_rule_are_found_in_portions() {
        let timetable = steps(1, None);
        for newest in [0, 1, 3] {
            let (mut last, end, mut count, mut portions) = (0, 2 * WALK + newest + 1, 0, 0);
            let due = loop {
                let due = Due::after(&timetable, at(last), at(end), newest).expect("more is due");
                count += due.count();
                if due.is_whole() {
                    break due;
                }
                portions += 1;
                assert_eq!((due.count(), due.next().map(seconds)), (WALK, Some(last + WALK + 1)));
                last = seconds(due.at(0));
            };
            assert_eq!((portions, count), (2, end));
            let listed = (end + 1 - newest..=end).collect();
            assert_eq!(found(&due, newest), (newest + 1, end - newest, listed, Some(end + 1)));
        }
    }
}
