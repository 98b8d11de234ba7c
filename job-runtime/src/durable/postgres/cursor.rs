//! Where a claim looks: behind what was claimed before.
//!
//! A row that was claimed leaves an entry in the index that stays until it is vacuumed, and for longer where somebody has
//! a transaction open. To walk over all of them at each claim would cost the more the more was done. So a store keeps in
//! mind how far each lane of a queue was seen, and looks from there. Whatever is put in before that place is told of with
//! its time, and the place is set back. And lest anything be missed all the same, all is looked at from the beginning now
//! and then, as often as that is cheap.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::notice::BEGINNING;
use crate::clock::Moment;
use crate::job::PRIORITIES;

/// A place in a lane: a time in microseconds since 1970, and the number of a row.
pub(super) type Place = (i64, i64);

pub(super) const START: Place = (BEGINNING, i64::MIN);

/// How often all is looked at, if that is cheap.
const SWEEP: Duration = Duration::from_secs(1);
/// It is cheap when it takes less than this part of the time.
const SHARE: u32 = 20;

/// How far the queues were seen.
#[derive(Default)]
pub(super) struct Cursors {
    queues: HashMap<Arc<str>, Cursor>,
    /// The names that were looked for; others may have been passed over.
    names: Option<Arc<[Arc<str>]>>,
}

/// How far one queue was seen.
struct Cursor {
    lanes: Vec<Place>,
    /// The earliest time told of since the last look began.
    told: Option<i64>,
    /// When all was looked at, and what that took.
    swept: Option<(Moment, Duration)>,
    /// Whether the last look found less than was wished for.
    short: bool,
}

/// One look at a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Where it begins in each lane.
    pub(super) from: Vec<Place>,
    pub(super) is_sweep: bool,
}

/// What a look found.
pub(super) struct Found<'f> {
    /// The lane and the place of each row.
    pub(super) rows: &'f [(i16, Place)],
    /// Whether it was less than was wished for, so that nothing is left.
    pub(super) short: bool,
    /// The time up to which it looked.
    pub(super) until: i64,
    pub(super) began: Moment,
    pub(super) took: Duration,
}

/// The lanes that have a place: those of priorities. In the one before them is next to nothing.
pub(super) fn lanes() -> std::ops::RangeInclusive<i16> {
    let lane = |priority: &u32| i16::try_from(*priority).unwrap_or_default();
    lane(PRIORITIES.start())..=lane(PRIORITIES.end())
}

impl Cursors {
    /// Nothing was seen: something changed that has no time.
    pub(super) fn forget(&mut self) {
        self.names = None;
    }

    /// Rows may have been put into a queue that are due from this time on.
    pub(super) fn told(&mut self, queue: &str, from: i64) {
        if let Some(cursor) = self.queues.get_mut(queue) {
            cursor.set_back(from);
            cursor.told = Some(cursor.told.map_or(from, |told| told.min(from)));
        }
    }

    /// Where to look now for jobs of these names.
    pub(super) fn look(&mut self, queue: &Arc<str>, names: &Arc<[Arc<str>]>, now: Moment) -> Look {
        if self.names.as_ref() != Some(names) {
            self.queues.clear();
            self.names = Some(Arc::clone(names));
        }
        let cursor = self.queues.entry(Arc::clone(queue)).or_insert_with(Cursor::new);
        cursor.told = None;
        let is_sweep = cursor.wants_sweep(now);
        let from = if is_sweep { Cursor::new().lanes } else { cursor.lanes.clone() };
        Look { from, is_sweep }
    }

    /// What came of it.
    pub(super) fn found(&mut self, queue: &str, look: &Look, found: &Found<'_>) {
        if let Some(cursor) = self.queues.get_mut(queue) {
            cursor.found(look, found);
        }
    }
}

impl Cursor {
    fn new() -> Self {
        Self { lanes: lanes().map(|_| START).collect(), told: None, swept: None, short: false }
    }

    fn set_back(&mut self, from: i64) {
        for place in &mut self.lanes {
            *place = (*place).min((from, i64::MIN));
        }
    }

    fn wants_sweep(&self, now: Moment) -> bool {
        let Some((when, took)) = self.swept else { return true };
        let since = now.since(when);
        (self.short || since >= SWEEP) && since >= took * SHARE
    }

    fn found(&mut self, look: &Look, found: &Found<'_>) {
        let last = found.rows.iter().map(|(lane, _)| *lane).max();
        for (lane, place) in lanes().zip(&mut self.lanes) {
            let of_lane = found.rows.iter().filter(|(other, _)| *other == lane).map(|(_, place)| *place).max();
            if found.short || last.is_some_and(|last| lane < last) {
                // Nothing is left in it that is due.
                *place = (found.until, i64::MAX);
            } else if let Some(of_lane) = of_lane {
                *place = of_lane;
            }
        }
        self.short = found.short;
        if look.is_sweep {
            self.swept = Some((found.began, found.took));
        }
        if let Some(told) = self.told {
            self.set_back(told);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "mail";

    /// A queue and what is told of it, with a clock of its own.
    struct Table {
        cursors: Cursors,
        names: Arc<[Arc<str>]>,
        now: Moment,
    }

    impl Table {
        fn new() -> Self {
            let now = Moment::NEVER - Duration::from_secs(100_000);
            Self { cursors: Cursors::default(), names: Arc::from([Arc::from("a")]), now }
        }

        fn look(&mut self) -> Look {
            self.cursors.look(&MAIL.into(), &self.names, self.now)
        }

        fn found(&mut self, look: &Look, rows: &[(i16, Place)], short: bool, until: i64, millis: u64) {
            let took = Duration::from_millis(millis);
            self.cursors.found(MAIL, look, &Found { rows, short, until, began: self.now, took });
        }

        fn pass(&mut self, millis: u64) {
            self.now = self.now + Duration::from_millis(millis);
        }
    }

    fn lane(look: &Look, lane: usize) -> Place {
        look.from[lane]
    }

    #[test]
    fn it_goes_on_behind_what_was_claimed() {
        let mut table = Table::new();
        let look = table.look();
        assert!(look.is_sweep && look.from.iter().all(|place| *place == START));
        table.found(&look, &[(3, (100, 1)), (3, (100, 2)), (1, (50, 9))], false, 200, 1);
        let look = table.look();
        assert!(!look.is_sweep);
        assert_eq!(lane(&look, 3), (100, 2), "there was more in it");
        assert_eq!((lane(&look, 0), lane(&look, 1)), ((200, i64::MAX), (200, i64::MAX)), "these are empty up to now");
        assert_eq!(lane(&look, 4), START, "this was not looked at");
    }

    #[test]
    fn all_is_empty_up_to_now_when_it_found_less_than_was_wished_for() {
        let mut table = Table::new();
        let look = table.look();
        table.found(&look, &[(3, (100, 1))], true, 200, 1);
        let look = table.look();
        assert!(!look.is_sweep && look.from.iter().all(|place| *place == (200, i64::MAX)));
    }

    #[test]
    fn what_is_put_in_before_it_is_found() {
        let mut table = Table::new();
        let look = table.look();
        table.found(&look, &[(3, (100, 1))], true, 200, 1);
        table.cursors.told(MAIL, 90);
        table.cursors.told(MAIL, 120);
        table.cursors.told("post", 0);
        let look = table.look();
        assert!(!look.is_sweep && look.from.iter().all(|place| *place == (90, i64::MIN)));
        // While a look is on, what it finds does not outdo what is told.
        table.cursors.told(MAIL, 150);
        table.found(&look, &[], true, 300, 1);
        assert_eq!(lane(&table.look(), 3), (150, i64::MIN));
        table.cursors.told(MAIL, BEGINNING);
        assert_eq!(lane(&table.look(), 3), START);
    }

    #[test]
    fn all_is_looked_at_each_second_or_when_there_is_nothing_else_if_it_is_cheap() {
        let mut table = Table::new();
        let look = table.look();
        table.found(&look, &[(0, (100, 1))], false, 200, 10);
        table.pass(999);
        assert!(!table.look().is_sweep, "there is plenty to do");
        table.pass(1);
        let look = table.look();
        assert!(look.is_sweep);
        table.found(&look, &[], true, 300, 10);
        table.pass(199);
        assert!(!table.look().is_sweep, "it would take more than its share");
        table.pass(1);
        let look = table.look();
        assert!(look.is_sweep, "there is nothing else to do");
        table.found(&look, &[], true, 400, 1_000);
        table.pass(19_999);
        assert!(!table.look().is_sweep);
        table.pass(1);
        assert!(table.look().is_sweep);
    }

    #[test]
    fn other_names_are_looked_for_from_the_beginning() {
        let mut table = Table::new();
        let look = table.look();
        table.found(&look, &[(0, (100, 1))], true, 200, 60_000);
        table.names = Arc::from([Arc::from("a"), Arc::from("b")]);
        assert!(table.look().is_sweep);
        let look = table.look();
        table.found(&look, &[], true, 300, 60_000);
        assert!(!table.look().is_sweep);
        table.cursors.forget();
        assert!(table.look().is_sweep);
    }
}
