//! Which options go together, apart from those that say when a job is due.

use crate::attr::Options;
use crate::errors::Errors;

/// Notes what keeps a bound on overlapping runs, or a policy for them, from making sense.
pub(super) fn overlap(options: &Options, stateful: bool, errors: &mut Errors) {
    overlap_suits_state(options, stateful, errors);
    max_running_needs_run(options, stateful, errors);
}

fn overlap_suits_state(options: &Options, stateful: bool, errors: &mut Errors) {
    let policy = options.text("on_overlap").filter(|policy| stateful && policy.value() == "run");
    if let Some(policy) = policy {
        let sentence = "two runs cannot hold one `&mut` state: write `\"ignore\"`, `\"queue\"` or `\"stop_previous\"`";
        errors.at(policy, sentence);
    }
}

fn max_running_needs_run(options: &Options, stateful: bool, errors: &mut Errors) {
    let Some(max_running) = options.find("max_running") else {
        return;
    };
    let policy = options.find("on_overlap");
    let written = options.text("on_overlap");
    if stateful && policy.is_none() {
        errors.at(&max_running.key, "a job with `&mut` state runs once at a time: leave `max_running` out");
    } else if written.is_some_and(|policy| policy.value() != "run") {
        errors.at(&max_running.key, "`max_running` bounds `on_overlap = \"run\"`: leave one of the two out");
    }
}

/// Where an option is unclear, it may be `max_attempts` that is meant by it.
pub(super) fn backoff_needs_attempts(options: &Options, errors: &mut Errors) {
    if let (Some(backoff), None, false) = (options.find("backoff"), options.find("max_attempts"), options.unclear) {
        errors.at(&backoff.key, "`backoff` stands between attempts: add `max_attempts`, as in `max_attempts = 5`");
    }
}

/// Notes what is said about the restarts of a service that has none.
pub(super) fn temporary_is_never_restarted(options: &Options, errors: &mut Errors) {
    if options.text("restart").is_none_or(|restart| restart.value() != "temporary") {
        return;
    }
    let of_restarts = ["max_restarts", "max_seconds", "backoff", "on_give_up"];
    for option in options.iter().filter(|option| of_restarts.contains(&option.name)) {
        let name = option.name;
        errors.at(
            &option.key,
            format!("a service with `restart = \"temporary\"` is never restarted: leave `{name}` out"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attr::Table;
    use crate::flavour::Flavour;

    fn mistakes(flavour: Flavour, attribute: &str) -> Vec<String> {
        let mut errors = Errors::default();
        let tokens = attribute.parse().expect("test tokens");
        let options = Options::read(tokens, Table::of(flavour), &mut errors);
        match flavour {
            Flavour::Periodic => overlap(&options, true, &mut errors),
            Flavour::Job => backoff_needs_attempts(&options, &mut errors),
            Flavour::Service => temporary_is_never_restarted(&options, &mut errors),
        }
        errors.sentences()
    }

    #[test]
    fn what_goes_together() {
        for (flavour, attribute) in [
            (Flavour::Periodic, "on_overlap = \"queue\""),
            (Flavour::Job, "max_running = 2, max_pending = 0, timeout = \"1s\""),
            (Flavour::Job, "backoff = \"1s\", max_attempts = 1"),
            (Flavour::Service, "max_restarts = 0, max_seconds = 1, backoff = \"10s\", on_give_up = \"pause\""),
            (Flavour::Service, "restart = \"transient\", max_restarts = 0"),
            (Flavour::Service, "restart = \"temporary\", job_shutdown = \"1s\""),
        ] {
            assert_eq!(mistakes(flavour, attribute), [""; 0], "{attribute}");
        }
    }

    #[test]
    fn what_does_not_is_told_once() {
        for (flavour, attribute, told) in [
            (Flavour::Periodic, "on_overlap = \"run\"", "one `&mut` state"),
            (Flavour::Periodic, "max_running = 2", "runs once at a time"),
            (Flavour::Job, "backoff = \"1s\"", "add `max_attempts`"),
            (Flavour::Job, "backoff = \"1s\", retries = 3", "did you mean `max_attempts`?"),
            (Flavour::Service, "restart = \"temporary\", max_restarts = 3", "is never restarted: leave `max_restarts`"),
            (Flavour::Service, "max_seconds = 3, restart = \"temporary\"", "is never restarted: leave `max_seconds`"),
            (Flavour::Service, "restart = \"temporary\", backoff = \"1s\"", "is never restarted: leave `backoff`"),
            (Flavour::Service, "restart = \"temporary\", on_give_up = \"pause\"", "leave `on_give_up` out"),
        ] {
            let found = mistakes(flavour, attribute);
            assert_eq!(found.len(), 1, "{attribute}: {found:?}");
            assert!(found.concat().contains(told), "{attribute}: {found:?}");
        }
    }
}
