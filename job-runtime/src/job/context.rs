//! How a job sees its run: [`Context`].

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Directive, Run};
use crate::duration::IntoDuration;
use crate::outcome::{RunId, Trigger};

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

    /// The identity of the run, which all its attempts share. The id of tokio's task is not one: a run may begin in a
    /// task that it shares with others.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.0.id
    }

    /// Which attempt this is, from 1. Of a job in a [store](crate#queues) it is a higher one whenever the process of the one
    /// before died or lost its lease, also beyond `max_attempts`; and the same again after a snooze, and after a shutdown
    /// that interrupted it.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.0.attempt()
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
        self.0.is_asked()
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
        self.0.direct(Directive::Cancel(reason.into().into()));
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
        self.0.direct(Directive::Snooze(delay_of(delay)));
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
        self.0.direct(Directive::RetryAfter(delay_of(delay)));
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
