//! The options of a job in words, for people who look at a running program.

use std::time::Duration;

use super::{DelayMode, Grace, Options, Scope, kinds};
use crate::duration::text;
use crate::outcome::Kind;
use crate::policy::missed::Missed;
use crate::policy::restart::{GiveUp, Restart};
use crate::policy::unique::UniqueFor;

impl Options {
    /// First what is told of every job of the kind, then each option that differs from its default; and the rule where
    /// the clocks of a calendar change.
    pub(crate) fn policies(&self, stateful: bool, dst: Option<&str>) -> Vec<String> {
        let usual = Self::of(self.kind);
        let serial = stateful && self.kind == Kind::Job;
        [
            self.leading(stateful),
            (self.scope == Scope::Cluster).then(|| "scope cluster".to_owned()),
            self.queue.as_ref().map(|queue| format!("queue {queue}")),
            (self.priority != usual.priority).then(|| format!("priority {}", self.priority)),
            self.unique_for.map(unique),
            self.budget_in_words(),
            dst.map(|rule| format!("dst {rule}")),
            length("initial_delay", self.initial_delay.filter(|_| dst.is_none())),
            (self.delay_mode == DelayMode::Shifted && dst.is_none()).then(|| "delay_mode shifted".to_owned()),
            count("max_running", self.max_running.filter(|_| !serial)),
            (self.max_pending != usual.max_pending).then(|| format!("max_pending {}", self.max_pending)),
            (self.on_missed != usual.on_missed).then(|| missed(self.on_missed)),
            length("start_deadline", self.start_deadline),
            length("timeout", self.timeout),
            (self.job_shutdown != usual.job_shutdown).then(|| grace(self.job_shutdown)),
            length("jitter", some(self.jitter)),
            length("splay", some(self.splay)),
            (self.max_attempts > 1).then(|| format!("max_attempts {}", self.max_attempts)),
            self.backoff_in_words(),
            count("pause_after", self.pause_after),
            (self.gives_up() != GiveUp::Shutdown).then(|| format!("on_give_up {}", self.gives_up().as_str())),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn leading(&self, stateful: bool) -> Option<String> {
        match self.kind {
            Kind::Periodic => Some(format!("on_overlap {}", self.overlap(stateful).as_str())),
            Kind::Job => stateful.then(|| "serial".to_owned()),
            Kind::Service => Some(format!("restart {}", self.restart.as_str())),
        }
    }

    fn budget_in_words(&self) -> Option<String> {
        let restarted = self.kind == Kind::Service && self.restart != Restart::Temporary;
        restarted.then(|| format!("max_restarts {}", self.budget()))
    }

    fn backoff_in_words(&self) -> Option<String> {
        let again = self.kind == Kind::Service || self.max_attempts > 1;
        let unusual = self.backoff() != kinds::usual_backoff(self.kind);
        (again && unusual).then(|| format!("backoff {}", self.backoff()))
    }
}

fn length(name: &str, value: Option<Duration>) -> Option<String> {
    value.map(|value| format!("{name} {}", text(value)))
}

fn some(length: Duration) -> Option<Duration> {
    (!length.is_zero()).then_some(length)
}

fn count(name: &str, value: Option<u32>) -> Option<String> {
    value.map(|value| format!("{name} {value}"))
}

fn unique(unique: UniqueFor) -> String {
    match unique {
        UniqueFor::Period(period) => format!("unique_for {}", text(period)),
        UniqueFor::Unfinished => "unique_for unfinished".to_owned(),
    }
}

fn missed(policy: Missed) -> String {
    match policy {
        Missed::One => "on_missed one".to_owned(),
        Missed::Skip => "on_missed skip".to_owned(),
        Missed::All(None) => "on_missed all".to_owned(),
        Missed::All(Some(count)) => format!("on_missed all({count})"),
    }
}

fn grace(grace: Grace) -> String {
    match grace {
        Grace::Length(length) => format!("job_shutdown {}", text(length)),
        Grace::BrutalKill => "job_shutdown brutal_kill".to_owned(),
        Grace::Infinity => "job_shutdown infinity".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duration::Setting;

    fn told(kind: Kind, stateful: bool, settings: &[(&str, &str)]) -> Vec<String> {
        let mut options = Options::of(kind);
        for (option, value) in settings {
            options.set(option, Setting::Text(value)).expect("a value of the option");
        }
        options.policies(stateful, None)
    }

    #[test]
    fn a_job_on_demand_tells_what_is_unusual() {
        assert!(told(Kind::Job, false, &[]).is_empty());
        let settings = [
            ("max_running", "4"),
            ("max_pending", "0"),
            ("timeout", "1m"),
            ("job_shutdown", "infinity"),
            ("max_attempts", "5"),
            ("backoff", "10s"),
        ];
        let all =
            ["max_running 4", "max_pending 0", "timeout 1m", "job_shutdown infinity", "max_attempts 5", "backoff 10s"];
        assert_eq!(told(Kind::Job, false, &settings), all);
        assert_eq!(told(Kind::Job, true, &settings)[..2], ["serial", "max_pending 0"]);
        let queued = [("queue", "mail"), ("priority", "3"), ("unique_for", "1h")];
        assert_eq!(told(Kind::Job, false, &queued), ["queue mail", "priority 3", "unique_for 1h"]);
        let usual = [("max_pending", "10000"), ("max_attempts", "1"), ("backoff", "10s")];
        assert!(told(Kind::Job, false, &usual).is_empty(), "a single attempt has no delays");
    }

    #[test]
    fn a_service_tells_how_it_is_restarted() {
        assert_eq!(told(Kind::Service, false, &[]), ["restart permanent", "max_restarts 3 in 5s"]);
        assert_eq!(told(Kind::Service, true, &[("restart", "temporary")]), ["restart temporary"]);
        let settings = [
            ("restart", "transient"),
            ("max_restarts", "0"),
            ("max_seconds", "90"),
            ("backoff", "1s..1m"),
            ("on_give_up", "pause"),
        ];
        let all = ["restart transient", "max_restarts 0 in 1m30s", "backoff 1s..1m", "on_give_up pause"];
        assert_eq!(told(Kind::Service, false, &settings), all);
        assert_eq!(told(Kind::Service, false, &[("backoff", "500ms..30s"), ("on_give_up", "shutdown")]).len(), 2);
    }

    #[test]
    fn a_recurring_job_tells_its_overlap_policy_first() {
        assert_eq!(told(Kind::Periodic, true, &[("pause_after", "3")]), ["on_overlap ignore", "pause_after 3"]);
        assert_eq!(told(Kind::Periodic, false, &[("scope", "cluster")]), ["on_overlap run", "scope cluster"]);
    }
}
