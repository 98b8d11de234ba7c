//! Whether what has ended is started again, together with which others, and how often.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use crate::clock::Moment;
use crate::duration::text;
use crate::outcome::Outcome;

/// The values of `restart`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restart {
    Permanent,
    Transient,
    Temporary,
}

impl Restart {
    pub(crate) const WORDS: [&'static str; 3] = ["permanent", "transient", "temporary"];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "permanent" => Some(Self::Permanent),
            "transient" => Some(Self::Transient),
            "temporary" => Some(Self::Temporary),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Transient => "transient",
            Self::Temporary => "temporary",
        }
    }

    /// Whether a run that ended so is followed by another. What shutdown ended never is.
    pub(crate) const fn wants(self, outcome: Outcome) -> bool {
        match self {
            Self::Permanent => !matches!(outcome, Outcome::Interrupted),
            Self::Transient => matches!(outcome, Outcome::Failed | Outcome::Panicked | Outcome::TimedOut),
            Self::Temporary => false,
        }
    }
}

/// The values of `on_give_up`: what becomes of the runtime when the restarts are used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GiveUp {
    Shutdown,
    Pause,
}

impl GiveUp {
    pub(crate) const WORDS: [&'static str; 2] = ["shutdown", "pause"];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "shutdown" => Some(Self::Shutdown),
            "pause" => Some(Self::Pause),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Shutdown => "shutdown",
            Self::Pause => "pause",
        }
    }
}

/// The values of `strategy`: which members of a group one that fails takes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strategy {
    OneForOne,
    OneForAll,
    RestForOne,
}

impl Strategy {
    pub(crate) const WORDS: [&'static str; 3] = ["one_for_one", "one_for_all", "rest_for_one"];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "one_for_one" => Some(Self::OneForOne),
            "one_for_all" => Some(Self::OneForAll),
            "rest_for_one" => Some(Self::RestForOne),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OneForOne => "one_for_one",
            Self::OneForAll => "one_for_all",
            Self::RestForOne => "rest_for_one",
        }
    }

    /// The members, of `count`, that are restarted when `member` has failed, in the order of their start.
    pub(crate) fn restarted(self, member: usize, count: usize) -> Range<usize> {
        match self {
            Self::OneForOne => member.min(count)..member.saturating_add(1).min(count),
            Self::OneForAll => 0..count,
            Self::RestForOne => member.min(count)..count,
        }
    }
}

/// How often something may be restarted in how long a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) max_restarts: u32,
    pub(crate) within: Duration,
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.max_restarts, text(self.within))
    }
}

/// The ends that count against a budget: those in the time up to now, as long as the budget says, that are later than
/// its beginning (a sliding window, as in an OTP supervisor, but finer than its whole seconds).
#[derive(Debug, Default)]
pub(crate) struct Window {
    ends: VecDeque<Moment>,
}

impl Window {
    /// Notes an end that asks for a restart; true when it is one too many for the budget.
    pub(crate) fn note(&mut self, now: Moment, budget: Budget) -> bool {
        while self.ends.front().is_some_and(|end| now.since(*end) >= budget.within) {
            self.ends.pop_front();
        }
        let allowed = usize::try_from(budget.max_restarts).unwrap_or(usize::MAX);
        // More than the newest of them can tell nothing more.
        while self.ends.len() > allowed {
            self.ends.pop_front();
        }
        self.ends.push_back(now);
        self.ends.len() > allowed
    }

    /// Begins with a fresh budget.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const USUAL: Budget = Budget { max_restarts: 3, within: Duration::from_secs(5) };

    fn at(since_start: Duration) -> Moment {
        Moment::NEVER - Duration::MAX + since_start
    }

    /// Which of these ends is one too many.
    fn verdicts<const N: usize>(budget: Budget, ends: [Duration; N]) -> [bool; N] {
        let mut window = Window::default();
        ends.map(|end| window.note(at(end), budget))
    }

    #[test]
    fn who_wants_to_be_restarted() {
        for (outcome, permanent, transient) in [
            (Outcome::Completed, true, false),
            (Outcome::Failed, true, true),
            (Outcome::Panicked, true, true),
            (Outcome::TimedOut, true, true),
            (Outcome::Cancelled, true, false),
            (Outcome::Interrupted, false, false),
        ] {
            let wants = [Restart::Permanent, Restart::Transient, Restart::Temporary].map(|rule| rule.wants(outcome));
            assert_eq!(wants, [permanent, transient, false], "{outcome}");
        }
    }

    #[test]
    fn whom_a_failing_member_takes_along() {
        for (strategy, first, middle, last) in [
            (Strategy::OneForOne, 0..1, 1..2, 3..4),
            (Strategy::OneForAll, 0..4, 0..4, 0..4),
            (Strategy::RestForOne, 0..4, 1..4, 3..4),
        ] {
            assert_eq!([0, 1, 3].map(|member| strategy.restarted(member, 4)), [first, middle, last], "{strategy:?}");
            assert_eq!(strategy.restarted(0, 1), 0..1, "{strategy:?} alone");
        }
    }

    #[test]
    fn words_and_values_agree() {
        for word in Restart::WORDS {
            assert_eq!(Restart::parse(word).map(Restart::as_str), Some(word));
        }
        for word in GiveUp::WORDS {
            assert_eq!(GiveUp::parse(word).map(GiveUp::as_str), Some(word));
        }
        for word in Strategy::WORDS {
            assert_eq!(Strategy::parse(word).map(Strategy::as_str), Some(word));
        }
        assert_eq!((Restart::parse("Permanent"), GiveUp::parse(""), Strategy::parse("all")), (None, None, None));
    }

    #[test]
    fn a_budget_in_words() {
        assert_eq!(USUAL.to_string(), "3 in 5s");
        assert_eq!(Budget { max_restarts: 0, within: SECOND * 90 }.to_string(), "0 in 1m30s");
    }

    #[test]
    fn without_restarts_the_first_end_is_one_too_many() {
        let none = Budget { max_restarts: 0, ..USUAL };
        assert_eq!(verdicts(none, [Duration::ZERO, SECOND, SECOND * 60]), [true; 3]);
    }

    #[test]
    fn three_restarts_are_allowed_and_the_fourth_end_gives_up() {
        assert_eq!(verdicts(USUAL, [0, 1, 2, 3].map(|second| SECOND * second)), [false, false, false, true]);
        assert_eq!(verdicts(USUAL, [Duration::ZERO; 5]), [false, false, false, true, true]);
    }

    #[test]
    fn an_end_as_long_ago_as_the_window_does_not_count_and_a_later_one_does() {
        let (last, nano) = (SECOND * 5, Duration::from_nanos(1));
        let before = Duration::from_nanos(4_999_999_999);
        assert_eq!(verdicts(USUAL, [Duration::ZERO, SECOND, SECOND * 2, last]), [false; 4]);
        assert_eq!(verdicts(USUAL, [Duration::ZERO, SECOND, SECOND * 2, before]), [false, false, false, true]);
        assert_eq!(verdicts(USUAL, [nano, SECOND, SECOND * 2, last]), [false, false, false, true]);
    }

    #[test]
    fn the_window_slides() {
        let often = Budget { max_restarts: 2, within: SECOND * 2 };
        assert_eq!(verdicts(often, [0, 1, 2, 3, 4].map(|second| SECOND * second)), [false; 5]);
        assert_eq!(verdicts(often, [0, 2, 3, 3, 5].map(|second| SECOND * second)), [false, false, false, true, false]);
    }

    #[test]
    fn the_largest_budget_is_not_used_up() {
        let largest = Budget { max_restarts: u32::MAX, within: Duration::MAX };
        let mut window = Window::default();
        assert!((0..10_000).all(|second| !window.note(at(SECOND * second), largest)));
        assert_eq!(window.ends.len(), 10_000, "none of them is forgotten");
    }

    #[test]
    fn what_is_cleared_begins_anew() {
        let mut window = Window::default();
        assert_eq!(window.ends.capacity(), 0, "nothing is allocated before the first end");
        for _ in 0..2 {
            assert_eq!([(); 4].map(|()| window.note(at(SECOND), USUAL)), [false, false, false, true]);
            window.clear();
        }
    }

    /// Numbers as random as a test needs them (the multiplier and increment of Donald Knuth's MMIX).
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, bound: u32) -> u32 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            u32::try_from(self.0 >> 33).expect("31 bits") % bound
        }
    }

    #[test]
    fn a_window_agrees_with_a_list_of_all_ends() {
        let mut numbers = Numbers(7);
        for sequence in 0..5_000 {
            let max_restarts = numbers.below(6);
            let budget = Budget { max_restarts, within: Duration::from_millis(u64::from(1 + numbers.below(8))) };
            let (mut window, mut all, mut now) = (Window::default(), Vec::new(), Duration::ZERO);
            for _ in 0..numbers.below(40) {
                now += Duration::from_millis(u64::from(numbers.below(4)));
                all.push(now);
                let counted = all.iter().filter(|end| now < **end + budget.within).count();
                let too_many = counted > usize::try_from(max_restarts).expect("small");
                assert_eq!(window.note(at(now), budget), too_many, "{sequence}: {budget} with {all:?}");
                assert!(window.ends.len() <= usize::try_from(max_restarts).expect("small") + 1);
            }
        }
    }
}
