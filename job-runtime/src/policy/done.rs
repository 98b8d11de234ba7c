//! Which nominal times have had their turn, so that a wall clock set back repeats none of them, and keeps none back
//! that had none.

use std::time::SystemTime;

/// How many spans are told apart; a clock that jumps ahead makes one.
const MOST: usize = 16;

/// Spans of time in which every nominal time has had its turn: after the first of the two, up to the second.
#[derive(Debug, Default)]
pub(crate) struct Done(Vec<(SystemTime, SystemTime)>);

impl Done {
    /// Notes that the nominal times after `after`, up to and including `last`, have had their turn.
    pub(crate) fn note(&mut self, after: SystemTime, last: SystemTime) {
        match self.0.iter_mut().find(|(start, end)| *start <= after && after <= *end) {
            Some((_, end)) => *end = last.max(*end),
            None => self.0.push((after, last)),
        }
        if self.0.len() > MOST {
            self.join_oldest();
        }
    }

    /// Better a time that is kept back between two spans than one that comes twice.
    fn join_oldest(&mut self) {
        self.0.sort_unstable();
        let (start, end) = self.0.remove(0);
        if let Some(next) = self.0.first_mut() {
            *next = (start, end.max(next.1));
        }
    }

    /// The start of the next span that begins at `time` or later: what comes after that may have had its turn.
    pub(crate) fn from(&self, time: SystemTime) -> Option<SystemTime> {
        self.0.iter().map(|(start, _)| *start).filter(|start| *start >= time).min()
    }

    /// The first nominal time after `after` that has not had its turn, and the time after which it is the first.
    pub(crate) fn next(
        &self,
        mut after: SystemTime,
        next_after: impl Fn(SystemTime) -> Option<SystemTime>,
    ) -> (SystemTime, Option<SystemTime>) {
        let mut next = next_after(after);
        while let Some(time) = next
            && let Some((_, end)) = self.0.iter().find(|(start, end)| *start < time && time <= *end)
        {
            after = *end;
            next = next_after(after);
        }
        (after, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn at(minute: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(minute * 60)
    }

    /// Every ten minutes.
    fn tens(after: SystemTime) -> Option<SystemTime> {
        let minutes = after.duration_since(UNIX_EPOCH).ok()?.as_secs() / 60;
        Some(at((minutes / 10 + 1) * 10))
    }

    #[test]
    fn what_was_done_is_passed_over_and_nothing_else() {
        let mut done = Done::default();
        assert_eq!(done.next(at(5), tens), (at(5), Some(at(10))));
        done.note(at(5), at(10));
        done.note(at(10), at(30));
        assert_eq!(done.next(at(0), tens), (at(30), Some(at(40))), "back to before what was done");
        done.note(at(990), at(1_000));
        assert_eq!(done.next(at(35), tens), (at(35), Some(at(40))), "back from a wrong time");
        assert_eq!(done.next(at(985), tens), (at(985), Some(at(990))));
        assert_eq!(done.next(at(990), tens), (at(1_000), Some(at(1_010))));
        assert_eq!((done.from(at(5)), done.from(at(6)), done.from(at(991))), (Some(at(5)), Some(at(990)), None));
    }

    #[test]
    fn spans_that_meet_are_one() {
        let mut done = Done::default();
        for minute in 0..100 {
            done.note(at(minute * 10), at(minute * 10 + 10));
        }
        assert_eq!(done.0, [(at(0), at(1_000))]);
    }

    #[test]
    fn many_spans_are_joined_and_none_of_them_is_forgotten() {
        let mut done = Done::default();
        for jump in 0..1_000 {
            done.note(at(jump * 100), at(jump * 100 + 10));
        }
        assert_eq!(done.0.len(), MOST);
        assert_eq!(done.next(at(0), tens).1, Some(at(98_420)), "what lies between the oldest spans is kept back");
    }
}
