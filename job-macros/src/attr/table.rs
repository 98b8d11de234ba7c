//! Which options there are at each attribute, and in `group!`, and what is said about any other.

use super::value::Kind;
use crate::errors::{join, nearest};
use crate::flavour::Flavour;

/// The options that may stand in one place.
pub(crate) struct Table {
    /// What they are written at.
    at: &'static str,
    /// An option as it is written.
    pub(super) example: &'static str,
    /// Why those of other places make no sense here.
    otherwise: &'static str,
    options: &'static [(&'static str, Kind)],
}

const GRACE: Kind = Kind::Delay(&["brutal_kill", "infinity"]);

const PERIODIC: Table = Table {
    at: "#[periodic]",
    example: "every = \"10m\"",
    otherwise: "a periodic job runs at each tick, and ends",
    options: &[
        ("every", Kind::Period(&[])),
        ("cron", Kind::Cron),
        ("tz", Kind::Zone),
        ("dst", Kind::Word(&["vixie", "literal"])),
        ("schedule", Kind::Schedule),
        ("initial_delay", Kind::Delay(&[])),
        ("delay_mode", Kind::Word(&["regular", "shifted"])),
        ("when", Kind::Guard),
        ("on_overlap", Kind::Word(&["run", "ignore", "queue", "stop_previous"])),
        ("max_running", Kind::Count(1)),
        ("on_missed", Kind::Missed),
        ("start_deadline", Kind::Period(&[])),
        ("timeout", Kind::Period(&["infinity"])),
        ("job_shutdown", GRACE),
        ("jitter", Kind::Delay(&[])),
        ("splay", Kind::Delay(&[])),
        ("align", Kind::Flag),
        ("max_attempts", Kind::Count(1)),
        ("backoff", Kind::Backoff),
        ("pause_after", Kind::Count(1)),
        ("scope", Kind::Scope),
        ("name", Kind::Name),
        ("enabled", Kind::Flag),
        ("companion", Kind::Companion),
        ("crate", Kind::Crate),
    ],
};

const JOB: Table = Table {
    at: "#[job]",
    example: "max_attempts = 5",
    otherwise: "a job on demand runs when it is spawned",
    options: &[
        ("max_attempts", Kind::Count(1)),
        ("backoff", Kind::Backoff),
        ("timeout", Kind::Period(&["infinity"])),
        ("max_running", Kind::Count(1)),
        ("max_pending", Kind::Count(0)),
        ("queue", Kind::Queue),
        ("priority", Kind::Priority),
        ("unique_for", Kind::Period(&["unfinished"])),
        ("job_shutdown", GRACE),
        ("name", Kind::Name),
        ("enabled", Kind::Flag),
        ("companion", Kind::Companion),
        ("crate", Kind::Crate),
    ],
};

const SERVICE: Table = Table {
    at: "#[service]",
    example: "restart = \"transient\"",
    otherwise: "a service runs until it is asked to stop, and is restarted when it ends",
    options: &[
        ("restart", Kind::Word(&["permanent", "transient", "temporary"])),
        ("max_restarts", Kind::Count(0)),
        ("max_seconds", Kind::Count(1)),
        ("backoff", Kind::Backoff),
        ("job_shutdown", GRACE),
        ("on_give_up", Kind::Word(&["shutdown", "pause"])),
        ("name", Kind::Name),
        ("enabled", Kind::Flag),
        ("companion", Kind::Companion),
        ("crate", Kind::Crate),
    ],
};

pub(crate) const GROUP: Table = Table {
    at: "group!",
    example: "strategy = \"one_for_all\"",
    otherwise: "a group says how its members are restarted, all else they say themselves",
    options: &[
        ("strategy", Kind::Word(&["one_for_one", "one_for_all", "rest_for_one"])),
        ("max_restarts", Kind::Count(0)),
        ("max_seconds", Kind::Count(1)),
        ("crate", Kind::Crate),
    ],
};

/// What other schedulers, queues and supervisors call an option; where a name can mean several, it means the first
/// one that there is.
const ELSEWHERE: &[(&str, &str)] = &[
    ("interval", "every"),
    ("period", "every"),
    ("period", "max_seconds"),
    ("timezone", "tz"),
    ("time_zone", "tz"),
    ("zone", "tz"),
    ("guard", "when"),
    ("condition", "when"),
    ("retries", "max_attempts"),
    ("retries", "max_restarts"),
    ("max_retries", "max_attempts"),
    ("max_retries", "max_restarts"),
    ("concurrency", "max_running"),
    ("max_concurrency", "max_running"),
    ("limit", "max_running"),
    ("queue_size", "max_pending"),
    ("capacity", "max_pending"),
    ("topic", "queue"),
    ("unique", "unique_for"),
    ("cluster", "scope"),
    ("singleton", "scope"),
    ("shutdown", "job_shutdown"),
    ("intensity", "max_restarts"),
];

/// What is said of each job where it is put into its queue.
const ENQUEUED: [&str; 2] = ["unique_key", "on_conflict"];

impl Table {
    pub(crate) fn of(flavour: Flavour) -> &'static Self {
        match flavour {
            Flavour::Periodic => &PERIODIC,
            Flavour::Job => &JOB,
            Flavour::Service => &SERVICE,
        }
    }

    /// The option of this name, as the table has it.
    pub(super) fn find(&self, name: &str) -> Option<(&'static str, Kind)> {
        self.options.iter().find(|(known, _)| *known == name).copied()
    }

    /// What is said about a name that is none of the options.
    pub(super) fn unknown(&self, name: &str) -> String {
        if self.at == JOB.at && ENQUEUED.contains(&name) {
            return format!("`{name}` is said where a job is put into its queue, as in `enqueue(…).{name}(…)`");
        }
        let others = others(name);
        if !others.is_empty() {
            return format!("`{name}` goes with {}: {}", join(&others, "and"), self.otherwise(name));
        }
        match self.meant(name) {
            Some(meant) => format!("unknown option `{name}`, did you mean `{meant}`?"),
            None => format!("unknown option `{name}`: the options are {}", join(&self.names(), "and")),
        }
    }

    fn otherwise(&self, name: &str) -> &'static str {
        if SERVICE.find(name).is_some() && self.find("max_attempts").is_some() {
            return "what fails here is tried again as `max_attempts` says";
        }
        if others(name) == [GROUP.at] { "it is about several jobs" } else { self.otherwise }
    }

    fn meant(&self, name: &str) -> Option<&'static str> {
        let mut elsewhere = ELSEWHERE.iter().filter(|(other, meant)| *other == name && self.find(meant).is_some());
        elsewhere.next().map(|(_, meant)| *meant).or_else(|| nearest(name, &self.names()))
    }

    fn names(&self) -> Vec<&'static str> {
        self.options.iter().map(|(name, _)| *name).collect()
    }
}

/// The places where there is an option of this name.
fn others(name: &str) -> Vec<&'static str> {
    let tables = [&PERIODIC, &JOB, &SERVICE, &GROUP];
    tables.into_iter().filter(|table| table.find(name).is_some()).map(|table| table.at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_of_another_place_is_told_where_it_belongs() {
        let service = "a service runs until it is asked to stop, and is restarted when it ends";
        for (table, name, told) in [
            (&JOB, "every", "`every` goes with `#[periodic]`: a job on demand runs when it is spawned"),
            (
                &JOB,
                "restart",
                "`restart` goes with `#[service]`: what fails here is tried again as `max_attempts` says",
            ),
            (&PERIODIC, "max_seconds", "`max_seconds` goes with `#[service]` and `group!`: what fails here is tried"),
            (&PERIODIC, "max_pending", "`max_pending` goes with `#[job]`: a periodic job runs at each tick, and ends"),
            (&PERIODIC, "queue", "`queue` goes with `#[job]`: a periodic job runs at each tick, and ends"),
            (&JOB, "scope", "`scope` goes with `#[periodic]`: a job on demand runs when it is spawned"),
            (&SERVICE, "timeout", &*format!("`timeout` goes with `#[periodic]` and `#[job]`: {service}")),
            (&SERVICE, "strategy", "`strategy` goes with `group!`: it is about several jobs"),
            (&GROUP, "name", "`name` goes with `#[periodic]`, `#[job]` and `#[service]`: a group says how its"),
        ] {
            assert!(table.unknown(name).starts_with(told), "{name}: {}", table.unknown(name));
        }
    }

    #[test]
    fn a_name_from_elsewhere_means_what_there_is() {
        for (table, name, meant) in [
            (&PERIODIC, "period", "every"),
            (&PERIODIC, "retries", "max_attempts"),
            (&PERIODIC, "limit", "max_running"),
            (&JOB, "max_retries", "max_attempts"),
            (&JOB, "concurrency", "max_running"),
            (&JOB, "max_concurrency", "max_running"),
            (&JOB, "queue_size", "max_pending"),
            (&JOB, "capacity", "max_pending"),
            (&JOB, "shutdown", "job_shutdown"),
            (&JOB, "max_runing", "max_running"),
            (&JOB, "topic", "queue"),
            (&JOB, "unique", "unique_for"),
            (&PERIODIC, "cluster", "scope"),
            (&PERIODIC, "singleton", "scope"),
            (&SERVICE, "retries", "max_restarts"),
            (&SERVICE, "intensity", "max_restarts"),
            (&SERVICE, "period", "max_seconds"),
            (&SERVICE, "shutdown", "job_shutdown"),
            (&GROUP, "intensity", "max_restarts"),
            (&GROUP, "stratgy", "strategy"),
        ] {
            assert_eq!(table.unknown(name), format!("unknown option `{name}`, did you mean `{meant}`?"));
        }
    }

    #[test]
    fn what_is_unknown_everywhere_is_told_what_there_is() {
        let list = "unknown option `colour`: the options are `strategy`, `max_restarts`, `max_seconds` and `crate`";
        assert_eq!(GROUP.unknown("colour"), list);
    }

    #[test]
    fn what_is_said_of_each_job_in_a_queue_is_told_where() {
        for name in ENQUEUED {
            assert!(JOB.unknown(name).ends_with(&format!("as in `enqueue(…).{name}(…)`")), "{name}");
            assert!(SERVICE.unknown(name).starts_with("unknown option"), "{name}");
        }
    }
}
