//! What to do with ticks that came due while the process could not run them.

use std::time::Duration;

/// The values of `on_missed`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    One,
    Skip,
    All(Option<u32>),
}

/// How many of the missed ticks run at most, however many there are.
const MOST: u64 = 100_000;

/// Later than this, a tick is overdue even when it is the only one.
pub(crate) const OVERDUE: Duration = Duration::from_secs(30);

impl Missed {
    pub(crate) const WORDS: [&'static str; 4] = ["one", "skip", "all", "all(20)"];

    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "one" => Some(Self::One),
            "skip" => Some(Self::Skip),
            "all" => Some(Self::All(None)),
            _ => {
                let count = text.strip_prefix("all(")?.strip_suffix(')')?;
                count.parse().ok().filter(|count| *count > 0).map(|count| Self::All(Some(count)))
            }
        }
    }
}

/// How many of the due ticks run, the newest ones; the others are missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) run: u64,
    pub(crate) missed: u64,
    /// Whether any was overdue, so that what runs is a catch-up.
    pub(crate) overdue: bool,
}

/// How many ticks run at most, where more are due.
pub(crate) fn most(policy: Missed) -> u64 {
    match policy {
        Missed::One | Missed::Skip => 1,
        Missed::All(limit) => limit.map_or(MOST, u64::from).min(MOST),
    }
}

/// Decides over `due` ticks, the newest of which is `late`.
pub(crate) fn decide(policy: Missed, due: u64, late: Duration) -> Verdict {
    let overdue = due > 1 || late > OVERDUE;
    let run = match policy {
        _ if !overdue => due,
        Missed::Skip if late > OVERDUE => 0,
        Missed::One | Missed::Skip | Missed::All(_) => most(policy).min(due),
    };
    Verdict { run, missed: due - run, overdue }
}

/// The same where the program was not there when they came due: where overdue ones are skipped, the newest is as lost
/// as the others.
pub(crate) fn decide_after_downtime(policy: Missed, due: u64, late: Duration) -> Verdict {
    let verdict = decide(policy, due, late);
    if verdict.overdue && policy == Missed::Skip { Verdict { run: 0, missed: due, ..verdict } } else { verdict }
}

/// Whether a tick that a step of the clock made overdue is missed: where a newer one stands for it, or none runs.
pub(crate) fn stands_back(policy: Missed, newer: bool, late: Duration) -> bool {
    match policy {
        Missed::One => newer,
        Missed::Skip => newer || late > OVERDUE,
        Missed::All(_) => false,
    }
}

/// Whether a tick is too late for its `start_deadline`.
pub(crate) fn expired(late: Duration, start_deadline: Option<Duration>) -> bool {
    start_deadline.is_some_and(|deadline| late > deadline)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(1);
    const LATE: Duration = Duration::from_secs(31);

    #[test]
    fn the_table() {
        for (policy, due, late, run) in [
            (Missed::Skip, 1, OVERDUE, 1),
            (Missed::One, 1, LATE, 1),
            (Missed::One, 5, SOON, 1),
            (Missed::Skip, 1, LATE, 0),
            (Missed::Skip, 5, SOON, 1),
            (Missed::Skip, 5, LATE, 0),
            (Missed::All(None), 5, LATE, 5),
            (Missed::All(Some(3)), 5, SOON, 3),
            (Missed::All(Some(30)), 5, LATE, 5),
            (Missed::All(None), 1_000_000, LATE, MOST),
            (Missed::All(Some(u32::MAX)), 1_000_000, LATE, MOST),
        ] {
            let verdict = decide(policy, due, late);
            assert_eq!((verdict.run, verdict.missed), (run, due - run), "{policy:?} {due} {late:?}");
            let down = if due > 1 && matches!(policy, Missed::Skip) { 0 } else { run };
            let verdict = decide_after_downtime(policy, due, late);
            assert_eq!((verdict.run, verdict.missed), (down, due - down), "down, {policy:?} {due} {late:?}");
        }
    }

    #[test]
    fn what_is_written() {
        for (text, value) in [
            ("one", Some(Missed::One)),
            ("all", Some(Missed::All(None))),
            ("all(20)", Some(Missed::All(Some(20)))),
            ("all(0)", None),
            ("all(x)", None),
            ("some", None),
        ] {
            assert_eq!(Missed::parse(text), value, "{text}");
        }
    }
}
