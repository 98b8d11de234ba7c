//! Jobs under test: [`Harness`].

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::record::{Record, Run};
use crate::clock::{Moment, first, in_real_time, later};
use crate::duration::IntoDuration;
use crate::engine::driver::Engine;
use crate::engine::supervisor::{Core, Owner};
use crate::error::{Error, Result, RunError};
use crate::event::Event;
use crate::job::{Accounting, JobHandle, Phase, Return, Run as JobRun};
use crate::outcome::{Outcome, RunId, SkipReason};
use crate::runtime::Runtime;
use crate::timestamp::IntoTime;

/// How long a tick, or a plain function, may take in real time.
const PATIENCE: Duration = Duration::from_secs(5);
/// tokio's timers have this grain; below it the clock is set directly.
const GRAIN: Duration = Duration::from_millis(1);
/// How often others have their turn before it is seen whether anything happened.
const TURNS: usize = 32;
/// After so many looks at which nothing had happened, everything that was ready has run.
const QUIET_TURNS: usize = 8;

/// Why a tick by hand gave no outcome: see [`Harness::tick`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TickError {
    /// Ticks by hand are for manual mode, and this harness was started with `.auto()`.
    NotManual,
    /// The guard or the overlap policy declined.
    NotStarted(SkipReason),
    /// The run went on for longer than the tick waited; it still does.
    TimedOut,
    /// There is no such job, or the template has no instance.
    UnknownJob,
}

/// What [`Harness::perform`] takes: the handle of what was spawned; or what would be enqueued.
pub trait Performs {
    /// What the function returns.
    type Return: Return;

    #[doc(hidden)]
    fn handle(self, harness: &Harness) -> JobHandle<Self::Return>;
}

impl<R: Return> Performs for JobHandle<R> {
    type Return = R;

    fn handle(self, _harness: &Harness) -> Self {
        self
    }
}

impl fmt::Display for TickError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotManual => f.write_str("ticks by hand are for manual mode: leave out `.auto()`"),
            Self::NotStarted(reason) => write!(f, "the job was not started: {reason}"),
            Self::TimedOut => f.write_str("the run is still on after the time the tick waits"),
            Self::UnknownJob => f.write_str("there is no such job, or no instance of it is started"),
        }
    }
}

impl std::error::Error for TickError {}

/// The jobs of a test, and its hold on their clocks. It comes from [`start`](super::start).
///
/// ```standalone_crate
/// use job_runtime::{MissReason, periodic, testing};
///
/// #[periodic(every = "10m", on_overlap = "ignore")]
/// async fn purge_sessions() {}
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let jobs = testing::start().auto().at("2026-11-20T12:00:00Z").await;
/// jobs.advance("24h").await;
/// assert_eq!(jobs.runs("purge_sessions").len(), 144);
///
/// jobs.stall("1h").await;
/// assert_eq!(jobs.accounting("purge_sessions").missed_for(MissReason::Stalled), 5);
/// # }
/// ```
///
/// # Panics
/// When it is dropped while the accounts of a job do not balance, unless the test is failing already. That is a
/// fault of this library.
pub struct Harness {
    runtime: Runtime,
    pub(super) engine: Arc<Engine>,
    record: Arc<Record>,
    manual: bool,
    /// Whether a job is a plain function, which can hold the clocks; those added at run time are async.
    watching: bool,
}

impl Harness {
    pub(crate) fn new(runtime: Runtime, record: Arc<Record>, manual: bool) -> Result<Self> {
        let engine = runtime.engine()?;
        engine.drive()?;
        let watching = engine.with_core(|core| core.entries.iter().any(|(_, entry)| entry.job.is_blocking()));
        Ok(Self { runtime, engine, record, manual, watching })
    }

    // ---- ticks by hand

    /// Runs a job now, if its guard and policies let it, and waits for the end of the run, further attempts
    /// included: at most 5 real seconds. The clocks go on as far as the run waits. Of a template it runs all
    /// instances, and gives `Completed` or the first other outcome.
    ///
    /// ```standalone_crate
    /// use job_runtime::testing::{TickError, start};
    /// use job_runtime::{Outcome, SkipReason, periodic};
    ///
    /// #[periodic(every = "10m", when = || false, max_attempts = 3, backoff = "10s")]
    /// async fn import() -> Result<(), String> {
    ///     Err("no such file".to_owned())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = start().await;
    /// assert_eq!(jobs.tick("import").await, Err(TickError::NotStarted(SkipReason::Guard)));
    /// jobs.guard("import", true);
    /// assert_eq!(jobs.tick("import").await, Ok(Outcome::Failed));
    /// assert_eq!(jobs.runs("import").len(), 3);
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`TickError`].
    ///
    /// # Panics
    /// When the job's data is missing, with the start error.
    ///
    /// # Cancel safety
    /// When the future is dropped, the run is still on, and the clocks stand where they are.
    pub async fn tick(&self, job: &str) -> std::result::Result<Outcome, TickError> {
        self.tick_for(job, PATIENCE).await
    }

    /// [`tick`](Self::tick), waiting for `wait` of real time; with `"0ms"` until the start is decided and the run
    /// was polled, so that the test goes on while the run is on.
    ///
    /// ```standalone_crate
    /// use std::time::Duration;
    /// use job_runtime::{Outcome, periodic, testing};
    ///
    /// #[periodic(every = "10m")]
    /// async fn takes_a_minute() {
    ///     tokio::time::sleep(Duration::from_secs(60)).await;
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = testing::start().await;
    /// let tick = jobs.tick_within("takes_a_minute", "0ms").await;
    /// assert_eq!(tick, Err(testing::TickError::TimedOut));
    /// jobs.advance("1m").await;
    /// assert_eq!(jobs.runs("takes_a_minute")[0].outcome, Some(Outcome::Completed));
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [`TickError`].
    ///
    /// # Panics
    /// When the job's data is missing, with the start error, and when `wait` is not a duration.
    ///
    /// # Cancel safety
    /// As [`tick`](Self::tick).
    #[track_caller]
    pub fn tick_within(
        &self,
        job: &str,
        wait: impl IntoDuration,
    ) -> impl Future<Output = std::result::Result<Outcome, TickError>> {
        let wait = length(wait);
        async move { self.tick_for(job, wait).await }
    }

    async fn tick_for(&self, job: &str, wait: Duration) -> std::result::Result<Outcome, TickError> {
        if !self.manual {
            return Err(TickError::NotManual);
        }
        self.check(job)?;
        let _moving = self.engine.home.clock.hold();
        let runs = self.runtime.of_name(job, |core, owner, entry| owner.request(core, entry, false));
        let runs = runs.map_err(|_| TickError::UnknownJob)?.map_err(|_| TickError::NotStarted(SkipReason::Refused))?;
        if runs.is_empty() {
            return Err(TickError::UnknownJob);
        }
        self.run_ready().await;
        // Even a moment of real time would let the clocks leap to whatever the run waits for.
        if !wait.is_zero() {
            first(self.all_ended(&runs), in_real_time(wait)).await;
        }
        if self.have_ended(&runs) { self.outcome(&runs) } else { Err(TickError::TimedOut) }
    }

    // ---- jobs on demand

    /// Waits for the end of a run that was spawned, further attempts and the time it was spawned for included, and gives
    /// what awaiting its handle gives; or runs a job that would be enqueued, once and at once, its arguments written and
    /// read as on their way through the store. The clocks go on as far as the run waits.
    ///
    /// ```standalone_crate
    /// use job_runtime::{job, testing};
    ///
    /// #[job(max_attempts = 3, backoff = "1m")]
    /// async fn create_crm_user(user: u32, api: &Vec<u32>) -> Result<u32, String> {
    ///     api.get(1).map(|id| id + user).ok_or_else(|| "the CRM is down".to_owned())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = testing::start().data(Vec::<u32>::new()).await;
    /// let run = create_crm_user::spawn_after("1h", 7);
    /// let error = jobs.perform(run).await.expect_err("there is no API");
    /// assert_eq!(error.error().expect("its last attempt failed"), "the CRM is down");
    /// assert_eq!(jobs.runs("create_crm_user").len(), 3);
    /// # }
    /// ```
    ///
    /// # Errors
    /// What awaiting the handle gives.
    ///
    /// # Panics
    /// When the run is still on after 5 real seconds: it waits for something that the clocks do not bring.
    ///
    /// # Cancel safety
    /// When the future is dropped, the run goes on, and the clocks stand where they are.
    pub async fn perform<P: Performs>(
        &self,
        run: P,
    ) -> std::result::Result<<P::Return as Return>::Output, RunError<<P::Return as Return>::Error>> {
        let run = run.handle(self);
        let id = run.id();
        let mut end = None;
        first(async { end = Some(run.await) }, in_real_time(PATIENCE)).await;
        let Some(end) = end else { panic!("run {id} is still on after {PATIENCE:?} of real time") };
        end
    }

    /// Data is looked at with the first tick of a job.
    fn check(&self, job: &str) -> std::result::Result<(), TickError> {
        let job =
            self.runtime.of_name(job, |core, _, entry| core.entries.get(entry).map(|entry| Arc::clone(&entry.job)));
        let job = job.ok().flatten().ok_or(TickError::UnknownJob)?;
        let mistakes: Vec<_> = crate::runtime::missing(&job).collect();
        assert!(mistakes.is_empty(), "{}", Error::mistakes(mistakes));
        Ok(())
    }

    async fn all_ended(&self, runs: &[Arc<JobRun>]) {
        self.until(|| self.have_ended(runs)).await;
    }

    fn have_ended(&self, runs: &[Arc<JobRun>]) -> bool {
        runs.iter().all(|run| match run.phase() {
            Phase::Pending | Phase::Scheduled | Phase::Running | Phase::Waiting => false,
            // The event goes out just after the end.
            Phase::Completed | Phase::Discarded => self.record.outcome(run.id).is_some(),
            Phase::Cancelled => true,
        })
    }

    /// The outcome of all, or the first that is not a good one.
    fn outcome(&self, runs: &[Arc<JobRun>]) -> std::result::Result<Outcome, TickError> {
        for run in runs {
            match self.record.outcome(run.id) {
                Some(Outcome::Completed) => {}
                Some(outcome) => return Ok(outcome),
                None => {
                    let reason = self.record.not_started(run.id).unwrap_or(SkipReason::Cancelled);
                    return Err(TickError::NotStarted(reason));
                }
            }
        }
        Ok(Outcome::Completed)
    }

    // ---- the clocks

    /// Moves both clocks on by `by`. Everything that comes due until then is started, in order, and whatever can
    /// run runs; at the end the clocks stand exactly there and everything is idle. Runs that need more time are
    /// still on. By `"0s"` it lets run what is ready.
    ///
    /// ```standalone_crate
    /// use job_runtime::{periodic, testing};
    ///
    /// #[periodic(every = "10m")]
    /// async fn purge_sessions() {}
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = testing::start().auto().await;
    /// jobs.advance("9m59s").await;
    /// assert_eq!(jobs.runs("purge_sessions").len(), 0);
    /// jobs.advance("1s").await;
    /// assert_eq!(jobs.runs("purge_sessions").len(), 1);
    /// # }
    /// ```
    ///
    /// # Panics
    /// When a text is not a duration, and when a plain function keeps running for 5 real seconds: it holds the
    /// clocks, and may be waiting for them.
    ///
    /// # Cancel safety
    /// When the future is dropped, the clocks stand where they are by then.
    #[track_caller]
    pub fn advance(&self, by: impl IntoDuration) -> impl Future<Output = ()> {
        let by = length(by);
        async move {
            let target = self.moment() + by;
            let _moving = self.engine.home.clock.hold();
            self.go_to(target).await;
        }
    }

    /// Lets the wall clock run on alone, as while the machine sleeps. It is seen within 30 s of
    /// [`advance`](Self::advance), where a schedule follows the wall clock; a plain `every` does not.
    ///
    /// ```standalone_crate
    /// use job_runtime::{periodic, testing};
    ///
    /// #[periodic(every = "1h", align = true)]
    /// async fn each_hour() {}
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = testing::start().auto().at("2026-11-20T12:00:00Z").await;
    /// jobs.advance("30m").await;
    /// jobs.suspend("8h").await; // it is 20:30, and 13:00 to 20:00 are overdue
    /// jobs.advance("30s").await;
    /// assert_eq!(jobs.runs("each_hour").len(), 1);
    /// assert_eq!(jobs.accounting("each_hour").missed, 7);
    /// # }
    /// ```
    ///
    /// # Panics
    /// When a text is not a duration.
    ///
    /// # Cancel safety
    /// Safe: once polled it is done.
    #[track_caller]
    pub fn suspend(&self, length: impl IntoDuration) -> impl Future<Output = ()> {
        let length = self::length(length);
        async move { self.move_wall(later(self.now(), length)) }
    }

    /// Jumps both clocks with nothing run, as when the process was too busy, and then lets what is due run.
    ///
    /// ```standalone_crate
    /// use job_runtime::{MissReason, periodic, testing};
    ///
    /// #[periodic(every = "1m", on_missed = "all(2)")]
    /// async fn sample() {}
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = testing::start().auto().await;
    /// jobs.stall("5m").await;
    /// assert_eq!(jobs.runs("sample").len(), 2);
    /// assert_eq!(jobs.accounting("sample").missed_for(MissReason::Stalled), 3);
    /// # }
    /// ```
    ///
    /// # Panics
    /// When a text is not a duration.
    ///
    /// # Cancel safety
    /// When the future is dropped, the clocks have jumped, and what is due runs with the next call.
    #[track_caller]
    pub fn stall(&self, length: impl IntoDuration) -> impl Future<Output = ()> {
        let length = self::length(length);
        async move {
            let _moving = self.engine.home.clock.hold();
            tokio::time::advance(length).await;
            self.engine.turn_all();
            self.run_ready().await;
        }
    }

    /// Sets the wall clock, forward or back. It is seen within 30 s of [`advance`](Self::advance), where a schedule
    /// follows the wall clock.
    ///
    /// ```standalone_crate
    /// use job_runtime::{periodic, testing};
    ///
    /// #[periodic(every = "1h", align = true)]
    /// async fn each_hour() {}
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = testing::start().auto().at("2026-11-20T12:30:00Z").await;
    /// jobs.advance("30m").await;
    /// jobs.set_wall("2026-11-20T12:45:00Z").await; // 13:00 comes again, and has had its run
    /// jobs.advance("30m").await;
    /// assert_eq!(jobs.runs("each_hour").len(), 1);
    /// # }
    /// ```
    ///
    /// # Panics
    /// When a text is not a time.
    ///
    /// # Cancel safety
    /// Safe: once polled it is done.
    #[track_caller]
    pub fn set_wall(&self, time: impl IntoTime) -> impl Future<Output = ()> {
        let time = match time.into_time() {
            Ok(time) => time,
            Err(error) => panic!("{error}"),
        };
        async move { self.move_wall(time) }
    }

    /// Moves the clocks on until nothing runs, at most by `at_most`; false when time was up.
    ///
    /// ```standalone_crate
    /// use std::time::Duration;
    /// use job_runtime::{periodic, testing};
    ///
    /// #[periodic(every = "1h")]
    /// async fn takes_a_minute() {
    ///     tokio::time::sleep(Duration::from_secs(60)).await;
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = testing::start().auto().await;
    /// jobs.advance("1h").await;
    /// assert_eq!(jobs.running().len(), 1);
    /// assert!(!jobs.settle("59s").await);
    /// assert!(jobs.settle("10m").await); // the clocks moved one second
    /// # }
    /// ```
    ///
    /// # Panics
    /// As [`advance`](Self::advance).
    ///
    /// # Cancel safety
    /// As [`advance`](Self::advance).
    #[track_caller]
    pub fn settle(&self, at_most: impl IntoDuration) -> impl Future<Output = bool> {
        let at_most = length(at_most);
        async move {
            let target = self.moment() + at_most;
            let _moving = self.engine.home.clock.hold();
            self.run_ready().await;
            let idle = first(self.until(|| self.is_idle()), self.go_to(target)).await;
            idle.is_some() || self.is_idle()
        }
    }

    /// What the wall clock shows; the same as [`Context::now`](crate::Context::now).
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.engine.home.clock.now().wall
    }

    /// Whether nothing runs, and no guard is being asked.
    fn is_idle(&self) -> bool {
        self.engine.with_core(|core| core.is_idle())
    }

    fn move_wall(&self, wall: SystemTime) {
        self.engine.home.clock.set_wall(wall);
        self.engine.with_core(Core::wall_moved);
    }

    fn moment(&self) -> Moment {
        self.engine.home.clock.moment()
    }

    async fn go_to(&self, target: Moment) {
        let clock = &self.engine.home.clock;
        if target.since(clock.moment()) > GRAIN {
            self.watched(clock.sleep_until(target - GRAIN)).await;
            // What is due here must not be seen from the target, where it would be late.
            self.engine.turn_all();
        }
        // What is ready here has its turn before the clocks move on.
        if target > clock.moment() {
            self.run_ready().await;
        }
        tokio::time::advance(target.since(clock.moment())).await;
        self.engine.turn_all();
        self.run_ready().await;
    }

    /// Lets everything that is ready run, plain functions to their end.
    async fn run_ready(&self) {
        let mut quiet = 0;
        let mut seen = self.activity();
        while quiet < QUIET_TURNS {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            if self.watching && !self.blocking().is_empty() {
                self.watched(self.until(|| self.blocking().is_empty())).await;
            }
            while !self.engine.board.is_empty() {
                // The thread of a plain function is just telling its end.
                tokio::task::yield_now().await;
            }
            let now = self.activity();
            quiet = if now == seen { quiet + 1 } else { 0 };
            seen = now;
        }
    }

    /// What grows as long as anything happens: events, and polls of what runs.
    fn activity(&self) -> (usize, u64) {
        let polls = self.engine.with_core(|core| core.polls());
        (self.record.len(), polls)
    }

    /// Waits, but not for ever for a plain function that holds the clocks.
    async fn watched(&self, wait: impl Future<Output = ()>) {
        if !self.watching {
            return wait.await;
        }
        let mut wait = std::pin::pin!(wait);
        let mut before = self.blocking();
        loop {
            if first(wait.as_mut(), in_real_time(PATIENCE)).await.is_some() {
                return;
            }
            // One after another may keep the clocks for as long as they like.
            let on = self.blocking();
            if let Some((_, _, job)) = on.iter().find(|run| before.contains(run)) {
                panic!(
                    "the plain fn of job `{job}` has been running for {PATIENCE:?} of real time, and the clocks stand \
                     still while it does: it must not wait for them to move"
                );
            }
            before = on;
        }
    }

    /// The attempts of plain functions that are on.
    fn blocking(&self) -> Vec<(RunId, u32, Arc<str>)> {
        let attempt = |run: &Arc<JobRun>| (run.id, run.attempt(), Arc::clone(&run.job.name));
        self.engine.with_core(|core| core.blocking().map(attempt).collect())
    }

    async fn until(&self, done: impl Fn() -> bool) {
        loop {
            let mut changed = std::pin::pin!(self.record.changed.notified());
            changed.as_mut().enable();
            if done() {
                return;
            }
            changed.await;
        }
    }

    // ---- what happened, and what is to come

    /// The attempts of a job so far, in the order of their starts; none when there is no such job.
    ///
    /// ```standalone_crate
    /// # use job_runtime::{Trigger, periodic, testing};
    /// #[periodic(every = "1h", max_attempts = 2, backoff = "10s")]
    /// async fn import() -> Result<(), String> {
    ///     Err("no such file".to_owned())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = testing::start().auto().await;
    /// jobs.advance("61m").await;
    /// let [first, second] = &jobs.runs("import")[..] else { panic!("two attempts") };
    /// assert_eq!((first.id, first.scheduled_at), (second.id, second.scheduled_at));
    /// assert_eq!((second.attempt, second.trigger), (2, Trigger::Retry));
    /// assert_eq!(second.error.as_deref(), Some("no such file"));
    /// # }
    /// ```
    #[must_use]
    pub fn runs(&self, job: &str) -> Vec<Run> {
        self.record.runs(job)
    }

    /// Everything that happened so far, in order.
    ///
    /// ```standalone_crate
    /// # use job_runtime::{EventKind, periodic, testing};
    /// #[periodic(every = "1m", pause_after = 2)]
    /// async fn import() -> Result<(), String> {
    ///     Err("no such file".to_owned())
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = testing::start().auto().await;
    /// jobs.advance("2m").await;
    /// let last = jobs.events().pop().expect("it ran");
    /// assert!(matches!(last.kind, EventKind::Paused { reason } if reason.contains("2 failures in a row")));
    /// # }
    /// ```
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.record.events()
    }

    /// The next ticks of a job, at most `n`; in shifted mode one, and none while its run is on; in manual mode none.
    ///
    /// # Panics
    /// When there is no such job.
    #[must_use]
    #[track_caller]
    pub fn next(&self, job: &str, n: usize) -> Vec<SystemTime> {
        self.of(job, |core, owner, entry| owner.next(core, entry, n))
    }

    /// The runs that are on, those waiting for a retry included.
    #[must_use]
    pub fn running(&self) -> Vec<RunId> {
        self.engine.with_core(|core| core.running().map(|run| run.id).collect())
    }

    /// From now on `answer` stands in for the guard of a job, which is not asked any more. A job without a guard
    /// gets one so.
    ///
    /// ```standalone_crate
    /// # use job_runtime::{SkipReason, periodic, testing};
    /// async fn is_leader() -> bool {
    ///     unimplemented!("asks the network")
    /// }
    ///
    /// #[periodic(every = "1m", when = is_leader)]
    /// async fn rebalance() {}
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = testing::start().auto().await;
    /// jobs.guard("rebalance", false);
    /// jobs.advance("3m").await;
    /// assert_eq!(jobs.accounting("rebalance").skipped_for(SkipReason::Guard), 3);
    /// # }
    /// ```
    ///
    /// # Panics
    /// When there is no such job.
    #[track_caller]
    pub fn guard(&self, job: &str, answer: bool) {
        self.of(job, |core, _, entry| {
            if let Some(entry) = core.entries.get_mut(entry) {
                entry.guard = Some(answer);
            }
        });
    }

    /// How the occasions of a job ended so far.
    ///
    /// # Panics
    /// When there is no such job.
    #[must_use]
    #[track_caller]
    pub fn accounting(&self, job: &str) -> Accounting {
        self.of(job, |core, _, entry| core.entries.get(entry).map(|entry| entry.ledger.accounting()))
            .unwrap_or_default()
    }

    /// The runtime, for what else a program does with it. What is asked of it takes effect at once; the clocks move
    /// only as the [module](super) says.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Shuts down in order, in virtual time. The harness can still be read after it.
    ///
    /// ```standalone_crate
    /// # use job_runtime::{Context, Outcome, periodic, testing};
    /// #[periodic(every = "1m", job_shutdown = "10s")]
    /// async fn deaf(_cx: &Context) {
    ///     std::future::pending().await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = testing::start().auto().await;
    /// jobs.advance("1m").await;
    /// assert!(jobs.shutdown().await.unwrap_err().is_abandoned());
    /// assert_eq!(jobs.runs("deaf")[0].outcome, Some(Outcome::Interrupted));
    /// # }
    /// ```
    ///
    /// # Errors
    /// What [`Runtime::shutdown`] gives.
    ///
    /// # Cancel safety
    /// Once polled, the shutdown goes on when the future is dropped, as far as the clocks move.
    pub async fn shutdown(&self) -> Result {
        self.runtime.shutdown().await
    }

    #[track_caller]
    fn of<T>(&self, job: &str, read: impl FnOnce(&mut Core, &mut dyn Owner, u32) -> T) -> T {
        match self.runtime.of_name(job, read) {
            Ok(value) => value,
            Err(error) => panic!("{error}"),
        }
    }

    /// Asserts the identity, and that what counts as pending is really waiting somewhere.
    fn assert_accounts(&self) {
        let accounts = self.runtime.with(|core, kinds| {
            let of = core.entries.iter().map(|(entry, kept)| {
                let undecided: u64 = kinds.iter().map(|kind| kind.undecided(entry)).sum();
                (Arc::clone(&kept.job.name), kept.ledger.accounting(), undecided)
            });
            of.collect::<Vec<_>>()
        });
        for (job, accounting, undecided) in accounts.unwrap_or_default() {
            assert!(accounting.balances(), "the accounts of job `{job}` do not balance: {accounting:?}");
            assert!(
                accounting.pending == undecided,
                "job `{job}` has {undecided} undecided occasions, but its accounts say {accounting:?}"
            );
        }
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        self.runtime.put_down();
        if !std::thread::panicking() {
            self.assert_accounts();
        }
    }
}

impl fmt::Debug for Harness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Harness").field("manual", &self.manual).finish_non_exhaustive()
    }
}

#[track_caller]
fn length(length: impl IntoDuration) -> Duration {
    match length.into_duration() {
        Ok(length) => length,
        Err(error) => panic!("{error}"),
    }
}
