//! The engine under a history: the same options, the same attempts, the same actions, and what it told of them.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::time::{Duration, SystemTime};

use job_runtime::testing::{Harness, start};
use job_runtime::{Context, Event, EventKind, JobConfig, JobHandle, Result, RunError, RunId, job};

use crate::history::{Act, Action, Config, End, Grace, History, Say, Sort, When};
use crate::reasons::{MISSED, SKIPPED};
use crate::story::{Given, Line, Look, Story, What};

/// The text of the panics that belong to a history.
pub const PLANNED: &str = "a planned panic";
/// When the clocks of a history start, in seconds since the epoch.
const MIDNIGHT: u64 = 1_767_225_600;

/// What a run returns.
type Returned = std::result::Result<(), &'static str>;
type Handle = JobHandle<Returned>;

/// Runs a history on paused time; `look` sees the state of the job after each action.
pub async fn play(history: &History) -> Story {
    let name = name_of(history.config.sort);
    let config = history.config.clone();
    let builder = start().auto().only([name]).at(midnight()).shutdown_timeout(ms(config.shutdown_timeout));
    let jobs = builder.configure(name, move |job| set(&config, job)).await;
    let mut handles = Vec::new();
    let mut looks = Vec::new();
    for action in &history.actions {
        act(&jobs, history.config.sort, action, &mut handles).await;
        looks.push(look(&jobs, name, &handles));
    }
    let given = handles.into_iter().map(given).collect();
    Story { lines: jobs.events().iter().map(line).collect(), looks, given }
}

// ---- the jobs

/// What the attempts of one run do, one after another.
#[derive(Clone)]
struct Plan {
    acts: Arc<Vec<Act>>,
    calls: Arc<AtomicUsize>,
}

impl Plan {
    fn new(acts: &[Act]) -> Self {
        Self { acts: Arc::new(acts.to_vec()), calls: Arc::default() }
    }

    fn next(&self) -> Act {
        self.acts[self.calls.fetch_add(1, Ordering::Relaxed) % self.acts.len()]
    }
}

#[job]
async fn hears(plan: Plan, cx: &Context) -> Returned {
    perform(&plan, Some(cx)).await
}

#[job]
async fn deaf(plan: Plan) -> Returned {
    perform(&plan, None).await
}

#[job]
async fn serial(plan: Plan, others: &mut usize, cx: &Context) -> Returned {
    *others += 1;
    perform(&plan, Some(cx)).await
}

fn name_of(sort: Sort) -> &'static str {
    match sort {
        Sort::Hears => "hears",
        Sort::Deaf => "deaf",
        Sort::Serial => "serial",
    }
}

fn set(config: &Config, job: JobConfig) -> Result<JobConfig> {
    let mut job = job
        .enabled(config.enabled)?
        .max_pending(small(config.max_pending))?
        .job_shutdown(&*match config.job_shutdown {
            Grace::Length(length) => format!("{length}ms"),
            Grace::BrutalKill => "brutal_kill".to_owned(),
            Grace::Infinity => "infinity".to_owned(),
        })?
        .max_attempts(small(config.max_attempts))?
        .backoff(&format!("{}ms", config.backoff))?;
    if let Some(limit) = config.max_running {
        job = job.max_running(small(limit))?;
    }
    if let Some(timeout) = config.timeout {
        job = job.timeout(ms(timeout))?;
    }
    Ok(job)
}

async fn perform(plan: &Plan, cx: Option<&Context>) -> Returned {
    let act = plan.next();
    let end = match (act.heeds, cx) {
        (Some((cleanup, end)), Some(cx)) => {
            tokio::select! {
                biased;
                () = pass(act.length) => act.end,
                () = cx.cancelled() => {
                    pass(Some(cleanup)).await;
                    end
                }
            }
        }
        _ => {
            pass(act.length).await;
            act.end
        }
    };
    match (act.say, cx) {
        (Say::Cancel, Some(cx)) => cx.cancel("as planned"),
        (Say::Snooze(delay), Some(cx)) => cx.snooze(ms(delay)),
        (Say::RetryAfter(delay), Some(cx)) => cx.retry_after(ms(delay)),
        _ => {}
    }
    match end {
        End::Ok => Ok(()),
        End::Err => Err("a planned failure"),
        End::Panic => panic!("{PLANNED}"),
    }
}

async fn pass(length: Option<u64>) {
    match length {
        Some(0) => {}
        Some(length) => tokio::time::sleep(ms(length)).await,
        None => std::future::pending().await,
    }
}

// ---- the actions

async fn act(jobs: &Harness, sort: Sort, action: &Action, handles: &mut Vec<Handle>) {
    let runtime = jobs.runtime();
    match action {
        Action::Spawn(when, acts) => handles.push(spawn(sort, *when, Plan::new(acts), jobs.now())),
        Action::Cancel(back) => {
            if let Some(handle) = handles.iter().rev().nth(*back) {
                handle.cancel();
            }
        }
        Action::Advance(length) => jobs.advance(ms(*length)).await,
        Action::Pause => runtime.pause(name_of(sort), "as planned").await.expect("it is there"),
        Action::Resume => runtime.resume(name_of(sort)).await.expect("it is there"),
        // Whether runs were abandoned is told by an event as well, which is compared.
        Action::Shutdown => drop(jobs.shutdown().await),
    }
}

fn spawn(sort: Sort, when: When, plan: Plan, now: SystemTime) -> Handle {
    let at = |length: i64| {
        let length_of = ms(length.unsigned_abs());
        if length < 0 { now - length_of } else { now + length_of }
    };
    match (sort, when) {
        (Sort::Hears, When::Now) => hears::spawn(plan),
        (Sort::Hears, When::After(length)) => hears::spawn_after(ms(length), plan),
        (Sort::Hears, When::At(length)) => hears::spawn_at(at(length), plan),
        (Sort::Deaf, When::Now) => deaf::spawn(plan),
        (Sort::Deaf, When::After(length)) => deaf::spawn_after(ms(length), plan),
        (Sort::Deaf, When::At(length)) => deaf::spawn_at(at(length), plan),
        (Sort::Serial, When::Now) => serial::spawn(plan),
        (Sort::Serial, When::After(length)) => serial::spawn_after(ms(length), plan),
        (Sort::Serial, When::At(length)) => serial::spawn_at(at(length), plan),
    }
}

// ---- what is seen

fn look(jobs: &Harness, name: &str, handles: &[Handle]) -> Look {
    let books = jobs.accounting(name);
    let sum = books.ran + books.skipped + books.missed + books.pending;
    assert_eq!(books.due, sum, "the books do not balance: {books:?}");
    let skipped = SKIPPED.map(|reason| (reason, books.skipped_for(reason)));
    let missed = MISSED.map(|reason| (reason, books.missed_for(reason)));
    let info = jobs.runtime().job(name).expect("it is there");
    assert_eq!((info.accounting, info.running), (books, jobs.running().len()), "{info:?}");
    Look {
        at: since(jobs.now()),
        due: books.due,
        ran: books.ran,
        skipped: skipped.into_iter().filter(|(_, count)| *count > 0).collect(),
        missed: missed.into_iter().filter(|(_, count)| *count > 0).collect(),
        pending: books.pending,
        running: jobs.running().len() as u64,
        paused: info.paused.is_some(),
        next: jobs.next(name, usize::MAX).into_iter().map(since).collect(),
        states: handles.iter().map(JobHandle::status).collect(),
    }
}

/// What a handle gives when it is asked once.
fn given(handle: Handle) -> Given {
    let mut handle = std::pin::pin!(handle);
    match handle.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())) {
        Poll::Pending => Given::Nothing,
        Poll::Ready(Ok(())) => Given::Output,
        Poll::Ready(Err(error)) => reason(&error),
    }
}

fn reason(error: &RunError<&'static str>) -> Given {
    let reasons = [
        (error.is_failed(), Given::Failed),
        (error.is_panicked(), Given::Panicked),
        (error.is_timed_out(), Given::TimedOut),
        (error.is_cancelled(), Given::Cancelled),
        (error.is_interrupted(), Given::Interrupted),
        (error.is_refused(), Given::Refused),
    ];
    let mut meant = reasons.into_iter().filter(|(is_meant, _)| *is_meant);
    let (first, second) = (meant.next(), meant.next());
    assert!(second.is_none(), "{error} is two things");
    first.expect("it is one of them").1
}

fn line(event: &Event) -> Line {
    let run = event.run.map_or(0, number);
    let what = match &event.kind {
        EventKind::Started { attempt, trigger, scheduled_at, lateness } => What::Started {
            run,
            attempt: u64::from(*attempt),
            trigger: *trigger,
            scheduled_at: since(*scheduled_at),
            lateness: whole(*lateness),
        },
        EventKind::Finished { outcome, attempt, duration, lateness, .. } => What::Finished {
            run,
            outcome: *outcome,
            attempt: u64::from(*attempt),
            duration: whole(*duration),
            lateness: whole(*lateness),
        },
        EventKind::Skipped { reason, running: None } => What::Skipped { run, reason: *reason },
        EventKind::Missed { reason, count, from, to } => {
            What::Missed { reason: *reason, count: *count, from: since(*from), to: since(*to) }
        }
        EventKind::Retrying { attempt, delay } => {
            What::Retrying { run, attempt: u64::from(*attempt), delay: whole(*delay) }
        }
        EventKind::NotRetried { attempt, outcome } => {
            What::NotRetried { run, attempt: u64::from(*attempt), outcome: *outcome }
        }
        EventKind::Paused { .. } => What::Paused,
        EventKind::Resumed => What::Resumed,
        EventKind::ShutdownStarted => What::ShutdownStarted,
        EventKind::ShutdownFinished { abandoned } => What::ShutdownFinished { abandoned: !abandoned.is_empty() },
        other => panic!("nothing in a history leads to {other:?}"),
    };
    Line { at: since(event.at), what }
}

fn number(run: RunId) -> u64 {
    run.to_string().parse().expect("it is a number")
}

fn since(time: SystemTime) -> u64 {
    whole(time.duration_since(midnight()).expect("nothing is before midnight"))
}

fn midnight() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(MIDNIGHT)
}

/// Milliseconds; a length that is not whole has no place here.
fn whole(length: Duration) -> u64 {
    assert_eq!(length.subsec_nanos() % 1_000_000, 0, "{length:?}");
    u64::try_from(length.as_millis()).expect("it is short")
}

fn ms(length: u64) -> Duration {
    Duration::from_millis(length)
}

fn small(number: u64) -> u32 {
    u32::try_from(number).expect("it is small")
}
