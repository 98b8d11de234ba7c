//! The options of a job, set one by one by the same code for attribute, `configure` and environment.

use std::sync::Arc;
use std::time::Duration;

use crate::duration::{Setting, above_zero, read, text, tick_apart};
use crate::error::{Error, Result};
use crate::name::{hint, is_name};
use crate::policy::missed::Missed;
use crate::policy::overlap::Overlap;
use crate::policy::retry::Backoff;
use crate::schedule::{Calendar, Dst, Expressions, Timetable, Zone};

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

/// All options of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
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
    pub(crate) backoff: Backoff,
    pub(crate) pause_after: Option<u32>,
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

impl Default for Options {
    fn default() -> Self {
        Self {
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
            backoff: Backoff::Exponential { base: Duration::from_secs(1), cap: Duration::from_secs(300) },
            pause_after: None,
            enabled: true,
        }
    }
}

impl Options {
    /// The names of the options, as they are written everywhere.
    pub(crate) const NAMES: [&'static str; 20] = [
        "every",
        "cron",
        "tz",
        "dst",
        "initial_delay",
        "delay_mode",
        "on_overlap",
        "max_running",
        "on_missed",
        "start_deadline",
        "timeout",
        "job_shutdown",
        "jitter",
        "splay",
        "align",
        "max_attempts",
        "backoff",
        "pause_after",
        "name",
        "enabled",
    ];

    /// Sets one option.
    ///
    /// # Errors
    /// When there is no such option, or the value is not one of its values; the text says what is.
    pub(crate) fn set(&mut self, option: &str, value: Setting<'_>) -> Result<()> {
        self.assign(option, value).map_err(|error| Error::configuration(format!("`{option}`: {error}")))
    }

    fn assign(&mut self, option: &str, value: Setting<'_>) -> Result<()> {
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
            "backoff" => self.backoff = value.backoff()?,
            "pause_after" => self.pause_after = Some(value.count()?),
            "name" => self.name = Some(value.name()?),
            "enabled" => self.enabled = value.flag()?,
            _ => return Err(Error::configuration(format!("there is no such option{}", hint(option, Self::NAMES)))),
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

    /// The overlap policy in force.
    pub(crate) fn overlap(&self, stateful: bool) -> Overlap {
        self.on_overlap.unwrap_or(if stateful { Overlap::Ignore } else { Overlap::Run })
    }

    /// What the options say against each other, in a job that is due as they say, or else as is given.
    pub(crate) fn conflicts(&self, stateful: bool, given: &Timetable) -> Vec<&'static str> {
        let overlap = self.overlap(stateful);
        let shifted = self.delay_mode == DelayMode::Shifted;
        let scheduled = self.every.is_some() || self.cron.is_some();
        let zoned = self.cron.is_some() || (!scheduled && matches!(given, Timetable::Calendar(_)));
        let calendar = self.cron.is_some() || (!scheduled && given.period().is_none());
        [
            (self.every.is_some() && self.cron.is_some(), "`every` and `cron` both say when it is due: leave one out"),
            (self.tz.is_some() && !zoned, "`tz` is the zone of `cron`, which is not set: leave it out"),
            (self.dst.is_some() && !zoned, "`dst` is a rule for `cron`, which is not set: leave it out"),
            (calendar && self.align, "`align` goes with `every`: leave it out"),
            (calendar && self.initial_delay.is_some(), "`initial_delay` goes with `every`: leave it out"),
            (calendar && shifted, "`delay_mode = \"shifted\"` goes with `every`: leave it out"),
            (!calendar && self.align && shifted, "`align` counts from the clock and `delay_mode = \"shifted\"` from the end of a run: leave one out"),
            (!calendar && self.align && self.initial_delay.is_some(), "`align` says when the first tick is: leave `initial_delay` out"),
            (self.max_running.is_some() && overlap != Overlap::Run, "`max_running` bounds `on_overlap = \"run\"`: with another policy leave it out"),
            (stateful && overlap == Overlap::Run, "one run at a time holds the `&mut` state: choose `on_overlap = \"ignore\"`, `\"queue\"` or `\"stop_previous\"`"),
        ]
        .into_iter()
        .filter_map(|(conflict, sentence)| conflict.then_some(sentence))
        .collect()
    }

    /// Each option that differs from its default, in words; and the rule where the clocks of a calendar change.
    pub(crate) fn policies(&self, stateful: bool, dst: Option<&str>) -> Vec<String> {
        let usual = Self::default();
        let length = |name: &str, value: Option<Duration>| value.map(|value| format!("{name} {}", text(value)));
        let some = |length: Duration| (!length.is_zero()).then_some(length);
        let count = |name: &str, value: Option<u32>| value.map(|value| format!("{name} {value}"));
        [
            Some(format!("on_overlap {}", self.overlap(stateful).as_str())),
            dst.map(|rule| format!("dst {rule}")),
            length("initial_delay", self.initial_delay.filter(|_| dst.is_none())),
            (self.delay_mode == DelayMode::Shifted && dst.is_none()).then(|| "delay_mode shifted".to_owned()),
            count("max_running", self.max_running),
            (self.on_missed != usual.on_missed).then(|| match self.on_missed {
                Missed::One => "on_missed one".to_owned(),
                Missed::Skip => "on_missed skip".to_owned(),
                Missed::All(None) => "on_missed all".to_owned(),
                Missed::All(Some(count)) => format!("on_missed all({count})"),
            }),
            length("start_deadline", self.start_deadline),
            length("timeout", self.timeout),
            (self.job_shutdown != usual.job_shutdown).then(|| match self.job_shutdown {
                Grace::Length(length) => format!("job_shutdown {}", text(length)),
                Grace::BrutalKill => "job_shutdown brutal_kill".to_owned(),
                Grace::Infinity => "job_shutdown infinity".to_owned(),
            }),
            length("jitter", some(self.jitter)),
            length("splay", some(self.splay)),
            (self.max_attempts > 1).then(|| format!("max_attempts {}", self.max_attempts)),
            (self.max_attempts > 1 && self.backoff != usual.backoff).then(|| format!("backoff {}", self.backoff)),
            count("pause_after", self.pause_after),
        ]
        .into_iter()
        .flatten()
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

/// What each kind of option makes of a written value.
#[expect(clippy::wildcard_enum_match_arm, reason = "the words first, and then what any duration is")]
impl Setting<'_> {
    fn duration(self) -> Result<Duration> {
        match self {
            Setting::Text(text) => read(text),
            Setting::Duration(duration) => Ok(duration),
            Setting::Number(_) | Setting::Flag(_) => Err(takes("a duration such as `10m`")),
        }
    }

    fn or_infinity(self) -> Result<Option<Duration>> {
        match self {
            Setting::Text("infinity") => Ok(None),
            other => above_zero(other.duration()?).map(Some),
        }
    }

    fn grace(self) -> Result<Grace> {
        match self {
            Setting::Text("infinity") => Ok(Grace::Infinity),
            Setting::Text("brutal_kill") => Ok(Grace::BrutalKill),
            other => match other.duration()? {
                Duration::ZERO => Ok(Grace::BrutalKill),
                length => Ok(Grace::Length(length)),
            },
        }
    }

    fn backoff(self) -> Result<Backoff> {
        let Setting::Text(text) = self else { return self.duration().map(Backoff::Constant) };
        let Some((base, cap)) = text.split_once("..") else { return read(text).map(Backoff::Constant) };
        let (base, cap) = (above_zero(read(base)?)?, above_zero(read(cap)?)?);
        if cap < base {
            return Err(takes("the shorter duration first, as in `1s..5m`"));
        }
        Ok(Backoff::Exponential { base, cap })
    }

    fn word<const N: usize, T>(self, words: [&str; N], parse: impl Fn(&str) -> Option<T>) -> Result<T> {
        let list = words.map(|word| format!("`{word}`")).join(", ");
        let Setting::Text(text) = self else { return Err(takes(&list)) };
        parse(text).ok_or_else(|| takes(&format!("{list}, not `{text}`{}", hint(text, words))))
    }

    fn count(self) -> Result<u32> {
        let count = match self {
            Setting::Number(number) => Some(number),
            Setting::Text(text) => text.parse().ok(),
            Setting::Duration(_) | Setting::Flag(_) => None,
        };
        count.filter(|count| *count > 0).ok_or_else(|| takes("a number from 1"))
    }

    fn written(&self, what: &str) -> Result<&str> {
        match self {
            Setting::Text(text) => Ok(text),
            Setting::Number(_) | Setting::Flag(_) | Setting::Duration(_) => Err(takes(what)),
        }
    }

    fn flag(self) -> Result<bool> {
        match self {
            Setting::Flag(flag) => Ok(flag),
            Setting::Text("true" | "1") => Ok(true),
            Setting::Text("false" | "0") => Ok(false),
            Setting::Text(_) | Setting::Duration(_) | Setting::Number(_) => Err(takes("`true` or `false`")),
        }
    }

    fn name(self) -> Result<String> {
        match self {
            Setting::Text(text) if is_name(text) => Ok(text.to_owned()),
            _ => {
                Err(takes("a name that is not empty, without control characters, commas, and white space at its ends"))
            }
        }
    }
}

fn takes(what: &str) -> Error {
    Error::configuration(format!("takes {what}"))
}

/// Reads `1s..5m` or `10s`, for a `const` at the attribute.
///
/// # Panics
/// When the text is neither, with a sentence.
#[track_caller]
pub const fn check_backoff(text: &str) {
    let (base, cap) = halves(text);
    let Some(cap) = cap else {
        let _ = crate::duration::duration(base);
        return;
    };
    let base = crate::duration::period(base);
    let cap = crate::duration::period(cap);
    assert!(base.as_millis() <= cap.as_millis(), "`backoff` takes the shorter duration first, as in `1s..5m`");
}

/// Splits at `..`, in a `const`.
#[track_caller]
const fn halves(text: &str) -> (&str, Option<&str>) {
    let mut index = 0;
    while index < text.len() {
        let (before, rest) = text.as_bytes().split_at(index);
        if let [b'.', b'.', after @ ..] = rest {
            return match (str::from_utf8(before), str::from_utf8(after)) {
                (Ok(before), Ok(after)) => (before, Some(after)),
                _ => panic!("`backoff` takes `1s..5m` or `10s`"),
            };
        }
        index += 1;
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_can_be_set_from_text() {
        for (option, text) in [
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
            ("name", "other"),
            ("enabled", "false"),
        ] {
            assert!(Options::NAMES.contains(&option));
            let mut options = Options::default();
            if let Err(error) = options.set(option, Setting::Text(text)) {
                assert!(error.to_string().contains("need the feature `cron`"), "{option}: {error}");
            }
        }
        assert_eq!(Options::NAMES.len(), 20);
    }

    #[test]
    fn a_wrong_value_is_told_what_belongs_there() {
        for (option, text, told) in [
            ("every", "0s", "longer than zero"),
            ("every", "10", "needs its unit"),
            ("on_overlap", "ignroe", "did you mean `ignore`?"),
            ("evry", "10m", "did you mean `every`?"),
            ("max_running", "0", "a number from 1"),
            ("align", "yes", "`true` or `false`"),
            ("backoff", "5m..1s", "the shorter duration first"),
            ("on_missed", "all(x)", "takes `one`"),
            ("name", " ", "not empty"),
        ] {
            let error = Options::default().set(option, Setting::Text(text)).expect_err(option).to_string();
            assert!(error.contains(told), "{option} = {text}: {error}");
        }
    }

    const PERIOD: Timetable = Timetable::Every(Duration::from_secs(1));

    #[test]
    fn what_contradicts_itself() {
        let mut options = Options {
            align: true,
            delay_mode: DelayMode::Shifted,
            max_running: Some(2),
            on_overlap: Some(Overlap::Queue),
            ..Options::default()
        };
        assert_eq!(options.conflicts(false, &PERIOD).len(), 2);
        options = Options::default();
        assert!(options.conflicts(true, &PERIOD).is_empty());
        options.on_overlap = Some(Overlap::Run);
        assert_eq!(options.conflicts(true, &PERIOD).len(), 1);
    }
}
