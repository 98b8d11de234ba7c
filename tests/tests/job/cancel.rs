//! A run cancelled through its handle, wherever it is on its way.

use std::time::Duration;

use job_runtime::{Context, JobState, Outcome, SkipReason, job};

use crate::stage::{Door, assert_paired, at, auto, books, chronicle, counts, story, with_door};
use crate::why;

#[job(max_running = 1)]
async fn occupied(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_while_it_waits_for_a_place_it_never_starts() {
    let (jobs, door) = with_door(auto(&["occupied"])).await;
    let (first, second, third) = (occupied::spawn(), occupied::spawn(), occupied::spawn());
    second.cancel();
    assert_eq!((second.status(), counts(&jobs, "occupied")), (JobState::Cancelled, (3, 1, 1, 0, 1)));
    assert_eq!(why(second).await.0, "cancelled");
    door.let_through(2, &jobs).await;
    first.await.expect("it ends well");
    third.await.expect("it ends well");
    assert_eq!(
        (counts(&jobs, "occupied"), books(&jobs, "occupied").skipped_for(SkipReason::Cancelled)),
        ((3, 2, 1, 0, 0), 1)
    );
    assert!(story(&jobs, "occupied").contains(&"0ms 2 skipped cancelled".to_owned()), "{:?}", story(&jobs, "occupied"));
}

#[job]
async fn nothing() {}

#[tokio::test(start_paused = true)]
async fn cancelled_while_it_is_scheduled_it_never_starts() {
    let jobs = auto(&["nothing"]).await;
    for handle in [nothing::spawn_after("1m"), nothing::spawn_at(at(60_000))] {
        assert_eq!(handle.status(), JobState::Scheduled);
        handle.cancel();
        assert_eq!(handle.status(), JobState::Cancelled);
        let (reason, text) = why(handle).await;
        assert_eq!(reason, "cancelled");
        assert!(text.contains("cancelled"), "{text}");
    }
    assert_eq!(jobs.next("nothing", 1), []);
    jobs.advance("10m").await;
    assert_eq!((jobs.runs("nothing").len(), counts(&jobs, "nothing")), (0, (2, 0, 2, 0, 0)));
    assert_eq!(story(&jobs, "nothing"), ["0ms 1 skipped cancelled", "0ms 2 skipped cancelled"]);
}

#[tokio::test(start_paused = true)]
async fn one_of_many_that_are_scheduled_is_cancelled_and_no_other() {
    let jobs = auto(&["nothing"]).await;
    let handles: Vec<_> = (1..=9).map(|seconds| nothing::spawn_after(Duration::from_secs(seconds))).collect();
    handles[4].cancel();
    handles[0].cancel();
    // The place that is free again belongs to another run.
    let late = nothing::spawn_after("20s");
    handles[4].cancel();
    handles[0].cancel();
    jobs.advance("1m").await;
    assert_eq!(crate::stage::starts(&jobs, "nothing"), [2000, 3000, 4000, 6000, 7000, 8000, 9000, 20_000]);
    late.await.expect("it ends well");
    assert_eq!(counts(&jobs, "nothing"), (10, 8, 2, 0, 0));
}

#[job(job_shutdown = "100ms")]
async fn listens(cx: &Context) -> Result<&'static str, String> {
    cx.cancelled().await;
    tokio::time::sleep(Duration::from_millis(30)).await;
    Ok("tidied up")
}

#[tokio::test(start_paused = true)]
async fn cancelled_while_it_runs_it_has_its_grace_and_is_cancelled_whatever_it_returns() {
    let jobs = auto(&["listens"]).await;
    let handle = listens::spawn();
    jobs.advance("1s").await;
    handle.cancel();
    assert_eq!(handle.status(), JobState::Running);
    assert_eq!(why(handle).await.0, "cancelled");
    assert_eq!(story(&jobs, "listens"), ["0ms 1 started", "1030ms 1 cancelled"]);
    assert_eq!(counts(&jobs, "listens"), (1, 1, 0, 0, 0));
}

#[job(job_shutdown = "100ms")]
async fn listens_to_nobody(cx: &Context) {
    cx.cancelled().await;
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_it_is_dropped_when_its_grace_is_over() {
    let jobs = auto(&["listens_to_nobody"]).await;
    let handle = listens_to_nobody::spawn();
    jobs.advance("1s").await;
    handle.cancel();
    assert_eq!(why(handle).await.0, "cancelled");
    assert_eq!(story(&jobs, "listens_to_nobody"), ["0ms 1 started", "1100ms 1 cancelled"]);
}

#[job(job_shutdown = "100ms")]
async fn cannot_listen() {
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_it_is_dropped_at_once_where_it_cannot_hear() {
    let jobs = auto(&["cannot_listen"]).await;
    let handle = cannot_listen::spawn();
    jobs.advance("1s").await;
    handle.cancel();
    jobs.advance("0s").await;
    assert_eq!(story(&jobs, "cannot_listen"), ["0ms 1 started", "1000ms 1 cancelled"]);
    assert_eq!(why(handle).await.0, "cancelled");
}

#[tokio::test(start_paused = true)]
async fn cancelled_before_its_first_poll_it_does_nothing() {
    let (jobs, door) = with_door(auto(&["occupied"])).await;
    door.open(1);
    let handle = occupied::spawn();
    handle.cancel();
    assert_eq!(why(handle).await.0, "cancelled");
    jobs.advance("0s").await;
    assert_paired(&jobs.events());
    // The permit of the door is still there for another.
    occupied::spawn().await.expect("it ends well");
    assert_eq!(counts(&jobs, "occupied"), (2, 2, 0, 0, 0));
}

#[job(max_attempts = 5, backoff = "10s")]
async fn fails_always() -> Result<(), &'static str> {
    Err("always")
}

#[tokio::test(start_paused = true)]
async fn cancelled_while_it_waits_for_a_retry_it_ends_at_once() {
    let jobs = auto(&["fails_always"]).await;
    let handle = fails_always::spawn();
    jobs.advance("15s").await;
    assert_eq!(handle.status(), JobState::Retryable);
    handle.cancel();
    assert_eq!((handle.status(), jobs.running()), (JobState::Cancelled, vec![]));
    assert_eq!(why(handle).await.0, "cancelled");
    jobs.advance("10m").await;
    assert_eq!(jobs.runs("fails_always").len(), 2);
    assert_eq!(fails_always::status().await.expect("it is there").last_outcome, Some(Outcome::Cancelled));
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn cancelling_twice_or_after_the_end_does_nothing_more() {
    let jobs = auto(&["listens", "nothing"]).await;
    let handle = listens::spawn();
    jobs.advance("1s").await;
    handle.cancel();
    handle.cancel();
    jobs.advance("1s").await;
    handle.cancel();
    let ended = nothing::spawn();
    jobs.advance("0s").await;
    ended.cancel();
    assert_eq!(ended.status(), JobState::Completed);
    ended.await.expect("it ended well before");
    assert_eq!(story(&jobs, "listens"), ["0ms 1 started", "1030ms 1 cancelled"]);
    let scheduled = nothing::spawn_after("1m");
    scheduled.cancel();
    scheduled.cancel();
    assert_eq!((counts(&jobs, "listens"), counts(&jobs, "nothing")), ((1, 1, 0, 0, 0), (2, 1, 1, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn cancelled_after_the_shutdown_nothing_happens() {
    let jobs = auto(&["nothing"]).await;
    let handle = nothing::spawn_after("1m");
    jobs.shutdown().await.expect("nothing runs");
    handle.cancel();
    assert_eq!(why(handle).await.0, "interrupted");
    assert_eq!(chronicle(&jobs).len(), 2);
}

#[job(timeout = "1s", job_shutdown = "5s", max_attempts = 3, backoff = "1s")]
async fn overstays(cx: &Context) {
    cx.cancelled().await;
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_in_the_grace_of_its_timeout_it_is_not_tried_again() {
    let jobs = auto(&["overstays"]).await;
    let handle = overstays::spawn();
    jobs.advance("2s").await;
    handle.cancel();
    jobs.advance("1m").await;
    assert_eq!(story(&jobs, "overstays"), ["0ms 1 started", "6000ms 1 timed_out"]);
    assert_eq!(handle.status(), JobState::Discarded);
    assert_eq!(why(handle).await.0, "timed out");
}
