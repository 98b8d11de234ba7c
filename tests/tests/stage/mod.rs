//! What the tests of behaviour share: a fixed start of time, a door at which jobs wait, and what happened to a job
//! told in words.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use job_runtime::testing::{Harness, TestBuilder, start};
use job_runtime::{Accounting, Event, EventKind, IntoTime, RunId};
use tokio::sync::Semaphore;

/// What the wall clock shows when the clocks of a test start: a midnight, so that it is aligned to every period.
pub const MIDNIGHT: &str = "2026-01-01T00:00:00Z";

/// The named jobs in manual mode, from midnight on.
pub fn manual(names: &[&str]) -> TestBuilder {
    start().only(names.iter().copied()).at(MIDNIGHT)
}

/// The named jobs in auto mode, from midnight on.
pub fn auto(names: &[&str]) -> TestBuilder {
    manual(names).auto()
}

pub fn midnight() -> SystemTime {
    MIDNIGHT.into_time().expect("it is a time")
}

/// The time `ms` milliseconds after midnight.
pub fn at(ms: u64) -> SystemTime {
    midnight() + Duration::from_millis(ms)
}

/// Milliseconds since midnight; one that is not whole has no place in these tests.
pub fn ms(time: SystemTime) -> u128 {
    let since = time.duration_since(midnight()).expect("no test leads before midnight");
    assert_eq!(since.subsec_nanos() % 1_000_000, 0, "{since:?} is not a whole number of milliseconds");
    since.as_millis()
}

/// Where jobs wait until the test lets them go on, as many as it opens for. Clones mean the same door.
#[derive(Clone)]
pub struct Door(Arc<Semaphore>);

impl Door {
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    pub async fn wait(&self) {
        self.0.acquire().await.expect("the door is never taken away").forget();
    }

    pub fn open(&self, count: usize) {
        self.0.add_permits(count);
    }

    /// Opens for as many, and lets them go on while the clocks stand still.
    pub async fn let_through(&self, count: usize, jobs: &Harness) {
        self.open(count);
        jobs.advance("0s").await;
    }
}

/// Starts jobs of which some wait at a door.
pub async fn with_door(builder: TestBuilder) -> (Harness, Door) {
    let door = Door::new();
    (builder.data(door.clone()).await, door)
}

/// Sets a future going, and leaves it to go on without its end being awaited.
pub async fn begin<T>(future: impl Future<Output = T>) {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|task| {
        assert!(future.as_mut().poll(task).is_pending(), "it was over at once");
        Poll::Ready(())
    })
    .await;
}

/// What a future gives that waits for nothing.
#[track_caller]
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

/// What happened to a job, in order: `100ms 1 started` is its run 1, at 100 ms after midnight.
pub fn story(jobs: &Harness, job: &str) -> Vec<String> {
    let events = jobs.events();
    events.iter().filter(|event| event.job.as_deref() == Some(job)).map(line).collect()
}

/// What happened in the runtime as a whole.
pub fn chronicle(jobs: &Harness) -> Vec<String> {
    jobs.events().iter().filter(|event| event.job.is_none()).map(line).collect()
}

fn line(event: &Event) -> String {
    let run = event.run.map(|run| format!("{run} ")).unwrap_or_default();
    format!("{}ms {run}{}", ms(event.at), words(&event.kind))
}

/// What happened, in words.
pub fn words(kind: &EventKind) -> String {
    match kind {
        EventKind::Started { attempt: 1, .. } => "started".to_owned(),
        EventKind::Started { attempt, .. } => format!("started attempt {attempt}"),
        EventKind::Finished { outcome, .. } => outcome.to_string(),
        EventKind::Skipped { reason, running: Some(running) } => format!("skipped {reason} by {running}"),
        EventKind::Skipped { reason, running: None } => format!("skipped {reason}"),
        EventKind::Missed { reason, count, from, to } => {
            format!("missed {reason} {count}: {}..{}ms", ms(*from), ms(*to))
        }
        EventKind::StoppedPrevious { previous } => format!("stopped previous {previous}"),
        EventKind::Retrying { attempt, delay } => format!("retrying {attempt} in {delay:?}"),
        EventKind::NotRetried { attempt, outcome } => format!("not retried {attempt}, {outcome}"),
        EventKind::GuardPanicked { .. } => "guard panicked".to_owned(),
        EventKind::Paused { reason } => format!("paused: {reason}"),
        EventKind::Resumed => "resumed".to_owned(),
        EventKind::Restarted { delay } => format!("restarts in {delay:?}"),
        EventKind::GaveUp { error } => format!("gave up: {}", error.as_deref().unwrap_or("no error")),
        EventKind::ClockStepped { forward, by } => {
            format!("clock stepped {} by {by:?}", if *forward { "forward" } else { "back" })
        }
        EventKind::Stalled { lasted } => format!("stalled for {lasted:?}"),
        EventKind::ShutdownStarted => "shutdown started".to_owned(),
        EventKind::ShutdownFinished { abandoned } => format!("shutdown finished, abandoned {abandoned:?}"),
        other => format!("{other:?}"),
    }
}

/// When the attempts of a job started, in milliseconds after midnight.
pub fn starts(jobs: &Harness, job: &str) -> Vec<u128> {
    jobs.runs(job).iter().map(|run| ms(run.started_at)).collect()
}

/// The nominal times of a job's attempts, in milliseconds after midnight.
pub fn nominals(jobs: &Harness, job: &str) -> Vec<u128> {
    jobs.runs(job).iter().map(|run| ms(run.scheduled_at)).collect()
}

/// The next ticks of a job, in milliseconds after midnight.
pub fn next(jobs: &Harness, job: &str, count: usize) -> Vec<u128> {
    jobs.next(job, count).into_iter().map(ms).collect()
}

/// The books of a job, which balance.
#[track_caller]
pub fn books(jobs: &Harness, job: &str) -> Accounting {
    let books = jobs.accounting(job);
    assert_eq!(books.due, books.ran + books.skipped + books.missed + books.pending, "{books:?}");
    books
}

/// The books of a job as `(due, ran, skipped, missed, pending)`.
#[track_caller]
pub fn counts(jobs: &Harness, job: &str) -> (u64, u64, u64, u64, u64) {
    let books = books(jobs, job);
    (books.due, books.ran, books.skipped, books.missed, books.pending)
}

/// Every attempt that started has exactly one end, after its start, and none ends that never started.
#[track_caller]
pub fn assert_paired(events: &[Event]) {
    let mut open: BTreeMap<(RunId, u32), usize> = BTreeMap::new();
    let mut ended: BTreeMap<(RunId, u32), usize> = BTreeMap::new();
    for event in events {
        match (&event.kind, event.run) {
            (EventKind::Started { attempt, .. }, Some(run)) => {
                *open.entry((run, *attempt)).or_default() += 1;
            }
            (EventKind::Finished { attempt, .. }, Some(run)) => {
                *ended.entry((run, *attempt)).or_default() += 1;
                assert!(ended.get(&(run, *attempt)) <= open.get(&(run, *attempt)), "{run} ended before it started");
            }
            _ => {}
        }
    }
    assert_eq!(open, ended, "started and finished differ");
}
