//! Shutdown: what runs is asked to stop, and what waits for whatever it may be never starts.

use std::time::Duration;

use job_runtime::{Context, EventKind, JobState, MissReason, job, service};

use crate::stage::{Door, assert_paired, at, auto, books, chronicle, counts, story, with_door};
use crate::why;

#[job(max_running = 1, job_shutdown = "10s")]
async fn serves(_number: u32, cx: &Context) -> Result<&'static str, String> {
    cx.cancelled().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok("served")
}

#[job(max_attempts = 3, backoff = "1m")]
async fn retries(_number: u32) -> Result<(), &'static str> {
    Err("not yet")
}

#[tokio::test(start_paused = true)]
async fn what_runs_may_end_well_and_what_waits_is_missed() {
    let jobs = auto(&["serves"]).await;
    let running = serves::spawn(1);
    let (waiting, scheduled) = (serves::spawn(2), serves::spawn_after("1h", 3));
    let timed = serves::spawn_at(at(7_200_000), 4);
    jobs.advance("1s").await;
    jobs.shutdown().await.expect("it ends within its grace");
    assert_eq!(running.await.expect("it returned Ok"), "served");
    for handle in [waiting, scheduled, timed] {
        assert_eq!(handle.status(), JobState::Cancelled);
        assert_eq!(why(handle).await.0, "interrupted");
    }
    assert_eq!(
        (counts(&jobs, "serves"), books(&jobs, "serves").missed_for(MissReason::Shutdown)),
        ((4, 1, 0, 3, 0), 3)
    );
    let told = story(&jobs, "serves");
    assert_eq!(
        (&*told[0], told[1..4].iter().filter(|line| line.starts_with("1000ms missed shutdown 1")).count()),
        ("0ms 1 started", 3)
    );
    assert_eq!(told[4], "3000ms 1 completed");
    assert_eq!(chronicle(&jobs), ["1000ms shutdown started", "3000ms shutdown finished, abandoned []"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_missed_is_told_with_its_nominal_time() {
    let jobs = auto(&["serves"]).await;
    serves::spawn_after("1h", 1);
    serves::spawn_at(at(7_200_000), 2);
    jobs.shutdown().await.expect("nothing runs");
    let mut missed: Vec<_> = jobs
        .events()
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::Missed { reason: MissReason::Shutdown, count: 1, from, to } if from == to => Some(from),
            _ => None,
        })
        .collect();
    missed.sort();
    assert_eq!(missed, [at(3_600_000), at(7_200_000)]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_next_attempt_is_interrupted_at_once() {
    let jobs = auto(&["retries"]).await;
    let handle = retries::spawn(1);
    jobs.advance("1s").await;
    assert_eq!(handle.status(), JobState::Retryable);
    jobs.shutdown().await.expect("nothing runs");
    assert_eq!((jobs.now(), handle.status()), (at(1000), JobState::Cancelled));
    assert_eq!(why(handle).await.0, "interrupted");
    assert_eq!(counts(&jobs, "retries"), (1, 1, 0, 0, 0));
    assert_paired(&jobs.events());
}

#[job(job_shutdown = "10s")]
async fn ends_when_asked(well: bool, cx: &Context) -> Result<(), &'static str> {
    cx.cancelled().await;
    if well { Ok(()) } else { Err("stopped in the middle") }
}

#[tokio::test(start_paused = true)]
async fn asked_to_stop_ok_is_completed_and_an_error_is_interrupted() {
    let jobs = auto(&["ends_when_asked"]).await;
    let (well, ill) = (ends_when_asked::spawn(true), ends_when_asked::spawn(false));
    jobs.advance("1s").await;
    jobs.shutdown().await.expect("both end at once");
    well.await.expect("it ended well");
    assert_eq!(why(ill).await.0, "interrupted");
    assert_eq!(story(&jobs, "ends_when_asked")[2..], ["1000ms 1 completed", "1000ms 2 interrupted"]);
}

#[job(job_shutdown = "10s", max_attempts = 5, backoff = "1s")]
async fn fails_when_asked(cx: &Context) -> Result<(), &'static str> {
    cx.cancelled().await;
    cx.retry_after("1s");
    Err("stopped in the middle")
}

#[tokio::test(start_paused = true)]
async fn what_was_interrupted_is_not_tried_again() {
    let jobs = auto(&["fails_when_asked"]).await;
    let handle = fails_when_asked::spawn();
    jobs.advance("1s").await;
    jobs.shutdown().await.expect("it ends at once");
    assert_eq!(why(handle).await.0, "interrupted");
    assert_eq!((jobs.runs("fails_when_asked").len(), jobs.now()), (1, at(1000)));
}

#[job(job_shutdown = "3s")]
async fn deaf(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_hear_may_still_end_within_its_grace_and_is_dropped_then() {
    let (jobs, door) = with_door(auto(&["deaf"])).await;
    let handles: Vec<_> = (0..3).map(|_| deaf::spawn()).collect();
    jobs.advance("1s").await;
    door.open(1);
    let error = jobs.shutdown().await.expect_err("two are dropped");
    assert!(error.is_abandoned() && error.to_string().contains("`deaf` (2 runs)"), "{error}");
    assert_eq!(jobs.now(), at(4000));
    let states: Vec<JobState> = handles.iter().map(job_runtime::JobHandle::status).collect();
    assert_eq!(states, [JobState::Completed, JobState::Cancelled, JobState::Cancelled]);
    for handle in handles.into_iter().skip(1) {
        assert_eq!(why(handle).await.0, "interrupted");
    }
    assert_eq!(counts(&jobs, "deaf"), (3, 3, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_shutdown_timeout_bounds_them_all() {
    let builder = auto(&["deaf"]).configure("deaf", |job| job.job_shutdown("infinity"));
    let (jobs, _door) = with_door(builder.shutdown_timeout("20s")).await;
    deaf::spawn();
    jobs.advance("1s").await;
    jobs.shutdown().await.expect_err("it is dropped");
    assert_eq!(jobs.now(), at(21_000));
    assert_eq!(story(&jobs, "deaf"), ["0ms 1 started", "21000ms 1 interrupted"]);
}

#[tokio::test(start_paused = true)]
async fn a_job_killed_brutally_has_no_grace() {
    let builder = auto(&["deaf"]).configure("deaf", |job| job.job_shutdown("brutal_kill"));
    let (jobs, _door) = with_door(builder).await;
    deaf::spawn();
    jobs.advance("1s").await;
    jobs.shutdown().await.expect_err("it is dropped");
    assert_eq!(jobs.now(), at(1000));
}

#[job(job_shutdown = "5s")]
async fn keeps_count(count: &mut u32, cx: &Context) {
    *count += 1;
    cx.cancelled().await;
}

#[tokio::test(start_paused = true)]
async fn of_a_serial_job_the_message_that_is_on_ends_and_the_others_are_missed() {
    let jobs = auto(&["keeps_count"]).await;
    let handles: Vec<_> = (0..3).map(|_| keeps_count::spawn()).collect();
    jobs.advance("1s").await;
    jobs.shutdown().await.expect("it ends when asked");
    let states: Vec<JobState> = handles.iter().map(job_runtime::JobHandle::status).collect();
    assert_eq!(states, [JobState::Completed, JobState::Cancelled, JobState::Cancelled]);
    assert_eq!(counts(&jobs, "keeps_count"), (3, 1, 0, 2, 0));
    assert_eq!(keeps_count::peek(|count| *count).await.expect("it can still be read"), Some(1));
}

#[job(job_shutdown = "infinity")]
async fn is_stubborn(_number: u32, _cx: &Context) {
    std::future::pending().await
}

#[service(job_shutdown = "infinity")]
async fn keeps_on(_number: u32, _cx: &Context) {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn a_thousand_stubborn_runs_are_named_when_the_deadline_is_there() {
    let jobs =
        job_runtime::testing::start().only(["is_stubborn", "keeps_on"]).auto().at(at(0)).shutdown_timeout("5s").await;
    let handles: Vec<_> = (0..600).map(is_stubborn::spawn).collect();
    for number in 0..400 {
        keeps_on::start(number).expect("it is not started yet");
    }
    jobs.advance("1s").await;
    assert_eq!(jobs.running().len(), 1_000);
    let error = jobs.shutdown().await.expect_err("none of them heeds it");
    assert!(error.is_abandoned());
    let named = "shut down without waiting for `is_stubborn` (600 runs), `keeps_on` (400 runs)";
    assert_eq!((error.to_string().as_str(), jobs.now()), (named, at(6_000)));
    for handle in handles {
        assert_eq!(why(handle).await.0, "interrupted");
    }
    assert_paired(&jobs.events());
}
