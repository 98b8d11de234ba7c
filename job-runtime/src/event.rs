//! What happens, told to those who listen: events for observers and subscribers, lines and spans for `tracing`.

mod board;

use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::broadcast;

use crate::job::Run;
use crate::outcome::{MissReason, Outcome, RunId, SkipReason, Trigger};
use crate::panics::held;

pub(crate) use board::{Board, Observer};

/// Something that happened. Observers ([`Builder::on_event`](crate::Builder::on_event)) and subscribers
/// ([`Runtime::events`](crate::Runtime::events)) are told of it, and `tracing`.
///
/// ```standalone_crate
/// use job_runtime::{EventKind, periodic};
///
/// #[periodic(every = "1h")]
/// async fn import() -> Result<(), String> {
///     Err("no such file".to_owned())
/// }
///
/// # #[tokio::main]
/// # async fn main() -> job_runtime::Result {
/// let jobs = job_runtime::run_all().on_event(|event| {
///     let job = event.job.as_deref().unwrap_or("the runtime");
///     if let EventKind::Finished { outcome, error: Some(error), .. } = &event.kind {
///         println!("{job} {outcome}: {error}");
///     }
/// });
/// # let runtime = jobs.start().await?;
/// # assert!(import::trigger().await?.await.is_err());
/// # runtime.shutdown().await
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// When, on the runtime's wall clock.
    pub at: SystemTime,
    /// To which job; `None` where it concerns the runtime as a whole.
    pub job: Option<Arc<str>>,
    /// To which run, where it is about one.
    pub run: Option<RunId>,
    /// What.
    pub kind: EventKind,
}

/// What happened.
///
/// Each attempt of a run has a `Started` and a `Finished`, and between two attempts stands `Retrying`. A run that
/// was decided against has a `Skipped` instead, and one whose time was lost is counted in a `Missed`.
///
/// ```
/// use job_runtime::EventKind;
///
/// /// What an alert is worth.
/// fn is_alarming(kind: &EventKind) -> bool {
///     match kind {
///         EventKind::Paused { .. } | EventKind::Blocking { .. } => true,
///         EventKind::Missed { count, .. } => *count > 10,
///         _ => false,
///     }
/// }
/// assert!(!is_alarming(&EventKind::Resumed));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// An attempt started.
    Started {
        /// Which attempt, from 1.
        attempt: u32,
        /// What gave the reason; [`Trigger::Retry`] for a further attempt.
        trigger: Trigger,
        /// The nominal time of the run.
        scheduled_at: SystemTime,
        /// How long after that time; of a further attempt, how long after the end of its delay.
        lateness: Duration,
    },
    /// An attempt ended; every `Started` has exactly one.
    Finished {
        /// How.
        outcome: Outcome,
        /// Which attempt, from 1.
        attempt: u32,
        /// How long it took, its grace included.
        duration: Duration,
        /// The lateness with which it had started.
        lateness: Duration,
        /// The error with its causes, the panic with its place, or why it was cancelled; `None` when it completed, or
        /// was dropped by shutdown. Where a handle waits for the error itself, its causes are those that it shows
        /// under `{:#}`.
        error: Option<Arc<str>>,
    },
    /// An occasion was decided against.
    Skipped {
        /// Why.
        reason: SkipReason,
        /// The newest run that was on, where that is the reason; the one being stopped, for `Superseded`.
        running: Option<RunId>,
    },
    /// The time of occasions was lost; one event for each span of them.
    Missed {
        /// Why.
        reason: MissReason,
        /// How many.
        count: u64,
        /// The nominal time of the first.
        from: SystemTime,
        /// The nominal time of the last.
        to: SystemTime,
    },
    /// A run was stopped so that this one could start, which it does next.
    StoppedPrevious {
        /// The one stopped; it has ended.
        previous: RunId,
    },
    /// Another attempt will follow: after a failed one, or because the job asked for it.
    Retrying {
        /// The attempt to come.
        attempt: u32,
        /// After how long.
        delay: Duration,
    },
    /// The run waited for its next attempt, and will not have it: it was cancelled, or the runtime shut down.
    NotRetried {
        /// The attempt it waited for.
        attempt: u32,
        /// How the run ended by that.
        outcome: Outcome,
    },
    /// A job in a store is kept for a person to see to, as it cannot run; its row says why.
    Parked {
        /// Why.
        reason: Arc<str>,
    },
    /// The end of an attempt came too late: the lease of this process had been over, and another node had taken the job.
    /// Nothing was changed by it.
    Stale {
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// Jobs of nodes that died, or lost their lease, wait again.
    Rescued {
        /// How many.
        count: u64,
    },
    /// The store cannot be reached; it is tried again, and again. Told once each time.
    StoreLost {
        /// What it said.
        error: Arc<str>,
    },
    /// The store can be reached again.
    StoreBack {
        /// After how long.
        after: Duration,
    },
    /// A guard panicked, which counts as no: `Skipped` follows.
    GuardPanicked {
        /// The panic, with its place.
        message: Arc<str>,
    },
    /// The job was paused.
    Paused {
        /// Why.
        reason: Arc<str>,
    },
    /// The job was resumed.
    Resumed,
    /// The service has ended and will be started again; with it those that its group restarts.
    Restarted {
        /// After how long.
        delay: Duration,
    },
    /// The service used up its restarts, or those of its group: it is not started again, and by its `on_give_up`
    /// the runtime shuts down, or the service is paused.
    GaveUp {
        /// Its last error.
        error: Option<Arc<str>>,
    },
    /// The wall clock was set, or the machine slept: it moved by more than a second against the monotonic clock.
    /// While a schedule follows the wall clock, that is seen within 30 s.
    ClockStepped {
        /// Whether it now shows a later time.
        forward: bool,
        /// By how much.
        by: Duration,
    },
    /// The engine looked at its timers more than a second late.
    Stalled {
        /// For how long.
        lasted: Duration,
    },
    /// An async run keeps its thread for long without an `await`, and so does harm to others. Told once each time.
    Blocking {
        /// For how long, at least.
        lasted: Duration,
    },
    /// Nothing new starts any more.
    ShutdownStarted,
    /// Everything has ended; the last event of all.
    ShutdownFinished {
        /// The jobs whose runs were dropped or are stuck, each once, in the order of their names.
        abandoned: Vec<Arc<str>>,
    },
}

/// A subscription to the events of a runtime, from [`Runtime::events`](crate::Runtime::events).
///
/// It holds 4,096 events. A subscriber that falls further behind loses the oldest, which [`lost`](Self::lost)
/// counts; it never slows a job. Dropping it ends the subscription.
///
/// ```standalone_crate
/// use job_runtime::{EventKind, Outcome, periodic};
///
/// #[periodic(every = "10m")]
/// async fn purge_sessions() {}
///
/// # #[tokio::main]
/// # async fn main() -> job_runtime::Result {
/// let runtime = job_runtime::run_all().start().await?;
/// let mut events = runtime.events();
/// runtime.trigger("purge_sessions").await?;
/// while let Some(event) = events.recv().await {
///     if let EventKind::Finished { outcome, .. } = event.kind {
///         assert_eq!(outcome, Outcome::Completed);
///         break;
///     }
/// }
/// # runtime.shutdown().await
/// # }
/// ```
#[derive(Debug)]
pub struct Events {
    receiver: broadcast::Receiver<Option<Event>>,
    lost: u64,
    /// The last event of all has been given out.
    over: bool,
}

impl Events {
    /// The next event, or `None` after [`EventKind::ShutdownFinished`], and when the runtime is gone. Events come in
    /// the order in which they happened.
    ///
    /// # Cancel safety
    /// Safe: no event is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<Event> {
        while !self.over {
            match self.receiver.recv().await {
                Ok(Some(event)) => return Some(event),
                Ok(None) => self.over = true,
                Err(broadcast::error::RecvError::Lagged(count)) => self.lost += count,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
        None
    }

    /// How many events this subscriber has lost by being slow, as far as [`recv`](Self::recv) has come.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

/// Says at the start that a panic in a job will end the process.
pub(crate) fn warn_of_abort() {
    tracing::warn!(target: "job_runtime::scheduler", parent: None,
        "built with `panic = \"abort\"`: a panic in a job ends the process");
}

/// Says that a job was spawned in vain, and where.
pub(crate) fn log_refused(job: &str, id: RunId, reason: &str, caller: &Location<'_>) {
    held(|| {
        tracing::warn!(target: "job_runtime::run",
            { job.name = job, job.id = id.number(), reason, caller = %caller },
            "refused to spawn the job");
    });
}

/// Says at the start what is allowed, and may be meant otherwise.
pub(crate) fn log_notice(notice: &str) {
    tracing::warn!(target: "job_runtime::scheduler", parent: None, "{notice}");
}

/// Says that listeners were so slow that events went unheard.
fn log_lost(count: u64) {
    tracing::warn!(target: "job_runtime::scheduler", parent: None,
        { count },
        "listeners are too slow: events were lost");
}

/// The span of one attempt.
pub(crate) fn span(run: &Run) -> tracing::Span {
    tracing::info_span!(
        target: "job_runtime::run",
        parent: None,
        "job.run",
        job.name = &*run.job.name,
        job.kind = run.job.kind.as_str(),
        job.id = run.id.number(),
        job.attempt = run.attempt(),
        job.trigger = run.trigger.as_str(),
        job.scheduled_at = seconds(run.scheduled_at),
        otel.kind = "internal",
        otel.name = &*run.job.name,
        outcome = tracing::field::Empty,
        error.r#type = tracing::field::Empty,
        otel.status_code = tracing::field::Empty,
    )
}

/// Writes the end of an attempt into its span.
pub(crate) fn close(span: &tracing::Span, outcome: Outcome) {
    span.record("outcome", outcome.as_str());
    if is_failure(outcome) {
        span.record("error.type", outcome.as_str());
        span.record("otel.status_code", "ERROR");
    } else {
        span.record("otel.status_code", "OK");
    }
}

/// Seconds since the epoch, as field values have no time of their own.
fn seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

pub(crate) fn is_failure(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Failed | Outcome::Panicked | Outcome::TimedOut)
}

/// One line per event, outside of any span, because whoever delivers may be in the span of another run: started,
/// skipped and good ends as info, what was stopped as warning, failures as errors.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others are told by `log_state`")]
fn log(event: &Event) {
    let job = event.job.as_deref().unwrap_or_default();
    let id = event.run.map_or(0, RunId::number);
    match &event.kind {
        EventKind::Started { attempt, trigger, lateness, .. } => {
            tracing::info!(target: "job_runtime::run", parent: None,
                { job.name = job, job.id = id, job.attempt = *attempt, job.trigger = trigger.as_str(),
                  lateness = ?lateness },
                "job started");
        }
        EventKind::Finished { outcome, attempt, duration, error, .. } => {
            log_finished(job, id, *outcome, *attempt, *duration, error.as_deref());
        }
        // The one who spawned in vain has logged it, with the place.
        EventKind::Skipped { reason: SkipReason::Refused, .. } => {}
        EventKind::Skipped { reason, .. } => {
            tracing::info!(target: "job_runtime::run", parent: None,
                { job.name = job, job.id = id, reason = reason.as_str() },
                "skipped starting the job: {}", skipped(*reason));
        }
        EventKind::Missed { reason, count, .. } => {
            tracing::warn!(target: "job_runtime::run", parent: None,
                { job.name = job, reason = reason.as_str(), count = *count },
                "missed runs of the job");
        }
        EventKind::StoppedPrevious { previous } => {
            tracing::warn!(target: "job_runtime::run", parent: None,
                { job.name = job, job.id = id, previous = previous.number() },
                "stopped the previous run of the job, because a new one is about to start");
        }
        EventKind::Retrying { attempt, delay } => {
            tracing::info!(target: "job_runtime::run", parent: None,
                { job.name = job, job.id = id, job.attempt = *attempt, delay = ?delay },
                "job will be tried again");
        }
        EventKind::NotRetried { attempt, outcome } => {
            tracing::warn!(target: "job_runtime::run", parent: None,
                { job.name = job, job.id = id, job.attempt = *attempt, outcome = outcome.as_str() },
                "job will not be tried again");
        }
        EventKind::GuardPanicked { message } => {
            tracing::error!(target: "job_runtime::run", parent: None,
                { job.name = job, job.id = id, error = &**message },
                "the guard of the job panicked, which counts as no");
        }
        EventKind::Parked { reason } => {
            tracing::error!(target: "job_runtime::run", parent: None,
                { job.name = job, job.id = id, reason = &**reason },
                "job parked: it waits for a person");
        }
        EventKind::Stale { attempt } => {
            tracing::warn!(target: "job_runtime::run", parent: None,
                { job.name = job, job.id = id, job.attempt = *attempt },
                "the end of the job came too late, another node has it");
        }
        _ => log_state(job, event),
    }
}

fn log_finished(job: &str, id: u64, outcome: Outcome, attempt: u32, duration: Duration, error: Option<&str>) {
    let text = match outcome {
        Outcome::Completed => "job finished",
        Outcome::Failed => "job failed",
        Outcome::Panicked => "job panicked",
        Outcome::TimedOut => "job timed out",
        Outcome::Cancelled => "job cancelled",
        Outcome::Interrupted => "job shut down",
    };
    if is_failure(outcome) {
        tracing::error!(target: "job_runtime::run", parent: None,
            { job.name = job, job.id = id, job.attempt = attempt, outcome = outcome.as_str(), duration = ?duration,
              error },
            "{text}");
    } else {
        tracing::info!(target: "job_runtime::run", parent: None,
            { job.name = job, job.id = id, job.attempt = attempt, outcome = outcome.as_str(), duration = ?duration,
              error },
            "{text}");
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the others are told by `log`")]
fn log_state(job: &str, event: &Event) {
    match &event.kind {
        EventKind::Paused { reason } => {
            tracing::warn!(target: "job_runtime::scheduler", parent: None,
                { job.name = job, reason = &**reason },
                "job paused");
        }
        EventKind::Resumed => {
            tracing::info!(target: "job_runtime::scheduler", parent: None, { job.name = job }, "job resumed");
        }
        EventKind::Restarted { delay } => {
            tracing::warn!(target: "job_runtime::scheduler", parent: None,
                { job.name = job, delay = ?delay },
                "service restarts");
        }
        EventKind::GaveUp { error } => {
            tracing::error!(target: "job_runtime::scheduler", parent: None,
                { job.name = job, error = error.as_deref() },
                "gave up");
        }
        EventKind::ClockStepped { forward, by } => {
            tracing::warn!(target: "job_runtime::scheduler", parent: None,
                { forward = *forward, by = ?by },
                "the wall clock was set");
        }
        EventKind::Stalled { lasted } => {
            tracing::warn!(target: "job_runtime::scheduler", parent: None, { lasted = ?lasted }, "the process stalled");
        }
        EventKind::Blocking { lasted } => {
            tracing::error!(target: "job_runtime::scheduler", parent: None, { job.name = job, lasted = ?lasted },
                "the job keeps its thread without an await: make it a plain fn, or give it awaits");
        }
        EventKind::Rescued { count } => {
            tracing::warn!(target: "job_runtime::queue", parent: None, { count = *count },
                "jobs of nodes that are gone wait again");
        }
        EventKind::StoreLost { error } => {
            tracing::error!(target: "job_runtime::queue", parent: None, { error = &**error },
                "the store cannot be reached");
        }
        EventKind::StoreBack { after } => {
            tracing::info!(target: "job_runtime::queue", parent: None, { after = ?after },
                "the store can be reached again");
        }
        EventKind::ShutdownStarted => tracing::info!(target: "job_runtime::scheduler", parent: None, "shutting down"),
        EventKind::ShutdownFinished { abandoned } if abandoned.is_empty() => {
            tracing::info!(target: "job_runtime::scheduler", parent: None, "shut down");
        }
        EventKind::ShutdownFinished { abandoned } => {
            tracing::error!(target: "job_runtime::scheduler", parent: None,
                { abandoned = ?abandoned },
                "shut down without waiting for all");
        }
        _ => {}
    }
}

fn skipped(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::StillRunning => "the previous run is still on",
        SkipReason::AlreadyPending => "another tick is waiting already",
        SkipReason::Superseded => "a newer tick took its place",
        SkipReason::MaxRunning => "as many runs as allowed are on",
        SkipReason::Guard => "its guard said no",
        SkipReason::Paused => "it is paused",
        SkipReason::Refused => "it was not accepted",
        SkipReason::Cancelled => "it was cancelled before",
    }
}
