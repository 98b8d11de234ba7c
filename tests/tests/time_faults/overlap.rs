//! C12: ticks that come while a run is on, of jobs that follow the calendar.

use std::time::Duration;

use job_runtime::Outcome::{Cancelled, Completed, Panicked};
use job_runtime::testing::{Harness, start};
use job_runtime::{JobConfig, MissReason, Outcome, Result, SkipReason, periodic};

use crate::scene::{assert_balanced, story};
use crate::stage::{at, books, counts, ms};

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Body {
    /// A minute of work.
    Short,
    /// 24 minutes of work.
    Long,
    /// 24 minutes, and a panic.
    Panicking,
    Hung,
}

use Body::{Hung, Long, Panicking, Short};

#[periodic(cron = "*/10 * * * *")]
async fn work(body: &Body) {
    match body {
        Short => tokio::time::sleep(Duration::from_secs(60)).await,
        Long => tokio::time::sleep(Duration::from_secs(24 * 60)).await,
        Panicking => {
            tokio::time::sleep(Duration::from_secs(24 * 60)).await;
            panic!("a planned panic");
        }
        Hung => std::future::pending().await,
    }
}

type Change = fn(JobConfig) -> Result<JobConfig>;
/// Due, ran, skipped, missed, pending.
type Books = (u64, u64, u64, u64, u64);

const RUN: Change = |job| job.on_overlap("run");
const TWO: Change = |job| job.on_overlap("run")?.max_running(2);
const IGNORE: Change = |job| job.on_overlap("ignore");
const QUEUE: Change = |job| job.on_overlap("queue");
const STOP: Change = |job| job.on_overlap("stop_previous");

/// From midnight on, with the job in that policy.
async fn with(policy: Change, body: Body) -> Harness {
    start().only(["work"]).configure("work", policy).data(body).auto().at(at(0)).await
}

fn minute(ms: u128) -> u128 {
    assert_eq!(ms % 60_000, 0, "{ms} ms is not a whole number of minutes");
    ms / 60_000
}

/// What an hour with ticks at 10, 20 … 60 minutes comes to.
struct Hour<'l> {
    policy: Change,
    body: Body,
    /// The minute of each run's tick and of its start, and how it ended.
    runs: &'l [(u128, u128, Option<Outcome>)],
    books: Books,
    skipped: Option<SkipReason>,
}

async fn live_through(hour: &Hour<'_>) {
    let jobs = with(hour.policy, hour.body).await;
    jobs.advance("1h").await;
    let run = |run: job_runtime::testing::Run| (minute(ms(run.scheduled_at)), minute(ms(run.started_at)), run.outcome);
    let runs: Vec<_> = jobs.runs("work").into_iter().map(run).collect();
    assert_eq!(runs, hour.runs, "{:?}", hour.body);
    assert_eq!(counts(&jobs, "work"), hour.books, "{:?}", hour.body);
    if let Some(reason) = hour.skipped {
        assert_eq!(books(&jobs, "work").skipped_for(reason), hour.books.2, "{:?}", hour.body);
    }
}

const EACH: Books = (6, 6, 0, 0, 0);

#[tokio::test(start_paused = true)]
async fn c12_short_runs_meet_no_tick() {
    let done = |minute| (minute, minute, Some(Completed));
    let runs = &[done(10), done(20), done(30), done(40), done(50), (60, 60, None)];
    for policy in [RUN, TWO, IGNORE, QUEUE, STOP] {
        live_through(&Hour { policy, body: Short, runs, books: EACH, skipped: None }).await;
    }
}

#[tokio::test(start_paused = true)]
async fn c12_run_starts_each() {
    for (body, end) in [(Long, Some(Completed)), (Panicking, Some(Panicked)), (Hung, None)] {
        let runs = &[(10, 10, end), (20, 20, end), (30, 30, end), (40, 40, None), (50, 50, None), (60, 60, None)];
        live_through(&Hour { policy: RUN, body, runs, books: EACH, skipped: None }).await;
    }
}

#[tokio::test(start_paused = true)]
async fn c12_max_running_bounds_them() {
    let skipped = Some(SkipReason::MaxRunning);
    for (body, end) in [(Long, Some(Completed)), (Panicking, Some(Panicked))] {
        let runs = &[(10, 10, end), (20, 20, end), (40, 40, None), (50, 50, None)];
        live_through(&Hour { policy: TWO, body, runs, books: (6, 4, 2, 0, 0), skipped }).await;
    }
    let runs = &[(10, 10, None), (20, 20, None)];
    live_through(&Hour { policy: TWO, body: Hung, runs, books: (6, 2, 4, 0, 0), skipped }).await;
}

#[tokio::test(start_paused = true)]
async fn c12_ignore_skips() {
    let skipped = Some(SkipReason::StillRunning);
    for (body, end) in [(Long, Some(Completed)), (Panicking, Some(Panicked))] {
        let runs = &[(10, 10, end), (40, 40, None)];
        live_through(&Hour { policy: IGNORE, body, runs, books: (6, 2, 4, 0, 0), skipped }).await;
    }
    let runs = &[(10, 10, None)];
    live_through(&Hour { policy: IGNORE, body: Hung, runs, books: (6, 1, 5, 0, 0), skipped }).await;
}

#[tokio::test(start_paused = true)]
async fn c12_queue_keeps_the_first_and_its_nominal_time() {
    let skipped = Some(SkipReason::AlreadyPending);
    for (body, end) in [(Long, Some(Completed)), (Panicking, Some(Panicked))] {
        let runs = &[(10, 10, end), (20, 34, end), (40, 58, None)];
        live_through(&Hour { policy: QUEUE, body, runs, books: (6, 3, 2, 0, 1), skipped }).await;
    }
    let runs = &[(10, 10, None)];
    live_through(&Hour { policy: QUEUE, body: Hung, runs, books: (6, 1, 4, 0, 1), skipped }).await;
}

#[tokio::test(start_paused = true)]
async fn c12_stop_previous_stops() {
    let stopped = |minute| (minute, minute, Some(Cancelled));
    let runs = &[stopped(10), stopped(20), stopped(30), stopped(40), stopped(50), (60, 60, None)];
    for body in [Long, Panicking, Hung] {
        live_through(&Hour { policy: STOP, body, runs, books: EACH, skipped: None }).await;
    }
}

/// A hung run holds up no tick for longer than its timeout.
#[tokio::test(start_paused = true)]
async fn c12_a_timeout_ends_what_hangs() {
    let jobs = with(|job| job.on_overlap("queue")?.timeout("24m"), Hung).await;
    jobs.advance("1h").await;
    let runs: Vec<_> = jobs.runs("work").into_iter().map(|run| (ms(run.started_at) / 60_000, run.outcome)).collect();
    let timed_out = Some(Outcome::TimedOut);
    assert_eq!(runs, [(10, timed_out), (34, timed_out), (58, None)]);
    assert_eq!(counts(&jobs, "work"), (6, 3, 2, 0, 1));
}

/// What a sleep has made overdue meets the policy as well: as one tick, or as one chain.
#[tokio::test(start_paused = true)]
async fn c12_a_catch_up_meets_a_run() {
    let overdue: [(Change, &str, Books); 5] = [
        (|job| job.on_overlap("run"), "runs 00:50:00", (5, 2, 0, 3, 0)),
        (|job| job.on_overlap("ignore"), "skipped still_running", (5, 1, 1, 3, 0)),
        (|job| job.on_overlap("queue"), "missed clock_stepped 3: 00:20:00 to 00:40:00", (5, 1, 0, 3, 1)),
        (|job| job.on_overlap("stop_previous"), "runs 00:50:00", (5, 2, 0, 3, 0)),
        (|job| job.on_overlap("queue")?.on_missed("all"), "runs 00:10:00", (5, 1, 0, 0, 4)),
    ];
    for (policy, last, expected) in overdue {
        let jobs = with(policy, Hung).await;
        jobs.advance("11m").await;
        jobs.suspend("42m").await;
        jobs.advance("30s").await;
        assert_eq!(story(&jobs, "work").last().expect("something happened"), last);
        assert_eq!(counts(&jobs, "work"), expected, "{last}");
        assert_eq!(books(&jobs, "work").missed_for(MissReason::ClockStepped), expected.3);
        assert_balanced(&jobs);
    }
}
