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
    Outcome {
        /// It returned `()` or `Ok`.
        Completed = "completed",
        /// It returned `Err`.
        Failed = "failed",
        /// It panicked.
        Panicked = "panicked",
        /// It took longer than its `timeout`.
        TimedOut = "timed_out",
        /// It was cancelled: by `stop_previous`, by `cancel()`, or because its job was removed.
        Cancelled = "cancelled",
        /// Shutdown ended it; not a failure, and no attempt is used up.
        Interrupted = "interrupted",
    }
}

words! {
    /// Why it was decided not to run.
    SkipReason {
        /// The previous run was still on.
        StillRunning = "still_running",
        /// Another tick was waiting already.
        AlreadyPending = "already_pending",
        /// A newer tick took its place while it waited.
        Superseded = "superseded",
        /// As many runs as allowed were on.
        MaxRunning = "max_running",
        /// The guard said no, or panicked.
        Guard = "guard",
        /// The job was paused, or the runtime quiet.
        Paused = "paused",
        /// It was not accepted: a full queue, or no runtime to run it.
        Refused = "refused",
        /// It was cancelled before it started.
        Cancelled = "cancelled",
    }
}

words! {
    /// Why the time of a run was lost.
    MissReason {
        /// The process was too busy to see it.
        Stalled = "stalled",
        /// The wall clock was set, or the machine slept.
        ClockStepped = "clock_stepped",
        /// The process was not running.
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
        /// A call of `trigger()`, or a tick by hand.
        Manual = "manual",
        /// A call of `spawn`.
        Spawn = "spawn",
        /// A further attempt of the same run.
        Retry = "retry",
        /// A restart by the supervisor.
        Restart = "restart",
    }
}

words! {
    /// Where the run behind a handle is on its way.
    JobState {
        /// Accepted and waiting for a place.
        Available = "available",
        /// Waiting for its time.
        Scheduled = "scheduled",
        /// Running.
        Running = "running",
        /// Waiting for its next attempt.
        Retryable = "retryable",
        /// Ended well.
        Completed = "completed",
        /// Cancelled, interrupted or refused.
        Cancelled = "cancelled",
        /// Ended badly after its last attempt.
        Discarded = "discarded",
    }
}

words! {
    /// The kinds of job.
    Kind {
        /// Recurring: `#[periodic]`.
        Periodic = "periodic",
        /// On demand: `#[job]`.
        Job = "job",
        /// Long-running: `#[service]`.
        Service = "service",
    }
}

/// The identity of a run, unique within its runtime and growing with time. Attempts of one run share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub(crate) u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
