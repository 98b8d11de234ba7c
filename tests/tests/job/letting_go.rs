//! Handles that are dropped, and what is left of a run when it is over: nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use job_runtime::{Context, job};

use crate::stage::{auto, counts, story};

/// Counts its drops.
#[derive(Debug)]
struct Output(Arc<AtomicU32>);

impl Drop for Output {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[job]
async fn makes_output(drops: Arc<AtomicU32>) -> Result<Output, String> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(Output(drops))
}

fn drops() -> (Arc<AtomicU32>, impl Fn() -> u32) {
    let drops = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&drops);
    (drops, move || seen.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn a_handle_dropped_at_once_lets_the_run_go_on() {
    let jobs = auto(&["makes_output"]).await;
    let (drops, dropped) = drops();
    drop(makes_output::spawn(drops));
    jobs.advance("999ms").await;
    assert_eq!(dropped(), 0);
    jobs.advance("1ms").await;
    assert_eq!(
        (story(&jobs, "makes_output"), dropped()),
        (["0ms 1 started", "1000ms 1 completed"].map(str::to_owned).into(), 1)
    );
}

#[tokio::test(start_paused = true)]
async fn the_output_is_dropped_with_a_handle_that_nobody_awaited() {
    let jobs = auto(&["makes_output"]).await;
    let (drops, dropped) = drops();
    let handle = makes_output::spawn(drops);
    jobs.advance("1m").await;
    assert_eq!(dropped(), 0, "the handle keeps it");
    drop(handle);
    assert_eq!(dropped(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_output_is_dropped_by_the_one_who_awaited_it() {
    let _jobs = auto(&["makes_output"]).await;
    let (drops, dropped) = drops();
    let output = makes_output::spawn(drops).await.expect("it ends well");
    assert_eq!(dropped(), 0);
    drop(output);
    assert_eq!(dropped(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_output_of_a_handle_dropped_while_it_was_awaited_is_dropped() {
    let jobs = auto(&["makes_output"]).await;
    let (drops, dropped) = drops();
    let mut handle = makes_output::spawn(drops);
    assert!(tokio::time::timeout(Duration::from_millis(500), &mut handle).await.is_err());
    drop(handle);
    jobs.advance("1m").await;
    assert_eq!(dropped(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_output_of_a_cancelled_run_is_dropped() {
    let jobs = auto(&["gives_output_when_asked"]).await;
    let (drops, dropped) = drops();
    let handle = gives_output_when_asked::spawn(drops);
    jobs.advance("1s").await;
    handle.cancel();
    assert!(handle.await.expect_err("it was cancelled").is_cancelled());
    assert_eq!(dropped(), 1);
}

#[job]
async fn gives_output_when_asked(cx: &Context, drops: Arc<AtomicU32>) -> Result<Output, String> {
    cx.cancelled().await;
    Ok(Output(drops))
}

#[derive(Debug)]
struct Failure(#[expect(dead_code, reason = "held for its drop")] Output);

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it failed")
    }
}

impl std::error::Error for Failure {}

#[job(max_attempts = 3, backoff = "1s")]
async fn fails_with_output(drops: Arc<AtomicU32>) -> Result<(), Failure> {
    Err(Failure(Output(drops)))
}

#[tokio::test(start_paused = true)]
async fn the_error_of_each_attempt_is_dropped_and_the_last_is_given() {
    let jobs = auto(&["fails_with_output"]).await;
    let (drops, dropped) = drops();
    let handle = fails_with_output::spawn(drops);
    jobs.advance("0s").await;
    assert_eq!(dropped(), 1);
    jobs.advance("1m").await;
    assert_eq!(dropped(), 2);
    let error = handle.await.expect_err("it fails").into_error().expect("it failed");
    assert_eq!(dropped(), 2);
    drop(error);
    assert_eq!(dropped(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_thousand_jobs_whose_handles_are_dropped_leave_nothing_behind() {
    let jobs = auto(&["makes_output", "fails_with_output"]).await;
    let (drops, dropped) = drops();
    for number in 0..500 {
        let handle = makes_output::spawn(Arc::clone(&drops));
        let failing = fails_with_output::spawn(Arc::clone(&drops));
        // Some are let go before, some while they are on, some after their end.
        if number % 3 == 0 {
            jobs.advance("5ms").await;
        }
        if number % 50 == 0 {
            jobs.advance("2s").await;
        }
        drop((handle, failing));
    }
    jobs.advance("1m").await;
    assert_eq!((dropped(), Arc::strong_count(&drops)), (500 + 1500, 2), "besides `drops` and `dropped` nobody has it");
    assert_eq!(counts(&jobs, "makes_output"), (500, 500, 0, 0, 0));
    assert!(jobs.running().is_empty());
}
