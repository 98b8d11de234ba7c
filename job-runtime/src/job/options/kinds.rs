//! Which kinds of job an option goes with.

use std::time::Duration;

use super::Options;
use crate::error::{Error, Result};
use crate::name::hint;
use crate::outcome::Kind;
use crate::policy::retry::Backoff;

/// The options, as they are written everywhere, each with the kinds of job that take it.
const TAKEN_BY: [(&str, &[Kind]); 29] = [
    ("every", &[Kind::Periodic]),
    ("cron", &[Kind::Periodic]),
    ("tz", &[Kind::Periodic]),
    ("dst", &[Kind::Periodic]),
    ("initial_delay", &[Kind::Periodic]),
    ("delay_mode", &[Kind::Periodic]),
    ("on_overlap", &[Kind::Periodic]),
    ("on_missed", &[Kind::Periodic]),
    ("start_deadline", &[Kind::Periodic]),
    ("jitter", &[Kind::Periodic]),
    ("splay", &[Kind::Periodic]),
    ("align", &[Kind::Periodic]),
    ("pause_after", &[Kind::Periodic]),
    ("scope", &[Kind::Periodic]),
    ("queue", &[Kind::Job]),
    ("priority", &[Kind::Job]),
    ("unique_for", &[Kind::Job]),
    ("max_running", &[Kind::Periodic, Kind::Job]),
    ("max_pending", &[Kind::Job]),
    ("max_attempts", &[Kind::Periodic, Kind::Job]),
    ("timeout", &[Kind::Periodic, Kind::Job]),
    ("restart", &[Kind::Service]),
    ("max_restarts", &[Kind::Service]),
    ("max_seconds", &[Kind::Service]),
    ("on_give_up", &[Kind::Service]),
    ("backoff", &[Kind::Periodic, Kind::Job, Kind::Service]),
    ("job_shutdown", &[Kind::Periodic, Kind::Job, Kind::Service]),
    ("name", &[Kind::Periodic, Kind::Job, Kind::Service]),
    ("enabled", &[Kind::Periodic, Kind::Job, Kind::Service]),
];

impl Options {
    /// The options that a kind of job takes.
    pub(crate) fn names(kind: Kind) -> impl Iterator<Item = &'static str> {
        TAKEN_BY.iter().filter(move |(_, kinds)| kinds.contains(&kind)).map(|(name, _)| *name)
    }

    /// The options of all kinds.
    pub(crate) fn all_names() -> impl Iterator<Item = &'static str> {
        TAKEN_BY.iter().map(|(name, _)| *name)
    }
}

/// Refuses what is no option of a kind.
pub(super) fn check(option: &str, kind: Kind) -> Result<()> {
    match TAKEN_BY.iter().find(|(name, _)| *name == option) {
        None => Err(unknown(option, kind)),
        Some((_, kinds)) if kinds.contains(&kind) => Ok(()),
        Some((_, kinds)) => {
            let takers: Vec<String> = kinds.iter().map(|taker| format!("`#[{taker}]`")).collect();
            let (takers, described) = (takers.join(" and "), described(kind));
            Err(Error::configuration(format!("goes with {takers}, and this is {described}: leave it out")))
        }
    }
}

pub(super) fn unknown(option: &str, kind: Kind) -> Error {
    Error::configuration(format!("there is no such option{}", hint(option, Options::names(kind))))
}

const fn described(kind: Kind) -> &'static str {
    match kind {
        Kind::Periodic => "a recurring job, which runs when it is due",
        Kind::Job => "a job on demand, which runs when it is spawned",
        Kind::Service => "a service, which runs until it is stopped",
    }
}

/// A restart without delay would use up the budget of a service within microseconds.
pub(super) const fn usual_backoff(kind: Kind) -> Backoff {
    match kind {
        Kind::Periodic | Kind::Job => {
            Backoff::Exponential { base: Duration::from_secs(1), cap: Duration::from_secs(300) }
        }
        Kind::Service => Backoff::Exponential { base: Duration::from_millis(500), cap: Duration::from_secs(30) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(option: &str, kind: Kind) -> String {
        check(option, kind).expect_err(option).to_string()
    }

    #[test]
    fn each_kind_takes_its_own_options() {
        let names = |kind| Options::names(kind).collect::<Vec<_>>();
        assert_eq!(names(Kind::Periodic).len(), 21);
        for (kind, mut options) in [
            (
                Kind::Job,
                vec![
                    "max_attempts",
                    "backoff",
                    "timeout",
                    "max_running",
                    "max_pending",
                    "queue",
                    "priority",
                    "unique_for",
                    "job_shutdown",
                    "name",
                    "enabled",
                ],
            ),
            (
                Kind::Service,
                vec![
                    "restart",
                    "max_restarts",
                    "max_seconds",
                    "backoff",
                    "job_shutdown",
                    "on_give_up",
                    "name",
                    "enabled",
                ],
            ),
        ] {
            let mut taken = names(kind);
            taken.sort_unstable();
            options.sort_unstable();
            assert_eq!(taken, options, "{kind}");
        }
    }

    #[test]
    fn an_option_of_another_kind_is_refused_with_the_kinds_it_goes_with() {
        assert_eq!(
            refusal("every", Kind::Job),
            "goes with `#[periodic]`, and this is a job on demand, which runs when it is spawned: leave it out"
        );
        assert_eq!(
            refusal("timeout", Kind::Service),
            "goes with `#[periodic]` and `#[job]`, and this is a service, which runs until it is stopped: leave it out"
        );
        assert_eq!(
            refusal("restart", Kind::Periodic),
            "goes with `#[service]`, and this is a recurring job, which runs when it is due: leave it out"
        );
    }

    #[test]
    fn what_is_meant_is_looked_for_among_the_options_of_the_kind() {
        for (typed, kind, told) in [
            ("max_runing", Kind::Job, "there is no such option; did you mean `max_running`?"),
            ("max_restart", Kind::Service, "there is no such option; did you mean `max_restarts`?"),
            ("evry", Kind::Periodic, "there is no such option; did you mean `every`?"),
            ("evry", Kind::Service, "there is no such option"),
        ] {
            assert_eq!(refusal(typed, kind), told);
        }
    }
}
