//! The engine under a history: the same options, the same calls, the same actions, and what it told of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use job_runtime::testing::{Harness, start};
use job_runtime::{Context, Event, EventKind, JobConfig, Periodic, Result, RunId, Schedule, periodic};

use crate::history::{Act, Action, Answer, Config, End, Grace, History, Missed, Overlap};
use crate::reasons::{MISSED, SKIPPED};
use crate::story::{Line, Look, Story, What};

/// The text of the panics that belong to a history.
pub const PLANNED: &str = "a planned panic";
/// When the clocks of a history start, in seconds since the epoch.
const MIDNIGHT: u64 = 1_767_225_600;

/// Runs a history on paused time; `look` sees the state of the job after each action.
pub async fn play(history: &Arc<History>) -> Story {
    let name = name_of(&history.config);
    let jobs = started(history, name).await;
    let mut looks = Vec::new();
    // Whether something was set going that has not had its turn: the first tick, to begin with.
    let mut stirred = true;
    for action in &history.actions {
        act(&jobs, name, *action, stirred).await;
        stirred = !matches!(action, Action::Advance(_) | Action::Stall(_));
        looks.push(look(&jobs, name));
    }
    let info = jobs.runtime().job(name).expect("it is there");
    let seen = looks.last().expect("there are actions");
    assert_eq!((info.running as u64, info.accounting), (seen.running, jobs.accounting(name)), "{info:?}");
    assert_eq!(info.next.first().copied().map(since), seen.next, "{info:?}");
    Story { lines: jobs.events().iter().filter_map(line).collect(), paused: info.paused.is_some(), looks }
}

// ---- the jobs

/// What the calls of function and guard do next.
struct Script {
    history: Arc<History>,
    calls: AtomicUsize,
    asks: AtomicUsize,
}

#[periodic(every = "1h", when = guard)]
async fn guarded(cx: &Context, script: &Script) -> std::result::Result<(), &'static str> {
    perform(script.act(), Some(cx)).await
}

#[periodic(every = "1h", when = guard)]
async fn guarded_and_deaf(script: &Script) -> std::result::Result<(), &'static str> {
    perform(script.act(), None).await
}

#[periodic(every = "1h")]
async fn deaf(script: &Script) -> std::result::Result<(), &'static str> {
    perform(script.act(), None).await
}

/// The name of the job in which a history takes place; one that hears and has no guard is added at run time.
fn name_of(config: &Config) -> &'static str {
    match (config.guarded, config.hears) {
        (true, true) => "guarded",
        (true, false) => "guarded_and_deaf",
        (false, false) => "deaf",
        (false, true) => "added",
    }
}

async fn started(history: &Arc<History>, name: &'static str) -> Harness {
    let config = history.config.clone();
    let script = Script { history: Arc::clone(history), calls: AtomicUsize::new(0), asks: AtomicUsize::new(0) };
    let builder = start().auto().at(midnight()).shutdown_timeout(ms(config.shutdown_timeout));
    if name != "added" {
        return builder.only([name]).data(script).configure(name, move |job| set(&config, job)).await;
    }
    let jobs = builder.only([]).await;
    let script = Arc::new(script);
    let every = Schedule::every("1h").expect("it is a period");
    let job = Periodic::new(name, every, move |cx: Context| {
        let act = script.act();
        async move { perform(act, Some(&cx)).await }
    });
    let job = job.configure(|job| set(&config, job)).expect("the options fit");
    jobs.runtime().add(job).expect("the name is free");
    jobs
}

fn set(config: &Config, job: JobConfig) -> Result<JobConfig> {
    let mut job = job
        .every(ms(config.every))?
        .enabled(config.enabled)?
        .delay_mode(if config.shifted { "shifted" } else { "regular" })?
        .on_overlap(match config.on_overlap {
            Overlap::Run => "run",
            Overlap::Ignore => "ignore",
            Overlap::Queue => "queue",
            Overlap::StopPrevious => "stop_previous",
        })?
        .on_missed(&match config.on_missed {
            Missed::One => "one".to_owned(),
            Missed::Skip => "skip".to_owned(),
            Missed::All => "all".to_owned(),
            Missed::Newest(count) => format!("all({count})"),
        })?
        .job_shutdown(&*match config.job_shutdown {
            Grace::Length(length) => format!("{length}ms"),
            Grace::BrutalKill => "brutal_kill".to_owned(),
            Grace::Infinity => "infinity".to_owned(),
        })?
        .max_attempts(small(config.max_attempts))?
        .backoff(&format!("{}ms", config.backoff))?;
    if let Some(delay) = config.initial_delay {
        job = job.initial_delay(ms(delay))?;
    }
    if let Some(limit) = config.max_running {
        job = job.max_running(small(limit))?;
    }
    if let Some(deadline) = config.start_deadline {
        job = job.start_deadline(ms(deadline))?;
    }
    if let Some(timeout) = config.timeout {
        job = job.timeout(ms(timeout))?;
    }
    Ok(job)
}

impl Script {
    fn act(&self) -> Act {
        self.history.act(self.calls.fetch_add(1, Ordering::Relaxed))
    }
}

async fn guard(cx: &Context) -> bool {
    let script = cx.data::<Script>().expect("it is given");
    let ask = script.history.ask(script.asks.fetch_add(1, Ordering::Relaxed));
    pass(ask.length).await;
    match ask.answer {
        Answer::Yes => true,
        Answer::No => false,
        Answer::Panic => panic!("{PLANNED}"),
    }
}

async fn perform(act: Act, cx: Option<&Context>) -> std::result::Result<(), &'static str> {
    let (Some(cx), Some((cleanup, end))) = (cx, act.heeds) else {
        pass(act.length).await;
        return finish(act.end);
    };
    tokio::select! {
        biased;
        () = pass(act.length) => finish(act.end),
        () = cx.cancelled() => {
            pass(Some(cleanup)).await;
            finish(end)
        }
    }
}

async fn pass(length: Option<u64>) {
    match length {
        Some(0) => {}
        Some(length) => tokio::time::sleep(ms(length)).await,
        None => std::future::pending().await,
    }
}

fn finish(end: End) -> std::result::Result<(), &'static str> {
    match end {
        End::Ok => Ok(()),
        End::Err => Err("a planned failure"),
        End::Panic => panic!("{PLANNED}"),
    }
}

// ---- the actions

async fn act(jobs: &Harness, name: &str, action: Action, stirred: bool) {
    let runtime = jobs.runtime();
    match action {
        Action::Advance(length) => jobs.advance(ms(length)).await,
        Action::Stall(length) => {
            // What was set going before the jump has its turn before it.
            if stirred {
                jobs.advance("0s").await;
            }
            jobs.stall(ms(length)).await;
        }
        Action::Trigger => runtime.trigger(name).await.expect("it is there"),
        Action::Pause => runtime.pause(name, "as planned").await.expect("it is there"),
        Action::Resume => runtime.resume(name).await.expect("it is there"),
        Action::Quiet => runtime.quiet(),
        // Whether runs were abandoned is told by an event as well, which is compared.
        Action::Shutdown => drop(jobs.shutdown().await),
    }
}

// ---- what is seen

fn look(jobs: &Harness, name: &str) -> Look {
    let books = jobs.accounting(name);
    assert_eq!(
        books.due,
        books.ran + books.skipped + books.missed + books.pending,
        "the books do not balance: {books:?}"
    );
    let skipped = SKIPPED.map(|reason| (reason, books.skipped_for(reason)));
    let missed = MISSED.map(|reason| (reason, books.missed_for(reason)));
    assert_eq!(books.skipped, skipped.iter().map(|(_, count)| count).sum::<u64>(), "{books:?}");
    assert_eq!(books.missed, missed.iter().map(|(_, count)| count).sum::<u64>(), "{books:?}");
    Look {
        at: since(jobs.now()),
        due: books.due,
        ran: books.ran,
        skipped: skipped.into_iter().filter(|(_, count)| *count > 0).collect(),
        missed: missed.into_iter().filter(|(_, count)| *count > 0).collect(),
        pending: books.pending,
        running: jobs.running().len() as u64,
        next: jobs.next(name, 1).first().copied().map(since),
    }
}

/// What the model foretells of an event; nothing of those that concern the process, such as stalls.
fn line(event: &Event) -> Option<Line> {
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
        EventKind::Skipped { reason, running } => What::Skipped { run, reason: *reason, running: running.map(number) },
        EventKind::Missed { reason, count, from, to } => {
            What::Missed { reason: *reason, count: *count, from: since(*from), to: since(*to) }
        }
        EventKind::StoppedPrevious { previous } => What::StoppedPrevious { run, previous: number(*previous) },
        EventKind::Retrying { attempt, delay } => {
            What::Retrying { run, attempt: u64::from(*attempt), delay: whole(*delay) }
        }
        EventKind::NotRetried { attempt, outcome } => {
            What::NotRetried { run, attempt: u64::from(*attempt), outcome: *outcome }
        }
        EventKind::GuardPanicked { message } => {
            assert!(message.starts_with(PLANNED), "{message}");
            What::GuardPanicked { run }
        }
        EventKind::Paused { .. } => What::Paused,
        EventKind::Resumed => What::Resumed,
        EventKind::ShutdownStarted => What::ShutdownStarted,
        EventKind::ShutdownFinished { abandoned } => What::ShutdownFinished { abandoned: !abandoned.is_empty() },
        EventKind::Stalled { .. } => return None,
        other => panic!("nothing in a history leads to {other:?}"),
    };
    Some(Line { at: since(event.at), what })
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
