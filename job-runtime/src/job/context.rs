//! One run of a job, and the [`Context`] through which the job sees it.

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;

use super::{Args, Cell, Job, Reply};
use crate::clock::Moment;
use crate::duration::IntoDuration;
use crate::outcome::{JobState, RunId, Trigger};

/// What a job learns of its own run, and what it can ask for. A clone is cheap and means the same run.
///
/// A function has it by a parameter `&Context`, which is also how it hears that it should stop; the functions of a
/// [`Periodic`](crate::Periodic) are given a clone.
///
/// ```standalone_crate
/// use job_runtime::{Context, Outcome, periodic};
///
/// #[periodic(every = "10m")]
/// async fn purge_sessions(cx: &Context) {
///     println!("{}: run {}, attempt {}, by {}", cx.name(), cx.id(), cx.attempt(), cx.trigger());
/// }
///
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// # let jobs = job_runtime::testing::start().await;
/// # assert_eq!(jobs.tick("purge_sessions").await, Ok(Outcome::Completed));
/// # }
/// ```
#[derive(Clone)]
pub struct Context(pub(crate) Arc<Run>);

impl Context {
    /// The name of the job.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.job.name
    }

    /// The identity of the run, which all its attempts share.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.0.id
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.0.attempt.load(Ordering::Relaxed)
    }

    /// What gave the reason to run; the same for all attempts.
    #[must_use]
    pub fn trigger(&self) -> Trigger {
        self.0.trigger
    }

    /// The nominal time of the run, on the wall clock: when it was due, whatever jitter, splay, waiting or further
    /// attempts added. Of a trigger it is the time of the call.
    #[must_use]
    pub fn scheduled_at(&self) -> SystemTime {
        self.0.scheduled_at
    }

    /// What the runtime's wall clock shows; tests can move it, so ask it rather than `SystemTime::now()`.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.0.job.home.clock.now().wall
    }

    /// Whether the run is asked to stop: by its timeout, by `"stop_previous"`, by a cancellation or by shutdown. It
    /// has the grace of its `job_shutdown` then.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.asked.load(Ordering::Acquire)
    }

    /// Waits until the run is asked to stop; ready at once when it is already.
    ///
    /// ```standalone_crate
    /// use job_runtime::{Context, Outcome, periodic};
    /// # async fn next_page() -> Option<u32> { std::future::pending().await }
    ///
    /// #[periodic(every = "1h", timeout = "10m", job_shutdown = "30s")]
    /// async fn crawl(cx: &Context) {
    ///     loop {
    ///         tokio::select! {
    ///             () = cx.cancelled() => return, // 30 s are left to clean up
    ///             page = next_page() => println!("{page:?}"),
    ///         }
    ///     }
    /// }
    ///
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// # let jobs = job_runtime::testing::start().await;
    /// # assert_eq!(jobs.tick("crawl").await, Ok(Outcome::TimedOut));
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// Safe: it may be dropped and called again, and a request made in between is not lost.
    pub async fn cancelled(&self) {
        let mut asked = pin!(self.0.stop.notified());
        asked.as_mut().enable();
        if !self.is_cancelled() {
            asked.await;
        }
    }

    /// Shared data, as `&T` parameters get it; `None` when none of that type was given, which is not told at the
    /// start. It is for those who have no parameters of their own: guards, and the functions of a
    /// [`Periodic`](crate::Periodic).
    ///
    /// ```standalone_crate
    /// use job_runtime::{Context, periodic};
    ///
    /// struct Leader(bool);
    ///
    /// #[periodic(every = "1m", when = |cx| cx.data::<Leader>().is_some_and(|leader| leader.0))]
    /// async fn rebalance(cx: &Context) {
    ///     assert!(cx.data::<String>().is_none());
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// let runtime = job_runtime::run_all().data(Leader(true)).start().await?;
    /// rebalance::trigger().await?.await.expect("the guard says yes");
    /// # runtime.shutdown().await
    /// # }
    /// ```
    #[must_use]
    pub fn data<T: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.0.job.home.data.get().cloned()
    }

    /// Ends the run as cancelled when the function returns, whatever it returns, and without a further attempt.
    ///
    /// Of several calls of this, [`snooze`](Self::snooze) and [`retry_after`](Self::retry_after) in one attempt the
    /// last one counts; when the function panics or is dropped, none does.
    ///
    /// ```standalone_crate
    /// use job_runtime::{Context, Outcome, periodic};
    ///
    /// #[periodic(every = "1h", max_attempts = 5)]
    /// async fn import(cx: &Context) -> Result<(), std::io::Error> {
    ///     if !std::fs::exists("no such file")? {
    ///         cx.cancel("there is nothing to import");
    ///     }
    ///     Ok(())
    /// }
    ///
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = job_runtime::testing::start().await;
    /// assert_eq!(jobs.tick("import").await, Ok(Outcome::Cancelled));
    /// assert_eq!(jobs.runs("import").len(), 1);
    /// # }
    /// ```
    pub fn cancel(&self, reason: impl Into<String>) {
        self.direct(Directive::Cancel(reason.into().into()));
    }

    /// Runs again `delay` after the function returns, whatever it returns, without using up an attempt. It is the
    /// same run, which counts as on until then.
    ///
    /// ```standalone_crate
    /// use job_runtime::{Context, Outcome, periodic};
    ///
    /// #[periodic(every = "1h")]
    /// async fn import(cx: &Context, polls: &mut u32) {
    ///     *polls += 1;
    ///     if *polls < 3 {
    ///         cx.snooze("5m"); // the file is not there yet
    ///     }
    /// }
    ///
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = job_runtime::testing::start().auto().await;
    /// jobs.advance("1h10m").await;
    /// assert_eq!(jobs.runs("import").len(), 3);
    /// assert_eq!(jobs.accounting("import").ran, 1);
    /// # }
    /// ```
    ///
    /// # Panics
    /// When a text is not a duration.
    #[track_caller]
    pub fn snooze(&self, delay: impl IntoDuration) {
        self.direct(Directive::Snooze(delay_of(delay)));
    }

    /// Makes the next attempt `delay` after the function returns, whatever it returns and whatever `backoff` says.
    /// When no attempt is left, the run ends as what was returned says.
    ///
    /// ```standalone_crate
    /// use job_runtime::{Context, Outcome, periodic};
    ///
    /// #[periodic(every = "1h", max_attempts = 2)]
    /// async fn sync(cx: &Context) -> Result<(), &'static str> {
    ///     if cx.attempt() == 1 {
    ///         cx.retry_after("90s"); // as the server asked
    ///         return Err("too many requests");
    ///     }
    ///     Ok(())
    /// }
    ///
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = job_runtime::testing::start().await;
    /// let start = jobs.now();
    /// assert_eq!(jobs.tick("sync").await, Ok(Outcome::Completed));
    /// assert_eq!(jobs.now().duration_since(start).unwrap().as_secs(), 90);
    /// # }
    /// ```
    ///
    /// # Panics
    /// When a text is not a duration.
    #[track_caller]
    pub fn retry_after(&self, delay: impl IntoDuration) {
        self.direct(Directive::RetryAfter(delay_of(delay)));
    }

    fn direct(&self, directive: Directive) {
        self.0.rare().directive = Some(directive);
        self.0.directed.store(true, Ordering::Release);
    }
}

#[track_caller]
fn delay_of(delay: impl IntoDuration) -> Duration {
    match delay.into_duration() {
        Ok(delay) => delay,
        Err(error) => panic!("{error}"),
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("name", &self.name()).field("id", &self.id()).finish_non_exhaustive()
    }
}

/// What the job itself asked for, to be done when it returns.
#[derive(Clone, Debug)]
pub(crate) enum Directive {
    Cancel(Arc<str>),
    Snooze(Duration),
    RetryAfter(Duration),
}

/// Where a run is on its way, as its handle and the executor see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Not decided, or decided and waiting for a place.
    Pending,
    Running,
    /// Waiting for the next attempt.
    Waiting,
    Completed,
    Discarded,
    Cancelled,
}

impl Phase {
    const ALL: [Self; 6] =
        [Self::Pending, Self::Running, Self::Waiting, Self::Completed, Self::Discarded, Self::Cancelled];

    fn code(self) -> u8 {
        let position = Self::ALL.iter().position(|phase| *phase == self);
        position.and_then(|position| u8::try_from(position).ok()).unwrap_or_default()
    }
}

/// One run, shared by the engine, the task that runs it, its contexts and its handle.
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) job: Arc<Job>,
    pub(crate) trigger: Trigger,
    /// The nominal time on the wall clock and on the monotonic one.
    pub(crate) scheduled_at: SystemTime,
    pub(crate) nominal: Moment,
    /// When its jitter and splay are over.
    pub(crate) ready: Moment,
    pub(crate) args: Option<Args>,
    pub(crate) cell: Option<Arc<Cell>>,
    /// Where the engine keeps the job, and where its kind keeps what this is a run of.
    pub(crate) entry: u32,
    pub(crate) unit: u32,
    /// Where the engine keeps the run, once it has a task.
    slot: AtomicU32,
    attempt: AtomicU32,
    /// Counted up when a poll begins and when it ends: odd while one is on.
    polls: AtomicU32,
    phase: AtomicU8,
    asked: AtomicBool,
    stop: Notify,
    /// Whether somebody waits for the output, and whether the job asked for something: both are rare, and the
    /// lock is taken only then.
    pub(crate) awaited: bool,
    directed: AtomicBool,
    rare: Mutex<Rare>,
}

/// What is looked at once in a run, if at all.
#[derive(Default)]
struct Rare {
    directive: Option<Directive>,
    reply: Option<Reply>,
    /// The task of the attempt that is on; it may be doomed before it is there.
    task: Option<tokio::task::AbortHandle>,
    doomed: bool,
    /// How often a further attempt was made ready.
    armed: u32,
}

/// What a new run is made of.
pub(crate) struct Order {
    pub(crate) job: Arc<Job>,
    pub(crate) trigger: Trigger,
    pub(crate) scheduled_at: SystemTime,
    pub(crate) nominal: Moment,
    pub(crate) ready: Moment,
    pub(crate) args: Option<Args>,
    pub(crate) cell: Option<Arc<Cell>>,
    pub(crate) reply: Option<Reply>,
    pub(crate) entry: u32,
    pub(crate) unit: u32,
}

impl Run {
    pub(crate) fn new(id: RunId, order: Order) -> Arc<Self> {
        let Order { job, trigger, scheduled_at, nominal, ready, args, cell, reply, entry, unit } = order;
        Arc::new(Self {
            id,
            job,
            trigger,
            scheduled_at,
            nominal,
            ready,
            args,
            cell,
            entry,
            unit,
            slot: AtomicU32::new(u32::MAX),
            attempt: AtomicU32::new(1),
            polls: AtomicU32::new(0),
            phase: AtomicU8::new(Phase::Pending.code()),
            asked: AtomicBool::new(false),
            stop: Notify::new(),
            awaited: reply.is_some(),
            directed: AtomicBool::new(false),
            rare: Mutex::new(Rare { reply, ..Rare::default() }),
        })
    }

    /// The low half of its number, which tells its alarms from those of another run.
    pub(crate) fn stamp(&self) -> u32 {
        u32::try_from(self.id.0 & u64::from(u32::MAX)).unwrap_or_default()
    }

    /// Notes that a poll begins, or ends.
    pub(crate) fn count_poll(&self) {
        self.polls.store(self.polls.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    pub(crate) fn polls(&self) -> u32 {
        self.polls.load(Ordering::Relaxed)
    }

    pub(crate) fn set_slot(&self, slot: u32) {
        self.slot.store(slot, Ordering::Release);
    }

    pub(crate) fn slot(&self) -> u32 {
        self.slot.load(Ordering::Acquire)
    }

    pub(crate) fn attempt(&self) -> u32 {
        self.attempt.load(Ordering::Relaxed)
    }

    pub(crate) fn set_phase(&self, phase: Phase) {
        self.phase.store(phase.code(), Ordering::Release);
    }

    pub(crate) fn phase(&self) -> Phase {
        let code = usize::from(self.phase.load(Ordering::Acquire));
        Phase::ALL.get(code).copied().unwrap_or(Phase::Pending)
    }

    pub(crate) fn state(&self) -> JobState {
        match self.phase() {
            Phase::Pending => JobState::Available,
            Phase::Running => JobState::Running,
            Phase::Waiting => JobState::Retryable,
            Phase::Completed => JobState::Completed,
            Phase::Discarded => JobState::Discarded,
            Phase::Cancelled => JobState::Cancelled,
        }
    }

    /// Asks the run to stop.
    pub(crate) fn ask(&self) {
        self.asked.store(true, Ordering::Release);
        self.stop.notify_waiters();
    }

    /// Makes ready for a further attempt.
    pub(crate) fn rearm(&self, attempt: u32) {
        self.attempt.store(attempt, Ordering::Relaxed);
        self.asked.store(false, Ordering::Release);
        let mut rare = self.rare();
        rare.task = None;
        rare.doomed = false;
        rare.armed = rare.armed.wrapping_add(1);
    }

    pub(crate) fn take_directive(&self) -> Option<Directive> {
        let directed = self.directed.load(Ordering::Acquire) && self.directed.swap(false, Ordering::AcqRel);
        directed.then(|| self.rare().directive.take()).flatten()
    }

    pub(crate) fn take_reply(&self) -> Option<Reply> {
        self.awaited.then(|| self.rare().reply.take()).flatten()
    }

    /// Ends the task of the attempt that is on, at its next `await`.
    pub(crate) fn abort(&self) {
        let mut rare = self.rare();
        rare.doomed = true;
        if let Some(task) = &rare.task {
            task.abort();
        }
    }

    /// Whether its task is to be ended as soon as it is there.
    pub(crate) fn is_doomed(&self) -> bool {
        self.rare().doomed
    }

    /// Spawns the task of an attempt, with no lock held: a tokio runtime that is down drops it at once, which ends
    /// the attempt.
    pub(crate) fn attach(&self, spawn: impl FnOnce() -> tokio::task::AbortHandle) {
        let armed = self.rare().armed;
        let task = spawn();
        let mut rare = self.rare();
        // Where a further attempt was made ready meanwhile, this one is over.
        if rare.armed == armed {
            if rare.doomed {
                task.abort();
            }
            rare.task = Some(task);
        }
    }

    fn rare(&self) -> MutexGuard<'_, Rare> {
        self.rare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long after its nominal time it is now.
    pub(crate) fn lateness(&self, now: Moment) -> Duration {
        now.since(self.nominal)
    }
}
