//! When a job is due: [`Schedule`], the trait for schedules of one's own, the grid of equal periods, calendar times.

#[cfg(feature = "cron")]
mod cron;
#[cfg(not(feature = "cron"))]
#[path = "no_cron.rs"]
mod cron;
mod due;
mod grid;

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::clock::later;
use crate::duration::{self, IntoDuration};
use crate::error::Result;
use crate::panics::held;

#[cfg(not(feature = "cron"))]
pub(crate) use cron::Dst;
pub(crate) use cron::{Calendar, Expressions, Zone, check_zone_data};
#[cfg(feature = "cron")]
pub use cron::{Dst, ZoneData};
pub use cron::{check_cron, check_zone};
pub(crate) use due::Due;
pub(crate) use grid::{aligned_next, span};

/// A rule that names the times at which something recurs. [`Schedule`] implements it; implement it for rules of
/// your own.
///
/// ```
/// use std::time::{Duration, SystemTime, UNIX_EPOCH};
/// use job_runtime::Recurrence;
///
/// /// Every full hour of UNIX time.
/// struct FullHours;
///
/// impl Recurrence for FullHours {
///     fn next(&self, after: SystemTime) -> Option<SystemTime> {
///         let hours = after.duration_since(UNIX_EPOCH).ok()?.as_secs() / 3_600;
///         Some(UNIX_EPOCH + Duration::from_secs((hours + 1) * 3_600))
///     }
///
///     fn describe(&self) -> String {
///         "every full hour".to_owned()
///     }
/// }
///
/// assert_eq!(FullHours.next(UNIX_EPOCH), Some(UNIX_EPOCH + Duration::from_secs(3_600)));
/// ```
///
/// A rule is asked while the engine decides: it must be quick, and must not call the runtime. One that panics, or
/// gives a time that is not later, is not asked again and its job ticks no more. Times less than a millisecond apart
/// count as one.
///
/// The ticks of a rule follow the wall clock; those of [`Schedule::every`] follow the monotonic one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a schedule",
    label = "expected a type that implements `Recurrence`",
    note = "`Schedule::cron(…)` and `Schedule::every(…)` give a `Result`: take the `Schedule` out of it"
)]
pub trait Recurrence: Send + Sync + 'static {
    /// The first time strictly after `after`, or `None` when there is none any more.
    fn next(&self, after: SystemTime) -> Option<SystemTime>;

    /// The rule in words, for people: it is what [`JobInfo::schedule`](crate::JobInfo::schedule) shows.
    fn describe(&self) -> String;

    /// The time zone in which its times are shown to people, by its IANA name: it is [`JobInfo::zone`
    /// ](crate::JobInfo::zone). It changes nothing about the times.
    #[expect(clippy::unnecessary_literal_bound, reason = "a rule may name one that it holds")]
    fn zone(&self) -> &str {
        "UTC"
    }
}

/// A schedule as text describes it, for [`Periodic::new`](crate::Periodic::new) and
/// [`Runtime::reschedule`](crate::Runtime::reschedule), or to be asked for its times.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use job_runtime::Schedule;
///
/// let schedule = Schedule::every("10m")?;
/// let times: Vec<_> = schedule.upcoming(UNIX_EPOCH).take(2).collect();
/// assert_eq!(times, [UNIX_EPOCH + Duration::from_secs(600), UNIX_EPOCH + Duration::from_secs(1_200)]);
/// assert_eq!(schedule.describe(), "every 10m");
/// # Ok::<(), job_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Schedule {
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    Every(Duration),
    #[cfg_attr(not(feature = "cron"), expect(dead_code, reason = "made by `Schedule::cron`"))]
    Calendar(Calendar),
}

impl Schedule {
    /// Equal periods, counted on the monotonic clock: a step of the wall clock changes nothing, and time asleep
    /// does not count.
    ///
    /// # Errors
    /// When a text is not a duration, or the period is shorter than a millisecond.
    pub fn every(period: impl IntoDuration) -> Result<Self> {
        let period = duration::tick_apart(duration::above_zero(period.into_duration()?)?)?;
        Ok(Self { rule: Rule::Every(period) })
    }

    /// The times strictly after `after`, strictly increasing; those of `every` are counted from `after`. Calendar
    /// times end with 9999-12-30, where times of every zone can still be told.
    pub fn upcoming(&self, after: SystemTime) -> impl Iterator<Item = SystemTime> + use<> {
        let schedule = self.clone();
        let mut last = after;
        std::iter::from_fn(move || {
            last = schedule.next(last)?;
            Some(last)
        })
    }

    /// The times strictly after `from`, up to and including `to`: of two spans that meet, each time is in one.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use job_runtime::Schedule;
    ///
    /// let hour = UNIX_EPOCH + Duration::from_secs(3_600);
    /// assert_eq!(Schedule::every("10m")?.between(UNIX_EPOCH, hour).count(), 6);
    /// # Ok::<(), job_runtime::Error>(())
    /// ```
    pub fn between(&self, from: SystemTime, to: SystemTime) -> impl Iterator<Item = SystemTime> + use<> {
        self.upcoming(from).take_while(move |time| *time <= to)
    }

    /// The schedule in words, as in `every 1h30m`.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.rule {
            Rule::Every(period) => format!("every {}", duration::text(*period)),
            Rule::Calendar(calendar) => calendar.describe(),
        }
    }
}

#[diagnostic::do_not_recommend]
impl Recurrence for Schedule {
    fn next(&self, after: SystemTime) -> Option<SystemTime> {
        match &self.rule {
            Rule::Every(period) => after.checked_add(*period),
            Rule::Calendar(calendar) => calendar.next(after),
        }
    }

    fn describe(&self) -> String {
        Self::describe(self)
    }

    fn zone(&self) -> &str {
        match &self.rule {
            Rule::Every(_) => "UTC",
            Rule::Calendar(calendar) => calendar.zone(),
        }
    }
}

/// The next time of a rule; a rule that panics, or goes back in time, has none any more.
fn next_of(rule: &dyn Recurrence, after: SystemTime) -> Option<SystemTime> {
    held(|| rule.next(after)).flatten().filter(|next| *next > after)
}

/// Just under the millisecond that lies between two ticks at least.
const CLOSEST: Duration = Duration::from_nanos(999_999);

/// How the ticks of a job are found.
#[derive(Clone)]
pub enum Timetable {
    /// Equal periods on the monotonic clock.
    Every(Duration),
    /// Equal periods since the epoch, on the wall clock.
    Aligned(Duration),
    /// Calendar times, on the wall clock.
    Calendar(Arc<Calendar>),
    /// Whatever the rule says, on the wall clock.
    Rule(Arc<dyn Recurrence>),
}

impl Timetable {
    /// The timetable of a rule; that of [`Schedule::every`] counts monotonic time.
    pub fn of(rule: impl Recurrence) -> Self {
        let any: &dyn Any = &rule;
        match any.downcast_ref::<Schedule>() {
            Some(Schedule { rule: Rule::Every(period) }) => Self::Every(*period),
            Some(Schedule { rule: Rule::Calendar(calendar) }) => Self::Calendar(Arc::new(calendar.clone())),
            None => Self::Rule(Arc::new(rule)),
        }
    }

    /// The same times in another zone, or by another rule, where they are calendar times.
    pub(crate) fn with(self, zone: Option<&Zone>, rule: Option<Dst>) -> Self {
        match &self {
            Self::Calendar(calendar) if zone.is_some() || rule.is_some() => {
                Self::Calendar(Arc::new(calendar.with(zone, rule)))
            }
            Self::Every(_) | Self::Aligned(_) | Self::Calendar(_) | Self::Rule(_) => self,
        }
    }

    /// The time between two ticks, where it is always the same.
    pub(crate) fn period(&self) -> Option<Duration> {
        match self {
            Self::Every(period) | Self::Aligned(period) => Some(*period),
            Self::Calendar(_) | Self::Rule(_) => None,
        }
    }

    /// The time from a tick to the one after it.
    pub(crate) fn period_after(&self, tick: SystemTime) -> Option<Duration> {
        self.period().or_else(|| self.following(tick)?.duration_since(tick).ok())
    }

    /// The tick after a tick. Those of a rule are a millisecond apart at least, like those of equal periods.
    pub(crate) fn following(&self, tick: SystemTime) -> Option<SystemTime> {
        match self {
            Self::Every(_) | Self::Aligned(_) | Self::Calendar(_) => self.next_wall(tick),
            Self::Rule(rule) => next_of(&**rule, later(tick, CLOSEST)),
        }
    }

    /// The first wall-clock tick after `after`.
    pub(crate) fn next_wall(&self, after: SystemTime) -> Option<SystemTime> {
        match self {
            Self::Every(period) => Some(later(after, *period)),
            Self::Aligned(period) => aligned_next(after, *period),
            Self::Calendar(calendar) => calendar.next(after),
            Self::Rule(rule) => next_of(&**rule, after),
        }
    }

    /// Whether there is any time at all that a clock could be set to.
    pub(crate) fn ever(&self) -> bool {
        self.next_wall(UNIX_EPOCH).is_some()
    }

    /// The rule for clocks that change, where it has one.
    pub(crate) fn dst(&self) -> Option<&'static str> {
        match self {
            Self::Calendar(calendar) => Some(calendar.dst()),
            Self::Every(_) | Self::Aligned(_) | Self::Rule(_) => None,
        }
    }

    /// The zone in which its times are shown.
    pub(crate) fn zone(&self) -> String {
        match self {
            Self::Every(_) | Self::Aligned(_) => None,
            Self::Calendar(calendar) => Some(calendar.zone().to_owned()),
            Self::Rule(rule) => held(|| rule.zone().to_owned()),
        }
        .unwrap_or_else(|| "UTC".to_owned())
    }

    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Every(period) => format!("every {}", duration::text(*period)),
            Self::Aligned(period) => format!("every {}, aligned to the clock", duration::text(*period)),
            Self::Calendar(calendar) => calendar.describe(),
            Self::Rule(rule) => {
                held(|| rule.describe()).unwrap_or_else(|| "a rule that cannot be described".to_owned())
            }
        }
    }
}
