//! How runs end: what an end is called when the run was asked to stop, and what shutdown leaves behind.

mod stage;

use std::time::Duration;

use job_runtime::testing::{Harness, TickError};
use job_runtime::{Context, Outcome, periodic};
use stage::{Door, assert_paired, at, begin, chronicle, counts, manual, story, with_door};

/// What the jobs below return when they are asked to stop.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Ok,
    Err,
    Panic,
    Nothing,
}

async fn answer(cx: &Context, answer: Answer) -> Result<(), &'static str> {
    cx.cancelled().await;
    match answer {
        Answer::Ok => Ok(()),
        Answer::Err => Err("asked to stop"),
        Answer::Panic => panic!("asked to stop"),
        Answer::Nothing => std::future::pending().await,
    }
}

#[periodic(every = "1h", job_shutdown = "10ms")]
async fn asked(cx: &Context, how: &Answer) -> Result<(), &'static str> {
    answer(cx, *how).await
}

#[periodic(every = "1h", job_shutdown = "10ms", timeout = "1s")]
async fn limited(cx: &Context, how: &Answer) -> Result<(), &'static str> {
    answer(cx, *how).await
}

#[periodic(every = "1h", job_shutdown = "10ms", on_overlap = "stop_previous")]
async fn replaced(cx: &Context, how: &Answer) -> Result<(), &'static str> {
    answer(cx, *how).await
}

#[track_caller]
fn first_outcome(jobs: &Harness, job: &str) -> Option<Outcome> {
    assert_paired(&jobs.events());
    jobs.runs(job)[0].outcome
}

#[tokio::test(start_paused = true)]
async fn m18_shutdown_names_the_end_after_what_the_run_returned() {
    for (how, outcome, abandoned) in [
        (Answer::Ok, Outcome::Completed, false),
        (Answer::Err, Outcome::Interrupted, false),
        (Answer::Nothing, Outcome::Interrupted, true),
    ] {
        let jobs = manual(&["asked"]).data(how).await;
        assert_eq!(jobs.tick_within("asked", "0ms").await, Err(TickError::TimedOut));
        let result = jobs.shutdown().await;
        assert_eq!(first_outcome(&jobs, "asked"), Some(outcome), "{how:?}");
        assert_eq!(result.is_err_and(|error| error.is_abandoned()), abandoned, "{how:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn m18_a_run_over_its_timeout_is_timed_out_whatever_it_returns() {
    for how in [Answer::Ok, Answer::Err, Answer::Panic, Answer::Nothing] {
        let jobs = manual(&["limited"]).data(how).await;
        assert_eq!(jobs.tick("limited").await, Ok(Outcome::TimedOut), "{how:?}");
        assert_eq!(counts(&jobs, "limited"), (1, 1, 0, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn m18_a_run_that_is_replaced_or_cancelled_is_cancelled_whatever_it_returns() {
    for how in [Answer::Ok, Answer::Err, Answer::Panic, Answer::Nothing] {
        let jobs = manual(&["replaced", "asked"]).data(how).await;
        let _previous = replaced::trigger().await.expect("it is started");
        let _next = replaced::trigger().await.expect("it is accepted");
        let handle = asked::trigger().await.expect("it is started");
        handle.cancel();
        jobs.advance("10ms").await;
        assert_eq!(first_outcome_of_two(&jobs), [Some(Outcome::Cancelled); 2], "{how:?}");
    }
}

fn first_outcome_of_two(jobs: &Harness) -> [Option<Outcome>; 2] {
    [jobs.runs("replaced")[0].outcome, jobs.runs("asked")[0].outcome]
}

#[periodic(every = "1h", max_attempts = 2, backoff = "10m")]
async fn will_retry() -> Result<(), &'static str> {
    Err("not yet")
}

#[tokio::test(start_paused = true)]
async fn m18_a_run_that_waits_for_a_retry_is_interrupted_at_once() {
    let jobs = manual(&["will_retry"]).await;
    let handle = will_retry::trigger().await.expect("it is started");
    jobs.advance("1s").await;
    jobs.shutdown().await.expect("nothing runs");
    assert_eq!(jobs.now(), at(1000));
    assert!(handle.await.expect_err("it was not tried again").is_interrupted());
    let told = ["0ms 1 started", "0ms 1 failed", "0ms 1 retrying 2 in 600s", "1000ms 1 not retried 2, interrupted"];
    assert_eq!(story(&jobs, "will_retry"), told);
    assert_eq!(counts(&jobs, "will_retry"), (1, 1, 0, 0, 0));
    assert_eq!(jobs.runtime().job("will_retry").expect("it is there").last_outcome, Some(Outcome::Interrupted));
}

#[periodic(every = "1h", on_overlap = "queue", job_shutdown = "infinity")]
async fn queueing(cx: &Context, door: &Door) {
    cx.cancelled().await;
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn m18_work_that_has_not_started_is_interrupted_at_once() {
    let (jobs, door) = with_door(manual(&["queueing"])).await;
    let first = queueing::trigger().await.expect("it is started");
    let second = queueing::trigger().await.expect("it is accepted");
    begin(jobs.shutdown()).await;
    assert!(second.await.expect_err("it never started").is_interrupted());
    assert!(queueing::trigger().await.expect_err("the runtime shuts down").is_refused());
    assert!(jobs.runtime().trigger("queueing").await.expect_err("the runtime shuts down").is_refused());
    door.open(1);
    jobs.shutdown().await.expect("it ended by itself");
    first.await.expect("it ended well");
    assert_eq!(counts(&jobs, "queueing"), (2, 1, 0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn m19_infinity_is_bounded_by_the_shutdown_timeout() {
    let jobs = manual(&["queueing"]).data(Door::new()).shutdown_timeout("300ms").await;
    assert_eq!(jobs.tick_within("queueing", "0ms").await, Err(TickError::TimedOut));
    let error = jobs.shutdown().await.expect_err("it was dropped");
    assert!(error.is_abandoned() && error.to_string().contains("`queueing`"), "{error}");
    assert_eq!(story(&jobs, "queueing"), ["0ms 1 started", "300ms 1 interrupted"]);
    let told = ["0ms shutdown started", "300ms shutdown finished, abandoned [\"queueing\"]"];
    assert_eq!(chronicle(&jobs), told);
}

#[tokio::test(start_paused = true)]
async fn m19_the_shutdown_timeout_is_25s_unless_said_otherwise() {
    let jobs = manual(&["queueing"]).data(Door::new()).await;
    assert_eq!(jobs.tick_within("queueing", "0ms").await, Err(TickError::TimedOut));
    assert!(jobs.shutdown().await.expect_err("it was dropped").is_abandoned());
    assert_eq!(jobs.now(), at(25_000));
}

#[periodic(every = "1h", job_shutdown = "200ms")]
async fn deaf() {
    tokio::time::sleep(Duration::from_millis(150)).await;
}

#[periodic(every = "1h", job_shutdown = "200ms", timeout = "100ms")]
async fn deaf_and_limited() {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_hear_may_finish_within_its_grace_at_shutdown() {
    let jobs = manual(&["deaf"]).await;
    assert_eq!(jobs.tick_within("deaf", "0ms").await, Err(TickError::TimedOut));
    jobs.shutdown().await.expect("it ended within its grace");
    assert_eq!(story(&jobs, "deaf"), ["0ms 1 started", "150ms 1 completed"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_hear_is_dropped_at_once_on_timeout() {
    let jobs = manual(&["deaf_and_limited"]).await;
    assert_eq!(jobs.tick("deaf_and_limited").await, Ok(Outcome::TimedOut));
    assert_eq!(story(&jobs, "deaf_and_limited"), ["0ms 1 started", "100ms 1 timed_out"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_hears_has_its_grace_on_timeout() {
    let jobs = manual(&["limited"]).data(Answer::Nothing).await;
    assert_eq!(jobs.tick("limited").await, Ok(Outcome::TimedOut));
    assert_eq!(story(&jobs, "limited"), ["0ms 1 started", "1010ms 1 timed_out"]);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_run_is_no_failure() {
    let jobs = manual(&["asked"]).data(Answer::Err).configure("asked", |job| job.pause_after(1)).await;
    assert_eq!(jobs.tick_within("asked", "0ms").await, Err(TickError::TimedOut));
    jobs.shutdown().await.expect("it ended by itself");
    let info = jobs.runtime().job("asked").expect("it is there");
    assert_eq!((info.paused, info.last_outcome), (None, Some(Outcome::Interrupted)));
}
