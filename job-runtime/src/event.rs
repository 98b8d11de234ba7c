//! What happens, told to those who listen: events for observers and subscribers, lines and spans for `tracing`.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::broadcast;

use crate::job::Run;
use crate::outcome::{MissReason, Outcome, RunId, SkipReason, Trigger};

/// How many events a subscriber may be behind before it loses the oldest.
const BACKLOG: usize = 4_096;

/// Something that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// When, on the runtime's wall clock.
    pub at: SystemTime,
    /// To which job.
    pub job: Option<Arc<str>>,
    /// To which run.
    pub run: Option<RunId>,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// An attempt started.
    Started {
        /// Which attempt, from 1.
        attempt: u32,
        /// What gave the reason.
        trigger: Trigger,
        /// Its nominal time.
        scheduled_at: SystemTime,
        /// How long after its nominal time.
        lateness: Duration,
    },
    /// An attempt ended; every `Started` has exactly one.
    Finished {
        /// How.
        outcome: Outcome,
        /// Which attempt, from 1.
        attempt: u32,
        /// How long it took.
        duration: Duration,
        /// How long after its nominal time it had started.
        lateness: Duration,
        /// The error or panic.
        error: Option<Arc<str>>,
    },
    /// An occasion was decided against.
    Skipped {
        /// Why.
        reason: SkipReason,
        /// The run that was on.
        running: Option<RunId>,
    },
    /// The time of occasions was lost.
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
    /// A run was stopped so that the next could start.
    StoppedPrevious {
        /// The one stopped.
        previous: RunId,
    },
    /// A failed attempt will be followed by another.
    Retrying {
        /// The attempt to come.
        attempt: u32,
        /// After how long.
        delay: Duration,
    },
    /// A guard panicked, which counts as no.
    GuardPanicked {
        /// The panic.
        message: Arc<str>,
    },
    /// The job was paused.
    Paused {
        /// Why.
        reason: Arc<str>,
    },
    /// The job was resumed.
    Resumed,
    /// A service will be restarted.
    Restarted {
        /// After how long.
        delay: Duration,
    },
    /// A service or group used up its restarts.
    GaveUp {
        /// Its last error.
        error: Option<Arc<str>>,
    },
    /// The wall clock was set, or the machine slept.
    ClockStepped {
        /// Whether it now shows a later time.
        forward: bool,
        /// By how much.
        by: Duration,
    },
    /// The engine could not look at its timers for a while.
    Stalled {
        /// For how long.
        lasted: Duration,
    },
    /// A run has kept its thread for long without an `await`.
    Blocking {
        /// For how long, at least.
        lasted: Duration,
    },
    /// Nothing new starts any more.
    ShutdownStarted,
    /// Everything has ended.
    ShutdownFinished {
        /// The jobs whose runs were dropped or stuck.
        abandoned: Vec<Arc<str>>,
    },
}

/// A subscription to the events of a runtime.
///
/// A subscriber that falls behind by thousands of events loses the oldest; it never slows a job.
#[derive(Debug)]
pub struct Events {
    receiver: broadcast::Receiver<Event>,
    lost: u64,
    /// The last event of all has been given out.
    over: bool,
}

impl Events {
    /// The next event, or `None` after [`EventKind::ShutdownFinished`], and when the runtime is gone.
    ///
    /// # Cancel safety
    /// Safe: no event is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<Event> {
        while !self.over {
            match self.receiver.recv().await {
                Ok(event) => {
                    self.over = matches!(event.kind, EventKind::ShutdownFinished { .. });
                    return Some(event);
                }
                Err(broadcast::error::RecvError::Lagged(count)) => self.lost += count,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
        None
    }

    /// How many events this subscriber has lost by being slow.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

pub(crate) type Observer = Box<dyn Fn(&Event) + Send + Sync>;

/// Where the engine pins what happened, and from where it goes out, in order and never under the engine's lock.
pub(crate) struct Board {
    observers: Vec<Observer>,
    subscribers: OnceLock<broadcast::Sender<Event>>,
    posted: AtomicUsize,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    events: VecDeque<Event>,
    /// Somebody is delivering; whoever comes now leaves that to them, which keeps the order.
    delivering: bool,
}

impl Board {
    pub(crate) fn new(observers: Vec<Observer>) -> Self {
        Self { observers, subscribers: OnceLock::new(), posted: AtomicUsize::new(0), queue: Mutex::default() }
    }

    /// Whether anybody listens; when nobody does, events need not be made.
    pub(crate) fn is_read(&self) -> bool {
        !self.observers.is_empty()
            || tracing::level_filters::LevelFilter::current() != tracing::level_filters::LevelFilter::OFF
            || self.subscribers.get().is_some_and(|subscribers| subscribers.receiver_count() > 0)
    }

    /// Pins an event; it goes out with the next [`deliver`](Self::deliver).
    pub(crate) fn post(&self, event: Event) {
        self.lock().events.push_back(event);
        self.posted.fetch_add(1, Ordering::Release);
    }

    /// Sends out what is pinned. Called with no lock held: observers may call back into the runtime.
    pub(crate) fn deliver(&self) {
        if self.posted.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut queue = self.lock();
        if std::mem::replace(&mut queue.delivering, true) {
            return;
        }
        while let Some(event) = queue.events.pop_front() {
            drop(queue);
            self.send(event);
            self.posted.fetch_sub(1, Ordering::AcqRel);
            queue = self.lock();
        }
        queue.delivering = false;
    }

    /// Whether everything that was pinned has been told.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) fn is_empty(&self) -> bool {
        self.posted.load(Ordering::Acquire) == 0
    }

    pub(crate) fn subscribe(&self) -> Events {
        let sender = self.subscribers.get_or_init(|| broadcast::Sender::new(BACKLOG));
        Events { receiver: sender.subscribe(), lost: 0, over: false }
    }

    /// A listener that panics is its own affair: the others, and the job it looked at, go on.
    fn send(&self, event: Event) {
        let _ = catch_unwind(AssertUnwindSafe(|| log(&event)));
        for observer in &self.observers {
            let _ = catch_unwind(AssertUnwindSafe(|| observer(&event)));
        }
        if let Some(subscribers) = self.subscribers.get() {
            let _ = subscribers.send(event);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says at the start that a panic in a job will end the process.
pub(crate) fn warn_of_abort() {
    tracing::warn!(target: "job_runtime::scheduler", parent: None, "built with `panic = \"abort\"`: a panic in a job ends the process");
}

/// The span of one attempt.
pub(crate) fn span(run: &Run) -> tracing::Span {
    tracing::info_span!(
        target: "job_runtime::run",
        parent: None,
        "job.run",
        job.name = &*run.job.name,
        job.kind = run.job.kind.as_str(),
        job.id = run.id.0,
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

/// One line per event, outside of any span, because whoever delivers may be in the span of another run: started, skipped and good ends as info, what was stopped as warning, failures as errors.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others are told by `log_state`")]
fn log(event: &Event) {
    let job = event.job.as_deref().unwrap_or_default();
    let id = event.run.map_or(0, |run| run.0);
    match &event.kind {
        EventKind::Started { attempt, trigger, lateness, .. } => {
            tracing::info!(target: "job_runtime::run", parent: None, { job.name = job, job.id = id, job.attempt = *attempt, job.trigger = trigger.as_str(), lateness = ?lateness }, "job started");
        }
        EventKind::Finished { outcome, attempt, duration, error, .. } => {
            log_finished(job, id, *outcome, *attempt, *duration, error.as_deref());
        }
        EventKind::Skipped { reason, .. } => {
            tracing::info!(target: "job_runtime::run", parent: None, { job.name = job, job.id = id, reason = reason.as_str() }, "skipped starting the job: {}", skipped(*reason));
        }
        EventKind::Missed { reason, count, .. } => {
            tracing::warn!(target: "job_runtime::run", parent: None, { job.name = job, reason = reason.as_str(), count = *count }, "missed ticks of the job");
        }
        EventKind::StoppedPrevious { previous } => {
            tracing::warn!(target: "job_runtime::run", parent: None, { job.name = job, job.id = id, previous = previous.0 }, "stopped the previous run of the job, because a new one is about to start");
        }
        EventKind::Retrying { attempt, delay } => {
            tracing::info!(target: "job_runtime::run", parent: None, { job.name = job, job.id = id, job.attempt = *attempt, delay = ?delay }, "job will be tried again");
        }
        EventKind::GuardPanicked { message } => {
            tracing::error!(target: "job_runtime::run", parent: None, { job.name = job, job.id = id, error = &**message }, "the guard of the job panicked, which counts as no");
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
        tracing::error!(target: "job_runtime::run", parent: None, { job.name = job, job.id = id, job.attempt = attempt, outcome = outcome.as_str(), duration = ?duration, error }, "{text}");
    } else {
        tracing::info!(target: "job_runtime::run", parent: None, { job.name = job, job.id = id, job.attempt = attempt, outcome = outcome.as_str(), duration = ?duration, error }, "{text}");
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the others are told by `log`")]
fn log_state(job: &str, event: &Event) {
    match &event.kind {
        EventKind::Paused { reason } => {
            tracing::warn!(target: "job_runtime::scheduler", parent: None, { job.name = job, reason = &**reason }, "job paused");
        }
        EventKind::Resumed => {
            tracing::info!(target: "job_runtime::scheduler", parent: None, { job.name = job }, "job resumed");
        }
        EventKind::Restarted { delay } => {
            tracing::warn!(target: "job_runtime::scheduler", parent: None, { job.name = job, delay = ?delay }, "service restarts");
        }
        EventKind::GaveUp { error } => {
            tracing::error!(target: "job_runtime::scheduler", parent: None, { job.name = job, error = error.as_deref() }, "gave up");
        }
        EventKind::ClockStepped { forward, by } => {
            tracing::warn!(target: "job_runtime::scheduler", parent: None, { forward = *forward, by = ?by }, "the wall clock was set");
        }
        EventKind::Stalled { lasted } => {
            tracing::warn!(target: "job_runtime::scheduler", parent: None, { lasted = ?lasted }, "the process stalled");
        }
        EventKind::Blocking { lasted } => {
            tracing::error!(target: "job_runtime::scheduler", parent: None, { job.name = job, lasted = ?lasted },
                "the job keeps its thread without an await: make it a plain fn, or give it awaits");
        }
        EventKind::ShutdownStarted => tracing::info!(target: "job_runtime::scheduler", parent: None, "shutting down"),
        EventKind::ShutdownFinished { abandoned } if abandoned.is_empty() => {
            tracing::info!(target: "job_runtime::scheduler", parent: None, "shut down");
        }
        EventKind::ShutdownFinished { abandoned } => {
            tracing::error!(target: "job_runtime::scheduler", parent: None, { abandoned = ?abandoned }, "shut down without waiting for all");
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
