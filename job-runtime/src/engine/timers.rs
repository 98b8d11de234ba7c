//! All alarms of a runtime in one heap: a waiting schedule costs an entry, not a task.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::clock::Moment;

/// What wakes the engine, for a record of somebody's; the receiver checks that it still means something. Packed
/// into 16 bytes, as a million of them may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    pub(crate) at: Moment,
    /// Tells the record meant from a later one in the same slot.
    pub(crate) stamp: u32,
    /// The slot, and in the three lowest bits the topic.
    place: u32,
}

impl Alarm {
    pub(crate) fn new(at: Moment, topic: Topic, slot: u32, stamp: u32) -> Self {
        Self { at, stamp, place: (slot << 3) | topic.code() }
    }

    pub(crate) fn slot(&self) -> u32 {
        self.place >> 3
    }

    pub(crate) fn topic(&self) -> Topic {
        match self.place & 7 {
            0 => Topic::Run,
            1 => Topic::Group,
            2 => Topic::Tick,
            3 => Topic::Waiting,
            4 => Topic::Spawned,
            _ => Topic::Restart,
        }
    }
}

/// Whose alarm it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// A run's: its timeout, the end of its grace, its next attempt.
    Run,
    /// A group's: the start of its members after a restart, or the end of a shutdown's patience.
    Group,
    /// A schedule's next tick.
    Tick,
    /// A tick that waits: for its jitter to pass, or for its start deadline.
    Waiting,
    /// A job's that was spawned for later.
    Spawned,
    /// A service's that is to start again.
    Restart,
}

impl Topic {
    fn code(self) -> u32 {
        match self {
            Self::Run => 0,
            Self::Group => 1,
            Self::Tick => 2,
            Self::Waiting => 3,
            Self::Spawned => 4,
            Self::Restart => 5,
        }
    }
}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Alarm {
    /// The earliest is the greatest, as `BinaryHeap` gives out the greatest; among equals the lower slot comes
    /// first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.cmp(&self.at).then_with(|| other.place.cmp(&self.place)).then_with(|| other.stamp.cmp(&self.stamp))
    }
}

/// The heap of alarms.
#[derive(Debug)]
pub(crate) struct Timers {
    heap: BinaryHeap<Alarm>,
    /// The top entry was given out and is dead; the next push takes its place, which saves a pop.
    given: bool,
    /// How many entries mean nothing any more, at a guess.
    stale: usize,
}

impl Timers {
    pub(crate) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), given: false, stale: 0 }
    }

    pub(crate) fn push(&mut self, alarm: Alarm) {
        if alarm.at == Moment::NEVER {
            return;
        }
        if std::mem::take(&mut self.given)
            && let Some(mut top) = self.heap.peek_mut()
        {
            *top = alarm;
            return;
        }
        self.heap.push(alarm);
    }

    /// The next alarm that is due, if any.
    pub(crate) fn due(&mut self, now: Moment) -> Option<Alarm> {
        self.settle();
        let alarm = *self.heap.peek().filter(|alarm| alarm.at <= now)?;
        self.given = true;
        Some(alarm)
    }

    /// When the next alarm is.
    pub(crate) fn next(&mut self) -> Moment {
        self.settle();
        self.heap.peek().map_or(Moment::NEVER, |alarm| alarm.at)
    }

    /// Notes that an alarm was given up; true when it is time to clear out the dead ones.
    pub(crate) fn forget(&mut self) -> bool {
        self.stale += 1;
        self.stale > 64 && self.stale * 2 > self.heap.len()
    }

    /// Keeps the alarms that still mean something.
    pub(crate) fn retain(&mut self, live: impl FnMut(&Alarm) -> bool) {
        self.settle();
        self.heap.retain(live);
        self.heap.shrink_to(self.heap.len() * 2);
        self.stale = 0;
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::new();
    }

    fn settle(&mut self) {
        if std::mem::take(&mut self.given) {
            self.heap.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use std::time::Duration;

    const SECOND: Duration = Duration::from_secs(1);

    fn alarm(at: Moment, slot: u32) -> Alarm {
        Alarm::new(at, Topic::Tick, slot, 0)
    }

    #[test]
    fn the_earliest_comes_first_and_a_given_one_is_replaced() {
        let start = Clock::real().moment();
        let mut timers = Timers::new();
        for (seconds, slot) in [(3, 3), (1, 1), (2, 2), (1, 0)] {
            timers.push(alarm(start + SECOND * seconds, slot));
        }
        let now = start + SECOND * 2;
        assert_eq!(timers.due(now).map(|alarm| alarm.slot()), Some(0));
        timers.push(alarm(start + SECOND * 9, 0));
        assert_eq!(timers.due(now).map(|alarm| alarm.slot()), Some(1));
        assert_eq!(timers.due(now).map(|alarm| alarm.slot()), Some(2));
        assert_eq!(timers.due(now), None);
        assert_eq!(timers.next(), start + SECOND * 3);
    }

    #[test]
    fn the_dead_are_cleared_out() {
        let start = Clock::real().moment();
        let mut timers = Timers::new();
        for slot in 0..100 {
            timers.push(alarm(start, slot));
        }
        let full = (0..100).filter(|_| timers.forget()).count();
        assert!(full > 0);
        timers.retain(|alarm| alarm.slot() == 7);
        assert_eq!(timers.due(start).map(|alarm| alarm.slot()), Some(7));
        assert_eq!(timers.due(start), None);
    }
}
