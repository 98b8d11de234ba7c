//! Changing a job's options at the start: [`JobConfig`].

use super::Options;
use crate::duration::{IntoDuration, Setting};
use crate::error::Result;

/// The options of one job, to be changed by [`Builder::configure`](crate::Builder::configure) and
/// [`Periodic::configure`](crate::Periodic::configure). One setter per option of the attribute, with the same name
/// and the same values; each checks at once. A duration is a text such as `"10m"` or a `Duration`, a word is a text.
///
/// Each setter says which kinds of job take its option: recurring jobs (`#[periodic]` and
/// [`Periodic`](crate::Periodic)), jobs on demand (`#[job]`), services (`#[service]`).
///
/// # Errors
/// Every setter returns an error that says which values the option takes, or which kinds of job take it where this is
/// another; options that contradict each other are refused when the runtime starts, or the job is added.
///
/// ```standalone_crate
/// use job_runtime::periodic;
///
/// #[periodic(every = "10m")]
/// async fn purge_sessions() {}
///
/// # #[tokio::main]
/// # async fn main() -> job_runtime::Result {
/// let runtime = job_runtime::run_all()
///     .configure("purge_sessions", |job| job.every("5m")?.on_overlap("ignore")?.timeout("1m"))
///     .start()
///     .await?;
/// assert_eq!(purge_sessions::status().await?.schedule.as_deref(), Some("every 5m"));
/// # runtime.shutdown().await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct JobConfig {
    pub(crate) options: Options,
}

#[expect(clippy::missing_errors_doc, reason = "they are stated once, at the type")]
impl JobConfig {
    /// The time between two ticks, a millisecond at least. For recurring jobs.
    pub fn every(self, period: impl IntoDuration) -> Result<Self> {
        self.length("every", period)
    }

    /// Calendar times: a cron expression, or several with `;` between them; the guide `guide::time` has the grammar.
    /// What [`every`](Self::every) and it replace is a schedule from before, such as that of the attribute. Needs the
    /// feature `cron`. For recurring jobs.
    pub fn cron(self, expression: &str) -> Result<Self> {
        self.text("cron", expression)
    }

    /// The time zone of [`cron`](Self::cron), or of the calendar times that the job was made with, by its IANA name;
    /// UTC unless it is set. For recurring jobs.
    pub fn tz(self, zone: &str) -> Result<Self> {
        self.text("tz", zone)
    }

    /// What becomes of the times of [`cron`](Self::cron), in recurring jobs, where the clocks of the zone change:
    ///
    /// * `"vixie"`: times of day come exactly once on each day that is meant; what has a `*`, a range or a step in
    ///   second, minute or hour comes at every instant whose local time is meant. The default.
    /// * `"literal"`: every instant whose local time is meant.
    pub fn dst(self, rule: &str) -> Result<Self> {
        self.text("dst", rule)
    }

    /// The time before the first tick; `"0s"` is at once, and unless it is set the first tick comes after one
    /// period. Not with [`align`](Self::align). For recurring jobs.
    pub fn initial_delay(self, delay: impl IntoDuration) -> Result<Self> {
        self.length("initial_delay", delay)
    }

    /// From where a period is counted: `"regular"`, the default, from the planned start, so that the k-th tick is at
    /// anchor + k · period; `"shifted"` from the end of the run, or of the decision not to run. For recurring jobs.
    pub fn delay_mode(self, mode: &str) -> Result<Self> {
        self.text("delay_mode", mode)
    }

    /// What a tick of a recurring job does that comes due while a run is on, one that waits for its next attempt
    /// included:
    ///
    /// * `"run"`: starts as well, within [`max_running`](Self::max_running). The default.
    /// * `"ignore"`: is skipped. The default of a job with `&mut` state, for which `"run"` is refused.
    /// * `"queue"`: waits for the end of the run. One tick waits; further ones are skipped.
    /// * `"stop_previous"`: has the run stopped, as [`job_shutdown`](Self::job_shutdown) says, and starts then. A
    ///   newer tick takes the place of one that waits for this.
    pub fn on_overlap(self, policy: &str) -> Result<Self> {
        self.text("on_overlap", policy)
    }

    /// How many runs may be on at once, from 1; without it there is no bound. For recurring jobs under
    /// `on_overlap = "run"`, whose further ticks are skipped, and for jobs on demand, whose further runs wait. One on
    /// demand with `&mut` state runs once at a time whatever stands here.
    pub fn max_running(self, count: u32) -> Result<Self> {
        self.set("max_running", Setting::Number(count))
    }

    /// What becomes of ticks that are overdue: of several that came due before the process could run them, or of one
    /// that is more than 30 s late; with a [store](crate#queues) also of those that came due while the program was down.
    /// For recurring jobs.
    ///
    /// * `"one"`: the newest runs, for all of them. The default.
    /// * `"skip"`: none runs, but a newest one that is at most 30 s late.
    /// * `"all"`: each runs, one after another and the oldest first; at most the newest 100,000.
    /// * `"all(20)"`: the same, with at most the newest 20.
    ///
    /// Those that do not run are missed.
    pub fn on_missed(self, policy: &str) -> Result<Self> {
        self.text("on_missed", policy)
    }

    /// How long after its nominal time a tick may start, its own jitter and splay not counted; later it is missed.
    /// Longer than zero. It does not bound what is triggered. For recurring jobs.
    pub fn start_deadline(self, deadline: impl IntoDuration) -> Result<Self> {
        self.length("start_deadline", deadline)
    }

    /// The longest an attempt may take: a duration longer than zero, or `"infinity"`, the default. Then the run is
    /// stopped, as [`job_shutdown`](Self::job_shutdown) says, and the attempt is
    /// [`TimedOut`](crate::Outcome::TimedOut). For recurring jobs and jobs on demand.
    pub fn timeout(self, limit: impl IntoDuration) -> Result<Self> {
        self.length("timeout", limit)
    }

    /// The time between being asked to stop and being dropped: a duration, 5 s unless it is set; `"brutal_kill"` for
    /// none; or `"infinity"`. In a shutdown the runtime's own timeout bounds it. For every kind of job.
    ///
    /// A function that does not take `&Context` cannot hear the request: outside a shutdown it is dropped at once.
    /// A plain `fn` can be asked, but never dropped.
    pub fn job_shutdown(self, grace: impl IntoDuration) -> Result<Self> {
        self.length("job_shutdown", grace)
    }

    /// A random delay of each tick: anew for each, uniform from zero to this, and never past the next tick. The
    /// nominal time stays. What is triggered, and what is overdue, is not delayed. For recurring jobs.
    pub fn jitter(self, most: impl IntoDuration) -> Result<Self> {
        self.length("jitter", most)
    }

    /// A delay between zero and this that is fixed for the job on this machine, so that many machines do not start
    /// it at once: the part of it that the FNV-1a hash of the two names picks. What is longer
    /// than the period is cut to it first. Otherwise as [`jitter`](Self::jitter), to which it is added. For recurring
    /// jobs.
    pub fn splay(self, most: impl IntoDuration) -> Result<Self> {
        self.length("splay", most)
    }

    /// Whether ticks stand at multiples of the period since the UNIX epoch, by the wall clock: `"1h"` is then each
    /// full hour of UTC. Off unless it is set; not with `delay_mode = "shifted"`. For recurring jobs.
    pub fn align(self, on: bool) -> Result<Self> {
        self.set("align", Setting::Flag(on))
    }

    /// How many attempts one run has, from 1, the default. A further one follows an `Err`, a panic and a timeout. For
    /// recurring jobs, and for jobs on demand whose arguments are `Clone`.
    pub fn max_attempts(self, count: u32) -> Result<Self> {
        self.set("max_attempts", Setting::Number(count))
    }

    /// The delay before the next attempt: `"10s"` is exactly that, and `"1s..5m"`, the default, is random under a
    /// ceiling that doubles. For recurring jobs and jobs on demand; and for services, where it is the delay before the
    /// next start.
    ///
    /// After attempt n, `"base..cap"` is uniform in 0 ..= min(cap, base · 2^(n−1)): the “full jitter” of Marc
    /// Brooker, *Exponential Backoff And Jitter* (2015). A service has no such jitter: before its n-th restart since a
    /// run stayed up for longer than [`max_seconds`](Self::max_seconds) it is exactly min(cap, base · 2^(n−1)), and the
    /// default is `"500ms..30s"`.
    pub fn backoff(self, delay: &str) -> Result<Self> {
        self.text("backoff", delay)
    }

    /// After how many failed runs in a row the job is paused, from 1; without it, it never is. A run counts once,
    /// after its last attempt, and `resume` counts anew. For recurring jobs.
    pub fn pause_after(self, failures: u32) -> Result<Self> {
        self.set("pause_after", Setting::Number(failures))
    }

    /// How many runs of a job on demand may wait for their start, from 0; 10,000 unless it is set. One that is spawned
    /// beyond that is refused. With 0, none waits: what cannot start at once is refused.
    pub fn max_pending(self, count: u32) -> Result<Self> {
        self.set("max_pending", Setting::Number(count))
    }

    /// The queue of a store that a job on demand waits in, one that was given a queue at its attribute. Names beginning
    /// with `@` are the library's own.
    pub fn queue(self, name: &str) -> Result<Self> {
        self.text("queue", name)
    }

    /// The place of a job among those of its queue: from 0, which goes first and is the default, to 9. For jobs on
    /// demand that have a [`queue`](Self::queue).
    pub fn priority(self, priority: u32) -> Result<Self> {
        self.set("priority", Setting::Number(priority))
    }

    /// How long a job that was enqueued keeps the same one, which has equal arguments, out: a duration longer than
    /// zero, counted from when it was enqueued, or `"unfinished"` for as long as it has not come to its end. One that was
    /// cancelled or discarded keeps none out. For jobs on demand that have a [`queue`](Self::queue).
    pub fn unique_for(self, length: impl IntoDuration) -> Result<Self> {
        self.length("unique_for", length)
    }

    /// How many nodes run a tick of a recurring job:
    ///
    /// * `"process"`: each process that has the job. The default.
    /// * `"cluster"`: one of all that share a [store](crate#queues).
    pub fn scope(self, scope: &str) -> Result<Self> {
        self.text("scope", scope)
    }

    /// After which ends a service is started again. What a shutdown has ended never is.
    ///
    /// * `"permanent"`: after all. The default.
    /// * `"transient"`: after an `Err` and a panic, but not when it returned well or was cancelled.
    /// * `"temporary"`: never.
    pub fn restart(self, rule: &str) -> Result<Self> {
        self.text("restart", rule)
    }

    /// How often a service may be restarted within [`max_seconds`](Self::max_seconds), from 0; 3 unless it is set. One
    /// more end than that, and it gives up, as [`on_give_up`](Self::on_give_up) says. Not for a member of a group,
    /// which has the group's.
    pub fn max_restarts(self, count: u32) -> Result<Self> {
        self.set("max_restarts", Setting::Number(count))
    }

    /// The time in which the restarts of a service count against [`max_restarts`](Self::max_restarts), in whole
    /// seconds from 1; 5 unless it is set. It slides: an end exactly so long ago counts no longer.
    pub fn max_seconds(self, seconds: u32) -> Result<Self> {
        self.set("max_seconds", Setting::Number(seconds))
    }

    /// What becomes of a service that used up its restarts, and of the runtime:
    ///
    /// * `"shutdown"`: the runtime shuts down in order, and ends with an error
    ///   ([`is_gave_up`](crate::Error::is_gave_up)). The default.
    /// * `"pause"`: the service is paused, with the reason; resumed, it starts at once and with no restart used up.
    pub fn on_give_up(self, consequence: &str) -> Result<Self> {
        self.text("on_give_up", consequence)
    }

    /// The name in events, logs and settings; the function's own unless it is set. For every kind of job.
    pub fn name(self, name: &str) -> Result<Self> {
        self.text("name", name)
    }

    /// Whether the job starts in service, as it does unless this is set, or paused. For every kind of job.
    pub fn enabled(self, on: bool) -> Result<Self> {
        self.set("enabled", Setting::Flag(on))
    }

    /// The options of a job, to be set anew by a later source.
    pub(crate) fn over(options: &Options) -> Self {
        let mut options = options.clone();
        options.next_source();
        Self { options }
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
