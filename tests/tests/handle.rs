//! A hold on one run: its output, its refusal, its cancellation.

mod stage;

use std::time::Duration;

use job_runtime::{Context, JobState, Outcome, SkipReason, periodic};
use stage::{Door, auto, books, counts, manual, starts, story, with_door};

#[derive(Debug, PartialEq)]
struct Report {
    purged: u32,
}

#[derive(Debug, PartialEq)]
struct Full(u32);

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "full at {}", self.0)
    }
}

impl std::error::Error for Full {}

#[periodic(every = "1h", max_attempts = 3, backoff = "1s")]
async fn purge(cx: &Context, good_from: &u32) -> Result<Report, Full> {
    tokio::time::sleep(Duration::from_millis(10)).await;
    if cx.attempt() < *good_from { Err(Full(cx.attempt())) } else { Ok(Report { purged: cx.attempt() }) }
}

#[tokio::test(start_paused = true)]
async fn a_handle_gives_the_typed_output() {
    let jobs = manual(&["purge"]).data(1_u32).await;
    let handle = purge::trigger().await.expect("it is accepted");
    assert_eq!(handle.id(), jobs.running()[0]);
    assert_eq!(handle.status(), JobState::Running);
    assert_eq!(handle.await.expect("it ends well"), Report { purged: 1 });
    assert_eq!(jobs.now(), stage::at(10));
    assert_eq!(counts(&jobs, "purge"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_handle_gives_what_the_last_attempt_returned() {
    let jobs = manual(&["purge"]).data(3_u32).await;
    let handle = purge::trigger().await.expect("it is accepted");
    jobs.advance("500ms").await;
    assert_eq!(handle.status(), JobState::Retryable);
    assert_eq!(handle.await.expect("it ends well"), Report { purged: 3 });
    assert_eq!(starts(&jobs, "purge"), [0, 1010, 2020]);

    let jobs = manual(&["purge"]).data(9_u32).await;
    let error = purge::trigger().await.expect("it is accepted").await.expect_err("it never succeeds");
    assert!(error.is_failed() && error.to_string().contains("full at 3"), "{error}");
    assert_eq!(error.error(), Some(&Full(3)));
    assert_eq!(error.into_error(), Some(Full(3)));
    assert_eq!(counts(&jobs, "purge"), (1, 1, 0, 0, 0));
}

#[periodic(every = "1h", timeout = "5s")]
async fn panics(hangs: &bool) {
    if *hangs {
        std::future::pending::<()>().await;
    }
    panic!("out of luck");
}

#[tokio::test(start_paused = true)]
async fn a_handle_tells_a_panic_and_a_timeout() {
    let _jobs = manual(&["panics"]).data(false).await;
    let error = panics::trigger().await.expect("it is accepted").await.expect_err("it panics");
    let text = error.to_string();
    assert!(error.is_panicked() && text.contains("out of luck") && text.contains(&format!("{}:", file!())), "{text}");

    let jobs = manual(&["panics"]).data(true).await;
    let error = panics::trigger().await.expect("it is accepted").await.expect_err("it hangs");
    assert!(error.is_timed_out(), "{error}");
    assert_eq!(jobs.now(), stage::at(5000));
    assert_eq!(books(&jobs, "panics").ran, 1);
}

#[periodic(every = "1h", on_overlap = "ignore", when = |cx| cx.data::<bool>().is_some_and(|open| *open))]
async fn guarded(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn a_trigger_is_refused_by_the_guard() {
    let jobs = manual(&["guarded"]).data(Door::new()).data(false).await;
    let handle = guarded::trigger().await.expect("it is accepted");
    let error = handle.await.expect_err("the guard says no");
    assert!(error.is_refused() && error.to_string().contains("guard"), "{error}");
    assert_eq!(books(&jobs, "guarded").skipped_for(SkipReason::Guard), 1);
}

#[tokio::test(start_paused = true)]
async fn a_trigger_is_refused_by_the_overlap_policy() {
    let (jobs, door) = with_door(manual(&["guarded"]).data(true)).await;
    let first = guarded::trigger().await.expect("it is accepted");
    jobs.advance("0s").await;
    let second = guarded::trigger().await.expect("it is accepted");
    let error = second.await.expect_err("the first is on");
    assert!(error.is_refused(), "{error}");
    door.open(1);
    first.await.expect("it ends well");
    assert_eq!(books(&jobs, "guarded").skipped_for(SkipReason::StillRunning), 1);
}

#[periodic(every = "1h", on_overlap = "queue", job_shutdown = "100ms")]
async fn queueing(cx: &Context) -> Result<&'static str, String> {
    cx.cancelled().await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    Ok("asked to stop")
}

#[tokio::test(start_paused = true)]
async fn cancel_before_the_start_keeps_the_run_from_starting() {
    let jobs = manual(&["queueing"]).await;
    let first = queueing::trigger().await.expect("it is accepted");
    let second = queueing::trigger().await.expect("it is accepted");
    assert_eq!((first.status(), second.status()), (JobState::Running, JobState::Available));
    second.cancel();
    assert_eq!(second.status(), JobState::Cancelled);
    let error = second.await.expect_err("it never started");
    assert!(error.is_cancelled(), "{error}");
    assert_eq!(counts(&jobs, "queueing"), (2, 1, 1, 0, 0));
    assert_eq!(books(&jobs, "queueing").skipped_for(SkipReason::Cancelled), 1);
}

#[tokio::test(start_paused = true)]
async fn cancel_while_running_asks_the_run_and_gives_it_its_grace() {
    let jobs = manual(&["queueing"]).await;
    let handle = queueing::trigger().await.expect("it is accepted");
    jobs.advance("1s").await;
    handle.cancel();
    let error = handle.await.expect_err("it was cancelled");
    assert!(error.is_cancelled() && error.to_string().contains("handle"), "{error}");
    assert_eq!(story(&jobs, "queueing"), ["0ms 1 started", "1030ms 1 cancelled"]);
    assert_eq!(counts(&jobs, "queueing"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn cancel_while_waiting_for_a_retry_ends_the_run() {
    let jobs = manual(&["purge"]).data(9_u32).await;
    let handle = purge::trigger().await.expect("it is accepted");
    jobs.advance("500ms").await;
    handle.cancel();
    assert!(handle.await.expect_err("it was cancelled").is_cancelled());
    assert!(jobs.running().is_empty());
    assert_eq!(jobs.runs("purge").len(), 1);
    assert_eq!(purge::status().await.expect("it is there").last_outcome, Some(Outcome::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn dropping_a_handle_lets_the_run_go_on() {
    let jobs = manual(&["purge"]).data(1_u32).await;
    drop(purge::trigger().await.expect("it is accepted"));
    assert!(jobs.settle("1s").await);
    assert_eq!(story(&jobs, "purge"), ["0ms 1 started", "10ms 1 completed"]);
}

#[periodic(every = "1m")]
async fn asks_for_itself(cx: &Context, door: &Door) {
    let name = asks_for_itself::status().await.expect("a run is in a runtime").name;
    assert_eq!((&*name, cx.name()), ("asks_for_itself", "asks_for_itself"));
    assert_eq!(cx.runtime().jobs().len(), 1);
    door.open(1);
}

#[tokio::test(start_paused = true)]
async fn inside_a_run_the_current_runtime_is_its_own() {
    let (jobs, door) = with_door(auto(&["asks_for_itself"])).await;
    jobs.advance("1m").await;
    assert_eq!(jobs.runs("asks_for_itself")[0].outcome, Some(Outcome::Completed));
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_runtime_a_trigger_is_refused() {
    assert!(purge::trigger().await.expect_err("there is none").is_refused());
    assert!(purge::status().await.expect_err("there is none").is_refused());
}
