//! The words for what becomes of a reason to run: how it was triggered, how it ended, why it was skipped or missed.

use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// The word in metrics and logs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// How an attempt ended.
    ///
    /// ```standalone_crate
    /// use job_runtime::{Outcome, periodic};
    ///
    /// #[periodic(every = "10m", timeout = "1m")]
    /// async fn hangs() {
    ///     std::future::pending().await
    /// }
    ///
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = job_runtime::testing::start().await;
    /// assert_eq!(jobs.tick("hangs").await, Ok(Outcome::TimedOut));
    /// assert_eq!(Outcome::TimedOut.as_str(), "timed_out");
    /// # }
    /// ```
    Outcome {
        /// It returned `()` or `Ok`, also when shutdown had asked it to stop.
        Completed = "completed",
        /// It returned `Err`.
        Failed = "failed",
        /// It panicked.
        Panicked = "panicked",
        /// It took longer than its `timeout`, whatever it returned then.
        TimedOut = "timed_out",
        /// It was cancelled: by `"stop_previous"`, by [`JobHandle::cancel`](crate::JobHandle::cancel) or
        /// [`Context::cancel`](crate::Context::cancel), or because its job was removed or its instance stopped.
        Cancelled = "cancelled",
        /// Shutdown ended it: it was dropped, or returned `Err` when asked to stop; or its runtime was dropped. Not a
        /// failure.
        Interrupted = "interrupted",
    }
}

words! {
    /// Why it was decided not to run.
    ///
    /// ```standalone_crate
    /// use job_runtime::{SkipReason, periodic};
    ///
    /// #[periodic(every = "1m", on_overlap = "ignore")]
    /// async fn takes_90_seconds() {
    ///     tokio::time::sleep(std::time::Duration::from_secs(90)).await;
    /// }
    ///
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = job_runtime::testing::start().auto().await;
    /// jobs.advance("4m").await;
    /// assert_eq!(jobs.runs("takes_90_seconds").len(), 2);
    /// assert_eq!(jobs.accounting("takes_90_seconds").skipped_for(SkipReason::StillRunning), 2);
    /// # }
    /// ```
    SkipReason {
        /// The previous run was still on, under `on_overlap = "ignore"`.
        StillRunning = "still_running",
        /// Another tick was waiting already: for the run that is on, under `on_overlap = "queue"`; or 1,024 of them
        /// for a slow guard.
        AlreadyPending = "already_pending",
        /// Another took its place while it waited: a newer tick, for a stopping run under
        /// `on_overlap = "stop_previous"`; of a service, a start by hand before its restart.
        Superseded = "superseded",
        /// As many runs as `max_running` allows were on.
        MaxRunning = "max_running",
        /// The guard said no, or panicked.
        Guard = "guard",
        /// The job was paused, or the runtime quiet.
        Paused = "paused",
        /// A job on demand was not accepted: as many runs as `max_pending` allows were waiting, or the runtime was
        /// shutting down.
        Refused = "refused",
        /// It was cancelled before it started.
        Cancelled = "cancelled",
    }
}

words! {
    /// Why the time of a run was lost.
    ///
    /// ```standalone_crate
    /// use job_runtime::{MissReason, periodic};
    ///
    /// #[periodic(every = "1m")]
    /// async fn each_minute() {}
    ///
    /// # #[cfg(not(feature = "testing"))]
    /// # fn main() {}
    /// # #[cfg(feature = "testing")]
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let jobs = job_runtime::testing::start().auto().await;
    /// jobs.stall("5m").await; // the newest tick runs, for all five
    /// assert_eq!(jobs.accounting("each_minute").missed_for(MissReason::Stalled), 4);
    /// # }
    /// ```
    MissReason {
        /// The process was too busy to see it.
        Stalled = "stalled",
        /// The wall clock was set, or the machine slept. Only schedules that follow the wall clock miss ticks by it.
        ClockStepped = "clock_stepped",
        /// The process was not running, or could not get to the store by which its nodes agree. Without a
        /// [store](crate#queues) nobody knows of ticks that no process was there for.
        Downtime = "downtime",
        /// It could not start before its `start_deadline`.
        StartDeadline = "start_deadline",
        /// It was still waiting when the runtime shut down.
        Shutdown = "shutdown",
    }
}

words! {
    /// What gave the reason to run.
    Trigger {
        /// The schedule.
        Schedule = "schedule",
        /// A call of `trigger`, or a tick by hand in a test.
        Manual = "manual",
        /// A call of `spawn`, or of one of its kin, by which a job on demand is given its arguments.
        Spawn = "spawn",
        /// A further attempt of the same run, in [`EventKind::Started`](crate::EventKind::Started).
        Retry = "retry",
        /// A restart of a service that ended, or of a member of a group.
        Restart = "restart",
    }
}

words! {
    /// Where a run is on its way: the one behind a handle, or a job in a store.
    JobState {
        /// Accepted, and waiting: for its guard, for the run that is on, or for a place among those that are.
        Available = "available",
        /// Waiting for a time that was asked for, by `spawn_after` and `spawn_at`, or `after` and `at` of a job that is
        /// enqueued. No run of a recurring job does.
        Scheduled = "scheduled",
        /// Running.
        Running = "running",
        /// Waiting for its next attempt.
        Retryable = "retryable",
        /// Ended well.
        Completed = "completed",
        /// Cancelled, interrupted or refused.
        Cancelled = "cancelled",
        /// Failed, panicked or timed out in its last attempt.
        Discarded = "discarded",
        /// Kept for a person to see to, in a store: no node knows the job, its arguments cannot be read, or its process
        /// died under it too often, which is three times unless that is set.
        Parked = "parked",
    }
}

words! {
    /// The kinds of job.
    Kind {
        /// Recurring: `#[periodic]`, or [`Periodic`](crate::Periodic).
        Periodic = "periodic",
        /// On demand: `#[job]`.
        Job = "job",
        /// Long-running, and restarted when it ends: `#[service]`.
        Service = "service",
    }
}

/// The identity of a run, unique within its runtime; a later one is greater. Attempts of one run share it, and an
/// occasion that was skipped has one too.
///
/// A job that waits in a [store](crate#queues) is one run wherever it is tried, and its identity is its
/// [row](Self::row) there, the same in every process.
///
/// ```
/// use job_runtime::RunId;
///
/// let id = RunId::of_row(42);
/// assert_eq!((id.row(), id.to_string()), (Some(42), "42".to_owned()));
/// assert_eq!(format!("{id:?}"), "RunId(row 42)");
/// assert_eq!(RunId::of_row(-42), RunId::of_row(0), "there is no such row");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(u64);

impl RunId {
    /// Set in the identities of rows, whose numbers begin at 1 as those of other runs do.
    const ROW: u64 = 1 << 63;

    /// The identity of the job in a row of the store. Rows are numbered from 1; a number below is the identity of none.
    #[must_use]
    pub const fn of_row(row: i64) -> Self {
        Self(if row < 0 { 0 } else { row.unsigned_abs() } | Self::ROW)
    }

    /// The row of the store, of a job that is in one.
    #[must_use]
    pub fn row(self) -> Option<i64> {
        (self.0 & Self::ROW != 0).then(|| i64::try_from(self.number()).unwrap_or(i64::MAX))
    }

    pub(crate) const fn of_run(number: u64) -> Self {
        Self(number & !Self::ROW)
    }

    /// The number as people see it.
    pub(crate) const fn number(self) -> u64 {
        self.0 & !Self::ROW
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row() {
            Some(row) => write!(f, "RunId(row {row})"),
            None => write!(f, "RunId({})", self.number()),
        }
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}
