//! A tick that comes due while a run is on: `on_overlap` and `max_running`.

mod stage;

use std::time::Duration;

use job_runtime::{Context, Outcome, SkipReason, periodic};
use stage::{Door, assert_paired, auto, books, counts, nominals, starts, story, with_door};

#[periodic(every = "100ms", max_running = 2)]
async fn bounded(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn max_running_bounds_the_runs_that_are_on() {
    let (jobs, door) = with_door(auto(&["bounded"])).await;
    jobs.advance("400ms").await;
    let told =
        ["100ms 1 started", "200ms 2 started", "300ms 3 skipped max_running by 2", "400ms 4 skipped max_running by 2"];
    assert_eq!(story(&jobs, "bounded"), told);
    door.open(1);
    jobs.advance("100ms").await;
    assert_eq!(starts(&jobs, "bounded"), [100, 200, 500]);
    assert_eq!(books(&jobs, "bounded").skipped_for(SkipReason::MaxRunning), 2);
}

#[periodic(every = "100ms", on_overlap = "queue")]
async fn queueing(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn m11_queue_keeps_the_first_tick_with_its_nominal_time() {
    let (jobs, door) = with_door(auto(&["queueing"])).await;
    jobs.advance("450ms").await;
    assert_eq!(counts(&jobs, "queueing"), (4, 1, 2, 0, 1));
    door.let_through(1, &jobs).await;
    let told = [
        "100ms 1 started",
        "300ms 3 skipped already_pending by 1",
        "400ms 4 skipped already_pending by 1",
        "450ms 1 completed",
        "450ms 2 started",
    ];
    assert_eq!(story(&jobs, "queueing"), told);
    assert_eq!(nominals(&jobs, "queueing"), [100, 200]);
    assert_eq!(books(&jobs, "queueing").skipped_for(SkipReason::AlreadyPending), 2);
}

#[periodic(every = "100ms", on_overlap = "stop_previous")]
async fn cleans_up_for_250ms(cx: &Context) {
    cx.cancelled().await;
    tokio::time::sleep(Duration::from_millis(250)).await;
}

#[tokio::test(start_paused = true)]
async fn m12_the_newest_tick_replaces_the_one_that_waits_for_a_stopping_run() {
    let jobs = auto(&["cleans_up_for_250ms"]).await;
    jobs.advance("450ms").await;
    let told = [
        "100ms 1 started",
        "300ms 2 skipped superseded by 1",
        "400ms 3 skipped superseded by 1",
        "450ms 1 cancelled",
        "450ms 4 stopped previous 1",
        "450ms 4 started",
    ];
    assert_eq!(story(&jobs, "cleans_up_for_250ms"), told);
    assert_eq!(nominals(&jobs, "cleans_up_for_250ms"), [100, 400]);
    assert_eq!(counts(&jobs, "cleans_up_for_250ms"), (4, 2, 2, 0, 0));
}

#[periodic(every = "100ms", on_overlap = "stop_previous", job_shutdown = "30ms")]
async fn stubborn(cx: &Context) {
    cx.cancelled().await;
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn stop_previous_drops_a_stubborn_run_after_its_grace() {
    let jobs = auto(&["stubborn"]).await;
    jobs.advance("250ms").await;
    let told = ["100ms 1 started", "230ms 1 cancelled", "230ms 2 stopped previous 1", "230ms 2 started"];
    assert_eq!(story(&jobs, "stubborn"), told);
    assert_eq!(nominals(&jobs, "stubborn"), [100, 200]);
}

#[periodic(every = "100ms")]
async fn with_state(count: &mut u32, door: &Door) {
    *count += 1;
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_with_state_ignores_ticks_while_it_runs() {
    let jobs = auto(&["with_state"]).data(Door::new()).await;
    jobs.advance("300ms").await;
    assert_eq!(counts(&jobs, "with_state"), (3, 1, 2, 0, 0));
    assert_eq!(books(&jobs, "with_state").skipped_for(SkipReason::StillRunning), 2);
    let error = auto(&["with_state"]).data(Door::new()).configure("with_state", |job| job.on_overlap("run"));
    let error = error.try_start().await.expect_err("two runs cannot hold the state");
    assert!(error.is_configuration(), "{error}");
}

#[periodic(every = "100ms", when = slow_guard)]
async fn behind_a_slow_guard() {}

async fn slow_guard() -> bool {
    tokio::time::sleep(Duration::from_millis(250)).await;
    true
}

#[periodic(every = "100ms")]
async fn beside() {}

#[tokio::test(start_paused = true)]
async fn a_slow_guard_is_asked_in_order_and_delays_no_other_job() {
    let jobs = auto(&["behind_a_slow_guard", "beside"]).await;
    jobs.advance("400ms").await;
    assert_eq!(starts(&jobs, "beside"), [100, 200, 300, 400]);
    assert_eq!(counts(&jobs, "behind_a_slow_guard"), (4, 1, 0, 0, 3));
    jobs.advance("450ms").await;
    assert_eq!(nominals(&jobs, "behind_a_slow_guard"), [100, 200, 300]);
    assert_eq!(starts(&jobs, "behind_a_slow_guard"), [350, 600, 850]);
    jobs.shutdown().await.expect("nothing runs");
    assert_eq!(counts(&jobs, "behind_a_slow_guard"), (8, 3, 0, 5, 0));
}

#[tokio::test(start_paused = true)]
async fn a_job_removed_while_its_guard_is_asked_does_not_start() {
    let jobs = auto(&["behind_a_slow_guard"]).await;
    jobs.advance("150ms").await;
    assert_eq!(counts(&jobs, "behind_a_slow_guard"), (1, 0, 0, 0, 1));
    assert!(jobs.runtime().remove("behind_a_slow_guard"));
    jobs.advance("1s").await;
    assert!(jobs.runs("behind_a_slow_guard").is_empty());
    let told = story(&jobs, "behind_a_slow_guard");
    assert!(told.len() == 1 && told[0].ends_with("1 skipped cancelled"), "{told:?}");
}

#[periodic(every = "1m")]
async fn long(cx: &Context) {
    cx.cancelled().await;
}

#[tokio::test(start_paused = true)]
async fn a_removed_job_has_its_run_stopped() {
    let jobs = auto(&["long"]).await;
    jobs.advance("1m").await;
    assert!(jobs.runtime().remove("long"));
    assert!(!jobs.runtime().remove("long"));
    jobs.advance("2m").await;
    assert_eq!(jobs.runs("long").len(), 1);
    assert_eq!(jobs.runs("long")[0].outcome, Some(Outcome::Cancelled));
    assert!(jobs.runtime().job("long").is_none());
    assert_paired(&jobs.events());
}
