//! A plain function as a job: on a thread of its own, stopped only by asking.

mod stage;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use job_runtime::testing::TickError;
use job_runtime::{Context, EventKind, Events, Outcome, periodic};
use stage::{at, auto, begin, counts, manual, nominals, starts, story};

/// Waits until that many attempts are told to have ended: their threads tell it after their handles know.
async fn ended(events: &mut Events, mut count: usize) {
    while count > 0 {
        let event = events.recv().await.expect("the runtime is there");
        count -= usize::from(matches!(event.kind, EventKind::Finished { .. }));
    }
}

#[periodic(every = "1m")]
fn named(name: &std::sync::Mutex<String>) {
    let thread = std::thread::current().name().unwrap_or_default().to_owned();
    *name.lock().expect("nobody panics with it") = thread;
}

#[tokio::test(start_paused = true)]
async fn it_runs_on_a_thread_named_after_the_job() {
    let name = Arc::new(std::sync::Mutex::new(String::new()));
    let jobs = manual(&["named"]).data_arc(Arc::clone(&name)).await;
    assert_eq!(jobs.tick("named").await, Ok(Outcome::Completed));
    assert_eq!(*name.lock().expect("nobody panics with it"), "named");
    assert_eq!(story(&jobs, "named"), ["0ms 1 started", "0ms 1 completed"]);
}

#[periodic(every = "1m")]
fn fails() -> Result<(), &'static str> {
    Err("some reason")
}

#[periodic(every = "1m", max_attempts = 2, backoff = "1s")]
fn panics(cx: &Context) {
    assert!(cx.attempt() > 1, "not yet");
}

#[tokio::test(start_paused = true)]
async fn its_outcome_is_told_like_any_other() {
    let jobs = auto(&["fails", "panics"]).await;
    let mut events = jobs.runtime().events();
    jobs.advance("90s").await;
    ended(&mut events, 3).await;
    let failed = &jobs.runs("fails")[0];
    assert_eq!((failed.outcome, failed.error.as_deref()), (Some(Outcome::Failed), Some("some reason")));
    let outcomes: Vec<Option<Outcome>> = jobs.runs("panics").iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, [Some(Outcome::Panicked), Some(Outcome::Completed)]);
    let error = jobs.runs("panics")[0].error.clone().expect("it is told");
    assert!(error.contains("not yet") && error.contains(file!()), "{error}");
    assert_eq!(starts(&jobs, "panics"), [60_000, 61_000]);
}

#[periodic(every = "1m")]
fn keeps_state(lines: &mut Vec<u32>, step: &u32) -> Result<u32, String> {
    let next = lines.last().copied().unwrap_or_default() + *step;
    lines.push(next);
    Ok(next)
}

#[tokio::test(start_paused = true)]
async fn it_has_state_and_an_output() {
    let jobs = manual(&["keeps_state"]).data(3_u32).await;
    assert_eq!(jobs.tick("keeps_state").await, Ok(Outcome::Completed));
    let handle = keeps_state::trigger().await.expect("it is accepted");
    assert_eq!(handle.await.expect("it ends well"), 6);
    assert_eq!(keeps_state::peek(Clone::clone).await.expect("it is this runtime's"), Some(vec![3, 6]));
    assert_eq!(counts(&jobs, "keeps_state"), (2, 2, 0, 0, 0));
}

/// Tells the test that it is on, and goes on until it is asked to stop.
#[derive(Clone)]
struct On(mpsc::Sender<()>);

#[periodic(every = "1h", timeout = "5s", job_shutdown = "1s", on_overlap = "stop_previous")]
fn obedient(cx: &Context, on: &On) {
    on.0.send(()).expect("the test listens");
    while !cx.is_cancelled() {
        std::thread::yield_now();
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_asks_it_and_it_is_timed_out() {
    let (sender, on) = mpsc::channel();
    let jobs = manual(&["obedient"]).data(On(sender)).await;
    let mut events = jobs.runtime().events();
    let handle = obedient::trigger().await.expect("it is accepted");
    on.recv().expect("it is on");
    jobs.stall("5s").await;
    assert!(handle.await.expect_err("it took too long").is_timed_out());
    ended(&mut events, 1).await;
    assert_eq!(story(&jobs, "obedient"), ["0ms 1 started", "5000ms 1 timed_out"]);
    assert_eq!(counts(&jobs, "obedient"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn stop_previous_asks_it_and_waits_for_its_end() {
    let (sender, on) = mpsc::channel();
    let jobs = manual(&["obedient"]).data(On(sender)).await;
    let mut events = jobs.runtime().events();
    let first = obedient::trigger().await.expect("it is accepted");
    on.recv().expect("it is on");
    let second = obedient::trigger().await.expect("it is accepted");
    assert!(first.await.expect_err("it was replaced").is_cancelled());
    on.recv().expect("the second is on");
    second.cancel();
    assert!(second.await.expect_err("it was cancelled").is_cancelled());
    ended(&mut events, 2).await;
    let told = ["0ms 1 started", "0ms 1 cancelled", "0ms 2 stopped previous 1", "0ms 2 started", "0ms 2 cancelled"];
    assert_eq!(story(&jobs, "obedient"), told);
}

#[tokio::test(start_paused = true)]
async fn shutdown_asks_it_and_waits_for_its_end() {
    let (sender, on) = mpsc::channel();
    let jobs = manual(&["obedient"]).data(On(sender)).await;
    let mut events = jobs.runtime().events();
    let _handle = obedient::trigger().await.expect("it is accepted");
    on.recv().expect("it is on");
    jobs.shutdown().await.expect("it ends when asked");
    ended(&mut events, 1).await;
    assert_eq!(story(&jobs, "obedient"), ["0ms 1 started", "0ms 1 completed"]);
}

/// Does not listen, and goes on until the test lets it end.
struct Latch(AtomicBool);

#[periodic(every = "1m", timeout = "5s", job_shutdown = "1s", on_overlap = "stop_previous")]
fn stubborn(on: &On, latch: &Latch) {
    on.0.send(()).expect("the test listens");
    while !latch.0.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_tick_waits_for_it_even_over_its_timeout() {
    let (sender, on) = mpsc::channel();
    let latch = Arc::new(Latch(AtomicBool::new(false)));
    let jobs = manual(&["stubborn"]).data(On(sender)).data_arc(Arc::clone(&latch)).await;
    let first = stubborn::trigger().await.expect("it is accepted");
    on.recv().expect("it is on");
    let second = stubborn::trigger().await.expect("it is accepted");
    assert_eq!(counts(&jobs, "stubborn"), (2, 1, 0, 0, 1));
    assert_eq!(jobs.running(), [first.id()]);
    latch.0.store(true, Ordering::Release);
    assert!(first.await.expect_err("it was replaced").is_cancelled());
    second.await.expect("it ends well");
    assert_eq!(counts(&jobs, "stubborn"), (2, 2, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_end_is_named_as_stuck() {
    let (sender, on) = mpsc::channel();
    let latch = Arc::new(Latch(AtomicBool::new(false)));
    let jobs = manual(&["stubborn"]).data(On(sender)).data_arc(Arc::clone(&latch)).await;
    let handle = stubborn::trigger().await.expect("it is accepted");
    on.recv().expect("it is on");
    begin(jobs.shutdown()).await;
    jobs.stall("1s").await;
    let error = jobs.shutdown().await.expect_err("it is stuck");
    assert!(error.is_abandoned() && error.to_string().contains("`stubborn`"), "{error}");
    assert!(handle.await.expect_err("it is stuck").is_interrupted());
    assert_eq!(jobs.now(), at(1000));
    latch.0.store(true, Ordering::Release);
}

#[tokio::test(start_paused = true)]
async fn it_holds_the_clock_still_while_it_runs() {
    let (sender, _on) = mpsc::channel();
    let latch = Arc::new(Latch(AtomicBool::new(true)));
    let jobs = auto(&["stubborn"]).data(On(sender)).data_arc(Arc::clone(&latch)).await;
    let mut events = jobs.runtime().events();
    jobs.advance("10m").await;
    ended(&mut events, 10).await;
    let minutes: Vec<u128> = (1..=10).map(|minute| minute * 60_000).collect();
    assert_eq!(nominals(&jobs, "stubborn"), minutes);
    let ended_at_once = |run: &job_runtime::testing::Run| run.finished_at == Some(run.started_at);
    assert!(jobs.runs("stubborn").iter().all(ended_at_once), "{:?}", jobs.runs("stubborn"));
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "the plain fn of job `obedient`")]
async fn one_that_waits_for_the_clock_is_named() {
    let (sender, _on) = mpsc::channel();
    let jobs = manual(&["obedient"]).data(On(sender)).await;
    assert_eq!(jobs.tick("obedient").await, Err(TickError::TimedOut));
}

#[periodic(every = "1m")]
fn works_for_a_while() {
    std::thread::sleep(Duration::from_millis(30));
}

#[tokio::test(start_paused = true)]
async fn one_after_another_they_hold_the_clock_for_as_long_as_they_like() {
    let jobs = auto(&["works_for_a_while"]).await;
    // Seven seconds of work, which is longer than any single one is waited for.
    jobs.advance("233m").await;
    assert!(jobs.settle("1s").await);
    assert_eq!(jobs.runs("works_for_a_while").len(), 233);
}
