//! Changing a job's options at the start: [`JobConfig`].

use super::Options;
use crate::duration::{IntoDuration, Setting};
use crate::error::Result;

/// The options of one job, to be changed at the start. One setter per option of the attribute, with the same
/// name and the same values; each checks at once.
///
/// # Errors
/// Every setter returns an error that says which values the option takes; options that contradict each other are
/// refused when the runtime starts.
///
/// ```
/// use job_runtime::{Context, Periodic, Schedule};
///
/// let job = Periodic::new("purge", Schedule::every("10m")?, |_cx: Context| async {});
/// let job = job.configure(|job| job.on_overlap("ignore")?.timeout("1m"))?;
/// # Ok::<(), job_runtime::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct JobConfig {
    pub(crate) options: Options,
}

#[expect(clippy::missing_errors_doc, reason = "they are stated once, at the type")]
impl JobConfig {
    /// The time between two ticks.
    pub fn every(self, period: impl IntoDuration) -> Result<Self> {
        self.length("every", period)
    }

    /// The time before the first tick.
    pub fn initial_delay(self, delay: impl IntoDuration) -> Result<Self> {
        self.length("initial_delay", delay)
    }

    /// `"regular"` (start to start) or `"shifted"` (end to start).
    pub fn delay_mode(self, mode: &str) -> Result<Self> {
        self.text("delay_mode", mode)
    }

    /// `"run"`, `"ignore"`, `"queue"` or `"stop_previous"`.
    pub fn on_overlap(self, policy: &str) -> Result<Self> {
        self.text("on_overlap", policy)
    }

    /// How many runs may be on at once under `on_overlap = "run"`.
    pub fn max_running(self, count: u32) -> Result<Self> {
        self.set("max_running", Setting::Number(count))
    }

    /// `"one"`, `"skip"`, `"all"` or `"all(20)"`.
    pub fn on_missed(self, policy: &str) -> Result<Self> {
        self.text("on_missed", policy)
    }

    /// How late a run may start; later it counts as missed.
    pub fn start_deadline(self, deadline: impl IntoDuration) -> Result<Self> {
        self.length("start_deadline", deadline)
    }

    /// The longest an attempt may take: a duration, or `"infinity"`.
    pub fn timeout(self, limit: impl IntoDuration) -> Result<Self> {
        self.length("timeout", limit)
    }

    /// The time between being asked to stop and being dropped: a duration, `"brutal_kill"` or `"infinity"`.
    pub fn job_shutdown(self, grace: impl IntoDuration) -> Result<Self> {
        self.length("job_shutdown", grace)
    }

    /// A random delay for each tick.
    pub fn jitter(self, most: impl IntoDuration) -> Result<Self> {
        self.length("jitter", most)
    }

    /// A fixed delay for this job on this node.
    pub fn splay(self, most: impl IntoDuration) -> Result<Self> {
        self.length("splay", most)
    }

    /// Whether ticks stand at multiples of the period since the epoch.
    pub fn align(self, on: bool) -> Result<Self> {
        self.set("align", Setting::Flag(on))
    }

    /// How many attempts one tick has.
    pub fn max_attempts(self, count: u32) -> Result<Self> {
        self.set("max_attempts", Setting::Number(count))
    }

    /// The delay before the next attempt: `"1s..5m"` (exponential, full jitter) or `"10s"`.
    pub fn backoff(self, delay: &str) -> Result<Self> {
        self.text("backoff", delay)
    }

    /// After how many failures in a row the job is paused.
    pub fn pause_after(self, failures: u32) -> Result<Self> {
        self.set("pause_after", Setting::Number(failures))
    }

    /// The name in events, metrics and the store.
    pub fn name(self, name: &str) -> Result<Self> {
        self.text("name", name)
    }

    /// Whether the job starts in service, or paused.
    pub fn enabled(self, on: bool) -> Result<Self> {
        self.set("enabled", Setting::Flag(on))
    }

    pub(crate) fn set(mut self, option: &str, value: Setting<'_>) -> Result<Self> {
        self.options.set(option, value)?;
        Ok(self)
    }

    fn text(self, option: &str, value: &str) -> Result<Self> {
        self.set(option, Setting::Text(value))
    }

    /// The text itself goes to the option, which also knows its words.
    #[expect(clippy::needless_pass_by_value, reason = "what a setter was given")]
    fn length(self, option: &str, length: impl IntoDuration) -> Result<Self> {
        self.set(option, length.as_setting())
    }
}
