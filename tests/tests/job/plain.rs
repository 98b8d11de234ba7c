//! A plain function as a job on demand: on a thread of its own, stopped only by asking.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use job_runtime::testing::Harness;
use job_runtime::{Context, EventKind, Events, JobState, Runtime, job};

use crate::stage::{auto, counts, starts, story};
use crate::why;

/// Waits until that many attempts are told to have ended: their threads tell it after their handles know.
async fn ended(events: &mut Events, mut count: usize) {
    while count > 0 {
        let event = events.recv().await.expect("the runtime is there");
        count -= usize::from(matches!(event.kind, EventKind::Finished { .. }));
    }
}

/// The jobs, and what is told of them.
async fn heard(names: &[&str]) -> (Harness, Events) {
    let jobs = auto(names).await;
    let events = jobs.runtime().events();
    (jobs, events)
}

#[job(name = "a named thread")]
fn tells_its_thread(greeting: String) -> Result<String, String> {
    let thread = std::thread::current();
    Ok(format!("{greeting} from {}", thread.name().unwrap_or("no name")))
}

#[tokio::test(start_paused = true)]
async fn it_runs_on_a_thread_named_after_the_job() {
    let (jobs, mut events) = heard(&["a named thread"]).await;
    let output = tells_its_thread::spawn("hello".to_owned()).await.expect("it ends well");
    assert_eq!(output, "hello from a named thread");
    ended(&mut events, 1).await;
    assert_eq!(counts(&jobs, "a named thread"), (1, 1, 0, 0, 0));
}

#[job(max_attempts = 3, backoff = "1s")]
fn panics_then_fails(names: Vec<u32>, cx: &Context) -> Result<usize, String> {
    match cx.attempt() {
        1 => panic!("at first"),
        2 => Err("then".to_owned()),
        _ => Ok(names.len()),
    }
}

#[tokio::test(start_paused = true)]
async fn its_panics_and_errors_are_tried_again() {
    let (jobs, mut events) = heard(&["panics_then_fails"]).await;
    assert_eq!(panics_then_fails::spawn(vec![1, 2]).await.expect("the third attempt is good"), 2);
    ended(&mut events, 3).await;
    assert_eq!(starts(&jobs, "panics_then_fails"), [0, 1000, 2000]);
    assert!(story(&jobs, "panics_then_fails")[1].ends_with("panicked"));
}

/// Cannot be copied.
struct Once(#[expect(dead_code, reason = "held for its drop")] Arc<()>);

#[job]
fn takes_once(_once: Once, snoozes: bool, cx: &Context) {
    if snoozes {
        cx.snooze("1s");
    }
}

#[tokio::test(start_paused = true)]
async fn its_arguments_are_moved_into_it() {
    let (_jobs, mut events) = heard(&["takes_once"]).await;
    let alive = Arc::new(());
    takes_once::spawn(Once(Arc::clone(&alive)), false).await.expect("it ends well");
    let (reason, text) = why(takes_once::spawn(Once(Arc::clone(&alive)), true)).await;
    assert!(reason == "cancelled" && text.contains("not `Clone`"), "{text}");
    ended(&mut events, 2).await;
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[job]
fn adds_up(number: u32, sum: &mut u32) -> Result<u32, String> {
    *sum += number;
    Ok(*sum)
}

#[tokio::test(start_paused = true)]
async fn with_a_state_it_does_one_message_after_another() {
    let (jobs, mut events) = heard(&["adds_up"]).await;
    let handles: Vec<_> = (1..=20).map(adds_up::spawn).collect();
    let mut sum = 0;
    for (number, handle) in (1..=20).zip(handles) {
        sum += number;
        assert_eq!(handle.await.expect("it ends well"), sum);
    }
    ended(&mut events, 20).await;
    assert_eq!(adds_up::peek(|sum| *sum).await.expect("it is this runtime's"), Some(210));
    assert_eq!(counts(&jobs, "adds_up"), (20, 20, 0, 0, 0));
}

#[job(timeout = "5s", job_shutdown = "1s")]
fn works_until_it_is_asked(on: mpsc::Sender<()>, cx: &Context) -> Result<(), String> {
    on.send(()).map_err(|error| error.to_string())?;
    while !cx.is_cancelled() {
        std::thread::yield_now();
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn cancelled_it_is_asked_and_its_end_is_waited_for() {
    let (jobs, mut events) = heard(&["works_until_it_is_asked"]).await;
    let (sender, on) = mpsc::channel();
    let handle = works_until_it_is_asked::spawn(sender);
    on.recv().expect("it is on");
    assert_eq!(handle.status(), JobState::Running);
    handle.cancel();
    assert_eq!(why(handle).await.0, "cancelled");
    ended(&mut events, 1).await;
    assert_eq!(story(&jobs, "works_until_it_is_asked"), ["0ms 1 started", "0ms 1 cancelled"]);
}

#[tokio::test(start_paused = true)]
async fn over_its_time_it_is_asked_and_timed_out() {
    let (jobs, mut events) = heard(&["works_until_it_is_asked"]).await;
    let (sender, on) = mpsc::channel();
    let handle = works_until_it_is_asked::spawn(sender);
    on.recv().expect("it is on");
    jobs.stall("5s").await;
    assert_eq!(why(handle).await.0, "timed out");
    ended(&mut events, 1).await;
}

#[job(job_shutdown = "1s")]
fn never_looks_up(on: mpsc::Sender<()>, latch: Arc<AtomicBool>) -> Result<(), String> {
    on.send(()).map_err(|error| error.to_string())?;
    while !latch.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_end_is_named_as_stuck_and_its_handle_is_interrupted() {
    let jobs = auto(&["never_looks_up"]).await;
    let (sender, on) = mpsc::channel();
    let latch = Arc::new(AtomicBool::new(false));
    let handle = never_looks_up::spawn(sender, Arc::clone(&latch));
    on.recv().expect("it is on");
    crate::stage::begin(jobs.shutdown()).await;
    jobs.stall("1s").await;
    let error = jobs.shutdown().await.expect_err("it is stuck");
    assert!(error.is_abandoned() && error.to_string().contains("`never_looks_up`"), "{error}");
    assert_eq!(why(handle).await.0, "interrupted");
    latch.store(true, Ordering::Release);
}

#[job]
fn spawns_from_its_thread(number: u32) -> Result<u32, String> {
    let runtime = Runtime::current().map_err(|error| error.to_string())?;
    adds_up::spawn(number);
    u32::try_from(runtime.jobs().len()).map_err(|error| error.to_string())
}

#[tokio::test(start_paused = true)]
async fn it_spawns_in_its_own_runtime() {
    let (jobs, mut events) = heard(&["spawns_from_its_thread", "adds_up"]).await;
    assert_eq!(spawns_from_its_thread::spawn(3).await.expect("it ends well"), 2);
    ended(&mut events, 2).await;
    assert_eq!(counts(&jobs, "adds_up"), (1, 1, 0, 0, 0));
}
