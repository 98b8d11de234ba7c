//! What the options of a job say against each other, and against its signature.

use super::{DelayMode, MAX_PENDING, Options, Scope};
use crate::outcome::Kind;
use crate::policy::overlap::Overlap;
use crate::policy::restart::Restart;
use crate::schedule::Timetable;

/// What is known of a job besides its options, and may contradict them.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "one for each thing that may")]
pub(crate) struct Signature<'j> {
    /// Whether it takes `&mut` state.
    pub(crate) stateful: bool,
    /// Whether its arguments can be given to one attempt only, because they are not `Clone`.
    pub(crate) once: bool,
    /// Whether it is a template.
    pub(crate) template: bool,
    /// Whether its arguments can be read where they wait, because it is made for a queue.
    pub(crate) queued: bool,
    /// When it is due, unless its options say so.
    pub(crate) given: &'j Timetable,
}

impl Options {
    /// A sentence for each contradiction.
    pub(crate) fn conflicts(&self, signature: Signature<'_>) -> Vec<String> {
        match self.kind {
            Kind::Periodic => {
                let mut told = self.contradicting_schedule(signature);
                told.extend(self.contradicting_cluster(signature));
                told
            }
            Kind::Job if self.queue.is_some() => self.contradicting_queue(signature),
            Kind::Job => self.contradicting_attempts(signature),
            Kind::Service => self.contradicting_restarts(),
        }
    }

    fn contradicting_schedule(&self, Signature { stateful, given, .. }: Signature<'_>) -> Vec<String> {
        let overlap = self.overlap(stateful);
        let shifted = self.delay_mode == DelayMode::Shifted;
        let scheduled = self.every.is_some() || self.cron.is_some();
        let zoned = self.cron.is_some() || (!scheduled && matches!(given, Timetable::Calendar(_)));
        let calendar = self.cron.is_some() || (!scheduled && given.period().is_none());
        told([
            (self.every.is_some() && self.cron.is_some(), "`every` and `cron` both say when it is due: leave one out"),
            (self.tz.is_some() && !zoned, "`tz` is the zone of `cron`, which is not set: leave it out"),
            (self.dst.is_some() && !zoned, "`dst` is a rule for `cron`, which is not set: leave it out"),
            (calendar && self.align, "`align` goes with `every`: leave it out"),
            (calendar && self.initial_delay.is_some(), "`initial_delay` goes with `every`: leave it out"),
            (calendar && shifted, "`delay_mode = \"shifted\"` goes with `every`: leave it out"),
            (
                !calendar && self.align && shifted,
                "`align` counts from the clock and `delay_mode = \"shifted\"` from the end of a run: \
                 leave one out",
            ),
            (
                !calendar && self.align && self.initial_delay.is_some(),
                "`align` says when the first tick is: leave `initial_delay` out",
            ),
            (
                self.max_running.is_some() && overlap != Overlap::Run,
                "`max_running` bounds `on_overlap = \"run\"`: with another policy leave it out",
            ),
            (
                stateful && overlap == Overlap::Run,
                "one run at a time holds the `&mut` state: choose `on_overlap = \"ignore\"`, `\"queue\"` or \
                 `\"stop_previous\"`",
            ),
        ])
    }

    /// What one process cannot know, or all of them have each for themselves.
    fn contradicting_cluster(&self, Signature { stateful, template, .. }: Signature<'_>) -> Vec<String> {
        if self.scope == Scope::Process {
            return Vec::new();
        }
        told([
            (
                stateful,
                "`scope = \"cluster\"` runs it on any node, and its `&mut` state would be another on each: keep it in the store or in shared data",
            ),
            (template, "`scope = \"cluster\"` has one schedule for all nodes: leave its arguments by value out"),
            (
                self.delay_mode == DelayMode::Shifted,
                "`scope = \"cluster\"` names the times of all ticks beforehand: leave `delay_mode = \"shifted\"` out",
            ),
            (!self.splay.is_zero(), "`splay` spreads nodes, of which `scope = \"cluster\"` takes one: leave it out"),
        ])
    }

    fn contradicting_queue(&self, Signature { stateful, queued, .. }: Signature<'_>) -> Vec<String> {
        told([
            (!queued, "it is spawned, and is in no queue: only at the attribute can it be given one"),
            (
                self.max_running.is_some(),
                "the queue says how many run: leave `max_running` out, or give the job a queue of its own",
            ),
            (self.max_pending != MAX_PENDING, "any number of jobs wait in a queue: leave `max_pending` out"),
            (
                stateful,
                "a job in a queue runs in any process, and its `&mut` state would be another in each: keep it in the store or in shared data",
            ),
        ])
    }

    fn contradicting_attempts(&self, Signature { once, .. }: Signature<'_>) -> Vec<String> {
        told([
            (
                once && self.max_attempts > 1,
                "its arguments are not `Clone`, so that it has one attempt: leave `max_attempts` out",
            ),
            (self.priority != 0, "`priority` is one among the jobs of a queue: write `queue` too"),
            (self.unique_for.is_some(), "`unique_for` is for jobs that wait in a queue: write `queue` too"),
        ])
    }

    fn contradicting_restarts(&self) -> Vec<String> {
        let mut idle = self.own_budget();
        idle.extend(self.backoff.is_some().then_some("backoff"));
        if self.restart != Restart::Temporary {
            idle.clear();
        }
        let sentence = |option| format!("with `restart = \"temporary\"` it is never restarted: leave `{option}` out");
        idle.into_iter().map(sentence).collect()
    }
}

/// The sentences on what is the case.
fn told<const N: usize>(conflicts: [(bool, &str); N]) -> Vec<String> {
    conflicts.into_iter().filter(|(conflict, _)| *conflict).map(|(_, sentence)| sentence.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duration::Setting;
    use std::time::Duration;

    const PERIOD: Timetable = Timetable::Every(Duration::from_secs(1));
    const PLAIN: Signature<'_> =
        Signature { stateful: false, once: false, template: false, queued: false, given: &PERIOD };

    fn options(kind: Kind, settings: &[(&str, &str)]) -> Options {
        let mut options = Options::of(kind);
        for (option, value) in settings {
            options.set(option, Setting::Text(value)).expect("a value of the option");
        }
        options
    }

    #[test]
    fn a_schedule_that_contradicts_itself() {
        let settings = [("align", "true"), ("delay_mode", "shifted"), ("max_running", "2"), ("on_overlap", "queue")];
        assert_eq!(options(Kind::Periodic, &settings).conflicts(PLAIN).len(), 2);
        let stateful = Signature { stateful: true, ..PLAIN };
        assert!(options(Kind::Periodic, &[]).conflicts(stateful).is_empty());
        assert_eq!(options(Kind::Periodic, &[("on_overlap", "run")]).conflicts(stateful).len(), 1);
    }

    #[test]
    fn what_cannot_be_copied_has_one_attempt() {
        let once = Signature { once: true, ..PLAIN };
        for (attempts, signature, conflicts) in [("2", once, 1), ("1", once, 0), ("2", PLAIN, 0)] {
            let options = options(Kind::Job, &[("max_attempts", attempts)]);
            assert_eq!(options.conflicts(signature).len(), conflicts, "{attempts}, once: {}", signature.once);
        }
    }

    #[test]
    fn a_job_with_state_may_say_how_many_run() {
        let stateful = Signature { stateful: true, ..PLAIN };
        assert!(options(Kind::Job, &[("max_running", "2")]).conflicts(stateful).is_empty());
    }

    #[test]
    fn a_job_in_a_queue_was_made_for_one_and_has_no_bounds_of_its_own() {
        let queued = Signature { queued: true, once: true, ..PLAIN };
        let queue = ("queue", "mail");
        for (settings, signature, told) in [
            (&[queue, ("priority", "3"), ("unique_for", "1h"), ("max_attempts", "5")][..], queued, 0),
            (&[queue, ("max_running", "3"), ("max_pending", "3")], queued, 2),
            (&[queue], Signature { stateful: true, ..queued }, 1),
            (&[queue], PLAIN, 1),
            (&[("priority", "3"), ("unique_for", "1h")], PLAIN, 2),
        ] {
            let conflicts = options(Kind::Job, settings).conflicts(signature);
            assert_eq!(conflicts.len(), told, "{settings:?}: {conflicts:?}");
        }
    }

    #[test]
    fn a_schedule_of_all_nodes_has_nothing_that_each_has_for_itself() {
        let cluster = ("scope", "cluster");
        for (settings, signature, told) in [
            (&[cluster, ("jitter", "1s"), ("on_overlap", "queue")][..], PLAIN, 0),
            (&[cluster, ("delay_mode", "shifted"), ("splay", "1s")], PLAIN, 2),
            (&[cluster], Signature { stateful: true, template: true, ..PLAIN }, 2),
            (&[("delay_mode", "shifted"), ("splay", "1s")], Signature { template: true, ..PLAIN }, 0),
        ] {
            let conflicts = options(Kind::Periodic, settings).conflicts(signature);
            assert_eq!(conflicts.len(), told, "{settings:?}: {conflicts:?}");
        }
    }

    #[test]
    fn what_is_never_restarted_has_no_rules_of_restarting() {
        let settings = [("max_restarts", "0"), ("max_seconds", "1"), ("on_give_up", "pause"), ("backoff", "1s")];
        for setting in settings {
            let (option, _) = setting;
            let told = options(Kind::Service, &[("restart", "temporary"), setting]).conflicts(PLAIN);
            let sentence = format!("with `restart = \"temporary\"` it is never restarted: leave `{option}` out");
            assert_eq!(told, [sentence]);
        }
        let all = |restart| [&[("restart", restart)], &settings[..]].concat();
        assert_eq!(options(Kind::Service, &all("temporary")).conflicts(PLAIN).len(), 4);
        assert!(options(Kind::Service, &all("transient")).conflicts(PLAIN).is_empty());
        assert!(options(Kind::Service, &[("restart", "temporary")]).conflicts(PLAIN).is_empty());
    }
}
