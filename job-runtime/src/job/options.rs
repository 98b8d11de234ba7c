//! The options of a job, set one by one by the same code for attribute, `configure` and environment.

mod conflicts;
mod kinds;
mod policies;
mod setting;

use std::sync::Arc;
use std::time::Duration;

use crate::duration::{Setting, above_zero, tick_apart};
use crate::error::{Error, Result};
use crate::outcome::Kind;
use crate::policy::missed::Missed;
use crate::policy::overlap::Overlap;
use crate::policy::restart::{Budget, GiveUp, Restart};
use crate::policy::retry::Backoff;
use crate::policy::unique::{OnConflict, UniqueFor};
use crate::schedule::{Calendar, Dst, Expressions, Timetable, Zone};

pub(crate) use conflicts::Signature;
pub use setting::check_backoff;

/// From where a period is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DelayMode {
    Regular,
    Shifted,
}

/// The time between being asked to stop and being dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grace {
    Length(Duration),
    BrutalKill,
    Infinity,
}

/// How many run a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Each process that has the job.
    Process,
    /// One of all that share a store.
    Cluster,
}

impl Scope {
    const WORDS: [&'static str; 2] = ["process", "cluster"];

    fn parse(word: &str) -> Option<Self> {
        match word {
            "process" => Some(Self::Process),
            "cluster" => Some(Self::Cluster),
            _ => None,
        }
    }
}

/// The priorities that a job in a store can have, of which the lowest goes first.
pub(crate) const PRIORITIES: std::ops::RangeInclusive<u32> = 0..=9;

/// How many runs of a job on demand may wait, unless it is said.
const MAX_PENDING: u32 = 10_000;

/// All options of a job; those of other kinds keep their defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    kind: Kind,
    pub(crate) name: Option<String>,
    pub(crate) every: Option<Duration>,
    pub(crate) cron: Option<Expressions>,
    pub(crate) tz: Option<Zone>,
    pub(crate) dst: Option<Dst>,
    /// What of the schedule was set before, and gives way to a schedule that is set now.
    earlier: Earlier,
    pub(crate) initial_delay: Option<Duration>,
    pub(crate) delay_mode: DelayMode,
    /// Unset: `run`, or `ignore` for a job with state.
    pub(crate) on_overlap: Option<Overlap>,
    pub(crate) max_running: Option<u32>,
    pub(crate) on_missed: Missed,
    pub(crate) start_deadline: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) job_shutdown: Grace,
    pub(crate) jitter: Duration,
    pub(crate) splay: Duration,
    pub(crate) align: bool,
    pub(crate) max_attempts: u32,
    /// Unset: as is usual for the kind.
    backoff: Option<Backoff>,
    pub(crate) pause_after: Option<u32>,
    /// How many runs of a job on demand may wait for their start.
    pub(crate) max_pending: u32,
    /// The queue in a store that a job on demand waits in.
    pub(crate) queue: Option<String>,
    pub(crate) priority: u32,
    pub(crate) unique_for: Option<UniqueFor>,
    pub(crate) scope: Scope,
    pub(crate) restart: Restart,
    max_restarts: Option<u32>,
    max_seconds: Option<u32>,
    on_give_up: Option<GiveUp>,
    pub(crate) enabled: bool,
}

/// Which options of a schedule come from an earlier source than the one that is being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each of these options")]
struct Earlier {
    every: bool,
    cron: bool,
    tz: bool,
    dst: bool,
}

impl Options {
    /// The defaults of a kind.
    pub(crate) fn of(kind: Kind) -> Self {
        Self {
            kind,
            name: None,
            every: None,
            cron: None,
            tz: None,
            dst: None,
            earlier: Earlier::default(),
            initial_delay: None,
            delay_mode: DelayMode::Regular,
            on_overlap: None,
            max_running: None,
            on_missed: Missed::One,
            start_deadline: None,
            timeout: None,
            job_shutdown: Grace::Length(Duration::from_secs(5)),
            jitter: Duration::ZERO,
            splay: Duration::ZERO,
            align: false,
            max_attempts: 1,
            backoff: None,
            pause_after: None,
            max_pending: MAX_PENDING,
            queue: None,
            priority: 0,
            unique_for: None,
            scope: Scope::Process,
            restart: Restart::Permanent,
            max_restarts: None,
            max_seconds: None,
            on_give_up: None,
            enabled: true,
        }
    }

    /// Sets one option.
    ///
    /// # Errors
    /// When there is no such option, it goes with another kind of job, or the value is not one of its values; the text
    /// says what is.
    pub(crate) fn set(&mut self, option: &str, value: Setting<'_>) -> Result<()> {
        self.assign(option, value).map_err(|error| Error::configuration(format!("`{option}`: {error}")))
    }

    fn assign(&mut self, option: &str, value: Setting<'_>) -> Result<()> {
        kinds::check(option, self.kind)?;
        match option {
            "every" => self.set_every(tick_apart(above_zero(value.duration()?)?)?),
            "cron" => self.set_cron(Expressions::read(value.written("a cron expression such as `30 2 * * *`")?)?),
            "tz" => {
                self.tz = Some(Zone::named(value.written("a time zone such as `Europe/Berlin`")?)?);
                self.earlier.tz = false;
            }
            "dst" => {
                self.dst = Some(Dst::read(value.written("`vixie` or `literal`")?)?);
                self.earlier.dst = false;
            }
            "initial_delay" => self.initial_delay = Some(value.duration()?),
            "delay_mode" => self.delay_mode = value.word(["regular", "shifted"], delay_mode)?,
            "on_overlap" => self.on_overlap = Some(value.word(Overlap::WORDS, Overlap::parse)?),
            "max_running" => self.max_running = Some(value.count()?),
            "on_missed" => self.on_missed = value.word(Missed::WORDS, Missed::parse)?,
            "start_deadline" => self.start_deadline = Some(above_zero(value.duration()?)?),
            "timeout" => self.timeout = value.or_infinity()?,
            "job_shutdown" => self.job_shutdown = value.grace()?,
            "jitter" => self.jitter = value.duration()?,
            "splay" => self.splay = value.duration()?,
            "align" => self.align = value.flag()?,
            "max_attempts" => self.max_attempts = value.count()?,
            "backoff" => self.backoff = Some(value.backoff()?),
            "pause_after" => self.pause_after = Some(value.count()?),
            "max_pending" => self.max_pending = value.count_or_none()?,
            "queue" => self.queue = Some(value.queue()?),
            "priority" => self.priority = value.priority()?,
            "unique_for" => self.unique_for = Some(value.unique_for()?),
            "scope" => self.scope = value.word(Scope::WORDS, Scope::parse)?,
            "restart" => self.restart = value.word(Restart::WORDS, Restart::parse)?,
            "max_restarts" => self.max_restarts = Some(value.count_or_none()?),
            "max_seconds" => self.max_seconds = Some(value.seconds()?),
            "on_give_up" => self.on_give_up = Some(value.word(GiveUp::WORDS, GiveUp::parse)?),
            "name" => self.name = Some(value.name()?),
            "enabled" => self.enabled = value.flag()?,
            _ => return Err(kinds::unknown(option, self.kind)),
        }
        Ok(())
    }

    /// What is set from here on comes from a later source, as `configure` after the attribute.
    pub(crate) fn next_source(&mut self) {
        self.earlier = Earlier {
            every: self.every.is_some(),
            cron: self.cron.is_some(),
            tz: self.tz.is_some(),
            dst: self.dst.is_some(),
        };
    }

    fn set_every(&mut self, period: Duration) {
        self.every = Some(period);
        self.earlier.every = false;
        self.cron.take_if(|_| self.earlier.cron);
        self.tz.take_if(|_| self.earlier.tz);
        self.dst.take_if(|_| self.earlier.dst);
    }

    fn set_cron(&mut self, expressions: Expressions) {
        self.cron = Some(expressions);
        self.earlier.cron = false;
        self.every.take_if(|_| self.earlier.every);
    }

    /// When the job is due: as the options say, or else as is given.
    pub(crate) fn timetable(&self, given: Timetable) -> Timetable {
        let timetable = match (&self.cron, self.every) {
            (Some(cron), _) => Timetable::Calendar(Arc::new(Calendar::new(cron.clone(), self.tz.clone(), self.dst))),
            (None, Some(period)) => Timetable::Every(period),
            (None, None) => given.with(self.tz.as_ref(), self.dst),
        };
        match timetable.period() {
            Some(period) if self.align => Timetable::Aligned(period),
            _ => timetable,
        }
    }

    /// Reads what `unique_for` is given where a job is enqueued.
    #[cfg_attr(not(feature = "_durable"), expect(dead_code, reason = "asked where a job is enqueued"))]
    pub(crate) fn unique_for(value: Setting<'_>) -> Result<UniqueFor> {
        value.unique_for().map_err(|error| Error::configuration(format!("`unique_for`: {error}")))
    }

    /// Reads what `on_conflict` is given there.
    #[cfg_attr(not(feature = "_durable"), expect(dead_code, reason = "asked where a job is enqueued"))]
    pub(crate) fn on_conflict(value: Setting<'_>) -> Result<OnConflict> {
        let rule = value.word(OnConflict::WORDS, OnConflict::parse);
        rule.map_err(|error| Error::configuration(format!("`on_conflict`: {error}")))
    }

    /// Whether its runs are kept in a store.
    pub(crate) fn is_stored(&self) -> bool {
        self.queue.is_some() || self.scope == Scope::Cluster
    }

    /// The overlap policy in force.
    pub(crate) fn overlap(&self, stateful: bool) -> Overlap {
        self.on_overlap.unwrap_or(if stateful { Overlap::Ignore } else { Overlap::Run })
    }

    /// The delays between attempts, or between restarts.
    pub(crate) fn backoff(&self) -> Backoff {
        self.backoff.unwrap_or_else(|| kinds::usual_backoff(self.kind))
    }

    /// How often a service may be restarted, unless it is a member of a group.
    pub(crate) fn budget(&self) -> Budget {
        let seconds = self.max_seconds.map_or(5, u64::from);
        Budget { max_restarts: self.max_restarts.unwrap_or(3), within: Duration::from_secs(seconds) }
    }

    /// What becomes of the runtime when that is used up.
    pub(crate) fn gives_up(&self) -> GiveUp {
        self.on_give_up.unwrap_or(GiveUp::Shutdown)
    }

    /// Whether it was said how often the job may be restarted, or what happens then.
    pub(crate) fn has_budget_of_its_own(&self) -> bool {
        !self.own_budget().is_empty()
    }

    /// The options that say so.
    pub(crate) fn own_budget(&self) -> Vec<&'static str> {
        [
            (self.max_restarts.is_some(), "max_restarts"),
            (self.max_seconds.is_some(), "max_seconds"),
            (self.on_give_up.is_some(), "on_give_up"),
        ]
        .into_iter()
        .filter_map(|(set, option)| set.then_some(option))
        .collect()
    }
}

fn delay_mode(word: &str) -> Option<DelayMode> {
    match word {
        "regular" => Some(DelayMode::Regular),
        "shifted" => Some(DelayMode::Shifted),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIODIC: [(&str, &str); 21] = [
        ("every", "5m"),
        ("cron", "30 2 * * *; @daily"),
        ("tz", "Europe/Berlin"),
        ("dst", "literal"),
        ("initial_delay", "0s"),
        ("delay_mode", "shifted"),
        ("on_overlap", "queue"),
        ("max_running", "3"),
        ("on_missed", "all(20)"),
        ("start_deadline", "1m"),
        ("timeout", "infinity"),
        ("job_shutdown", "brutal_kill"),
        ("jitter", "1s"),
        ("splay", "1s"),
        ("align", "true"),
        ("max_attempts", "5"),
        ("backoff", "1s..5m"),
        ("pause_after", "3"),
        ("scope", "cluster"),
        ("name", "other"),
        ("enabled", "false"),
    ];
    const JOB: [(&str, &str); 11] = [
        ("max_attempts", "5"),
        ("backoff", "10s"),
        ("timeout", "1m"),
        ("max_running", "3"),
        ("max_pending", "0"),
        ("queue", "mail"),
        ("priority", "3"),
        ("unique_for", "1h"),
        ("job_shutdown", "infinity"),
        ("name", "other"),
        ("enabled", "false"),
    ];
    const SERVICE: [(&str, &str); 8] = [
        ("restart", "transient"),
        ("max_restarts", "0"),
        ("max_seconds", "60"),
        ("backoff", "1s..1m"),
        ("job_shutdown", "10s"),
        ("on_give_up", "pause"),
        ("name", "other"),
        ("enabled", "false"),
    ];

    #[test]
    fn every_option_can_be_set_from_text() {
        for (kind, settings) in [(Kind::Periodic, &PERIODIC[..]), (Kind::Job, &JOB[..]), (Kind::Service, &SERVICE[..])]
        {
            for (option, text) in settings {
                let mut options = Options::of(kind);
                match options.set(option, Setting::Text(text)) {
                    Err(error) => assert!(error.to_string().contains("need the feature `cron`"), "{option}: {error}"),
                    Ok(()) if *text == "infinity" && *option == "timeout" => {}
                    Ok(()) => assert_ne!(options, Options::of(kind), "{option} changed nothing"),
                }
            }
            let mut set: Vec<&str> = settings.iter().map(|(option, _)| *option).collect();
            let mut names: Vec<&str> = Options::names(kind).collect();
            set.sort_unstable();
            names.sort_unstable();
            assert_eq!(set, names, "{kind}");
        }
    }

    #[test]
    fn a_wrong_value_is_told_what_belongs_there() {
        for (kind, option, text, told) in [
            (Kind::Periodic, "every", "0s", "longer than zero"),
            (Kind::Periodic, "every", "10", "needs its unit"),
            (Kind::Periodic, "on_overlap", "ignroe", "did you mean `ignore`?"),
            (Kind::Periodic, "evry", "10m", "did you mean `every`?"),
            (Kind::Periodic, "max_running", "0", "a number from 1"),
            (Kind::Periodic, "align", "yes", "`true` or `false`"),
            (Kind::Periodic, "backoff", "5m..1s", "the shorter duration first"),
            (Kind::Periodic, "on_missed", "all(x)", "takes `one`"),
            (Kind::Periodic, "name", " ", "not empty"),
            (Kind::Job, "max_pending", "-1", "a number from 0"),
            (Kind::Job, "max_running", "0", "a number from 1"),
            (Kind::Job, "queue", "a,b", "the name of a queue"),
            (Kind::Job, "queue", "@mine", "the name of a queue"),
            (Kind::Job, "priority", "10", "a number from 0, the most urgent, to 9"),
            (Kind::Job, "unique_for", "0s", "longer than zero"),
            (Kind::Periodic, "scope", "clutser", "did you mean `cluster`?"),
            (Kind::Job, "every", "10m", "goes with `#[periodic]`"),
            (Kind::Service, "restart", "permanant", "did you mean `permanent`?"),
            (Kind::Service, "max_restarts", "many", "a number from 0"),
            (Kind::Service, "max_seconds", "0", "whole seconds from 1"),
            (Kind::Service, "max_seconds", "5s", "whole seconds from 1"),
            (Kind::Service, "on_give_up", "puase", "did you mean `pause`?"),
            (Kind::Service, "max_attempts", "3", "goes with `#[periodic]` and `#[job]`"),
        ] {
            let error = Options::of(kind).set(option, Setting::Text(text)).expect_err(option).to_string();
            assert!(error.starts_with(&format!("`{option}`: ")) && error.contains(told), "{option} = {text}: {error}");
        }
    }

    #[test]
    fn the_rules_of_restarting_have_those_of_otp_as_defaults() {
        let mut options = Options::of(Kind::Service);
        assert_eq!((options.restart, options.gives_up()), (Restart::Permanent, GiveUp::Shutdown));
        assert_eq!(options.budget(), Budget { max_restarts: 3, within: Duration::from_secs(5) });
        assert!(!options.has_budget_of_its_own());
        for (option, value) in [("max_restarts", 0), ("max_seconds", 60)] {
            options.set(option, Setting::Number(value)).expect("a count");
        }
        assert_eq!(options.budget(), Budget { max_restarts: 0, within: Duration::from_secs(60) });
        assert_eq!(options.own_budget(), ["max_restarts", "max_seconds"]);
    }

    #[test]
    fn what_is_usual_counts_as_said_when_it_is_said() {
        for (option, value) in [("max_restarts", "3"), ("max_seconds", "5"), ("on_give_up", "shutdown")] {
            let mut options = Options::of(Kind::Service);
            options.set(option, Setting::Text(value)).expect("a value of the option");
            assert!(options.has_budget_of_its_own(), "{option}");
        }
    }

    #[test]
    fn each_kind_has_its_own_usual_delays() {
        let usual = |kind| Options::of(kind).backoff().to_string();
        assert_eq!([Kind::Periodic, Kind::Job, Kind::Service].map(usual), ["1s..5m", "1s..5m", "500ms..30s"]);
    }
}
