//! Attempts that follow a failed one, and what a job says about its own next one.

mod stage;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use job_runtime::{Context, Event, EventKind, Outcome, periodic};
use stage::{assert_paired, auto, books, counts, manual, starts, story};

#[periodic(every = "1h", max_attempts = 4, backoff = "10s")]
async fn constant() -> Result<(), &'static str> {
    Err("always")
}

#[tokio::test(start_paused = true)]
async fn m16_a_constant_backoff_is_exact() {
    let jobs = manual(&["constant"]).await;
    assert_eq!(jobs.tick("constant").await, Ok(Outcome::Failed));
    assert!(jobs.settle("1m").await);
    assert_eq!(starts(&jobs, "constant"), [0, 10_000, 20_000, 30_000]);
    assert_eq!(counts(&jobs, "constant"), (1, 1, 0, 0, 0));
    assert_paired(&jobs.events());
}

#[periodic(every = "1h", max_attempts = 8, backoff = "1s..20s")]
async fn growing() -> Result<(), &'static str> {
    Err("always")
}

#[tokio::test(start_paused = true)]
async fn m16_a_growing_backoff_is_random_under_its_ceiling() {
    let jobs = auto(&["growing"]).await;
    jobs.advance("100h30m").await;
    let ceilings = [1, 2, 4, 8, 16, 20, 20];
    let delays: Vec<(u32, Duration)> = jobs.events().iter().filter_map(retrying).collect();
    assert_eq!(delays.len(), 100 * ceilings.len());
    for (attempt, delay) in &delays {
        let ceiling = Duration::from_secs(ceilings[usize::try_from(*attempt).expect("it is small") - 2]);
        assert!(*delay <= ceiling, "{delay:?} before attempt {attempt}");
    }
    // Uniform up to 20 s: of a hundred, some are in each half.
    let last = delays.iter().filter(|(attempt, _)| *attempt == 8);
    let early = last.filter(|(_, delay)| *delay < Duration::from_secs(10)).count();
    assert!((20..80).contains(&early), "{early}");
}

fn retrying(event: &Event) -> Option<(u32, Duration)> {
    if let EventKind::Retrying { attempt, delay } = event.kind { Some((attempt, delay)) } else { None }
}

#[periodic(every = "1h", max_attempts = 2, backoff = "5s", timeout = "10s")]
async fn endless() {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_the_whole_timeout() {
    let jobs = auto(&["endless"]).await;
    jobs.advance("2h").await;
    let told = [
        "3600000ms 1 started",
        "3610000ms 1 timed_out",
        "3610000ms 1 retrying 2 in 5s",
        "3615000ms 1 started attempt 2",
        "3625000ms 1 timed_out",
    ];
    assert_eq!(story(&jobs, "endless")[..5], told);
}

#[periodic(every = "1h", max_attempts = 2, backoff = "5s")]
async fn panics_once(cx: &Context) {
    assert!(cx.attempt() > 1, "not yet");
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_tried_again() {
    let jobs = auto(&["panics_once"]).await;
    jobs.advance("61m").await;
    let outcomes: Vec<Option<Outcome>> = jobs.runs("panics_once").iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, [Some(Outcome::Panicked), Some(Outcome::Completed)]);
    assert_eq!(starts(&jobs, "panics_once"), [3_600_000, 3_605_000]);
    assert_eq!(jobs.runtime().job("panics_once").expect("it is there").last_outcome, Some(Outcome::Completed));
}

/// What the jobs below do when they return.
#[derive(Clone, Copy)]
enum Wish {
    Cancel,
    Snooze,
    RetryAfter,
}

#[periodic(every = "1h", max_attempts = 2, backoff = "1m")]
async fn wishes(cx: &Context, wish: &Wish, calls: &AtomicU32) -> Result<(), &'static str> {
    if calls.fetch_add(1, Ordering::Relaxed) > 0 && !matches!(wish, Wish::RetryAfter) {
        return Ok(());
    }
    match wish {
        Wish::Cancel => cx.cancel("the account is gone"),
        Wish::Snooze => cx.snooze("7s"),
        Wish::RetryAfter => cx.retry_after("3s"),
    }
    Err("not yet")
}

#[periodic(every = "1h", max_attempts = 2)]
async fn wishes_and_succeeds(cx: &Context, wish: &Wish) {
    match wish {
        Wish::Cancel => cx.cancel("the account is gone"),
        Wish::Snooze if cx.now() < stage::at(20_000) => cx.snooze("7s"),
        Wish::Snooze => {}
        Wish::RetryAfter => cx.retry_after("3s"),
    }
}

#[tokio::test(start_paused = true)]
async fn cancel_ends_the_run_without_a_further_attempt() {
    let jobs = manual(&["wishes", "wishes_and_succeeds"]).data(Wish::Cancel).data(AtomicU32::new(0)).await;
    for job in ["wishes", "wishes_and_succeeds"] {
        assert_eq!(jobs.tick(job).await, Ok(Outcome::Cancelled));
        assert!(jobs.settle("1h").await);
        let runs = jobs.runs(job);
        assert_eq!((runs.len(), runs[0].error.as_deref()), (1, Some("the account is gone")), "{job}");
        assert_eq!(counts(&jobs, job), (1, 1, 0, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn snooze_runs_again_later_without_using_up_an_attempt() {
    let jobs = manual(&["wishes", "wishes_and_succeeds"]).data(Wish::Snooze).data(AtomicU32::new(0)).await;
    assert_eq!(jobs.tick("wishes").await, Ok(Outcome::Completed));
    let told = ["0ms 1 started", "0ms 1 failed", "0ms 1 retrying 1 in 7s", "7000ms 1 started", "7000ms 1 completed"];
    assert_eq!(story(&jobs, "wishes"), told);
    assert_eq!(jobs.tick("wishes_and_succeeds").await, Ok(Outcome::Completed));
    assert_eq!(starts(&jobs, "wishes_and_succeeds"), [7000, 14_000, 21_000]);
    assert!(jobs.runs("wishes_and_succeeds").iter().all(|run| run.attempt == 1));
    assert_eq!(counts(&jobs, "wishes"), (1, 1, 0, 0, 0));
    assert_eq!(counts(&jobs, "wishes_and_succeeds"), (1, 1, 0, 0, 0));
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn retry_after_goes_before_the_backoff_while_attempts_are_left() {
    let jobs = manual(&["wishes", "wishes_and_succeeds"]).data(Wish::RetryAfter).data(AtomicU32::new(0)).await;
    assert_eq!(jobs.tick("wishes").await, Ok(Outcome::Failed));
    assert_eq!(starts(&jobs, "wishes"), [0, 3000]);
    assert_eq!(jobs.tick("wishes_and_succeeds").await, Ok(Outcome::Completed));
    assert_eq!(starts(&jobs, "wishes_and_succeeds"), [3000, 6000]);
    assert!(jobs.settle("1h").await);
    assert_eq!((jobs.runs("wishes").len(), jobs.runs("wishes_and_succeeds").len()), (2, 2));
    assert_eq!(books(&jobs, "wishes").ran, 1);
}

/// Which runs of `shaky` fail.
struct Bad(&'static [u64]);

#[periodic(every = "1m", pause_after = 3, max_attempts = 2, backoff = "1s")]
async fn shaky(cx: &Context, bad: &Bad) -> Result<(), &'static str> {
    let run: u64 = cx.id().to_string().parse().expect("it is a number");
    if bad.0.contains(&run) { Err("no connection") } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn pause_after_pauses_after_that_many_failures_in_a_row() {
    let jobs = auto(&["shaky"]).data(Bad(&[1, 2, 4, 5, 6])).await;
    jobs.advance("5m30s").await;
    assert_eq!(shaky::status().await.expect("it is there").paused, None);
    jobs.advance("2m").await;
    let reason = shaky::status().await.expect("it is there").paused.expect("it is paused");
    assert!(reason.contains("3 failures") && reason.contains("no connection"), "{reason}");
    assert_eq!(counts(&jobs, "shaky"), (7, 6, 1, 0, 0));
    assert!(story(&jobs, "shaky").contains(&format!("361000ms paused: {reason}")), "{:?}", story(&jobs, "shaky"));
}

#[tokio::test(start_paused = true)]
async fn a_job_paused_after_failures_is_resumed_with_a_fresh_count() {
    let jobs = auto(&["shaky"]).data(Bad(&[1, 2, 3, 4, 5, 7])).await;
    jobs.advance("3m30s").await;
    assert!(shaky::status().await.expect("it is there").paused.is_some());
    shaky::resume().await.expect("it is there");
    jobs.advance("2m").await;
    assert_eq!(shaky::status().await.expect("it is there").paused, None);
    jobs.advance("2m").await;
    assert_eq!(shaky::status().await.expect("it is there").paused, None);
    assert_eq!(counts(&jobs, "shaky"), (7, 7, 0, 0, 0));
}

#[periodic(every = "1h", timeout = "10s")]
async fn asks_and_never_returns(cx: &Context, panics: &bool) {
    cx.snooze("1m");
    assert!(!*panics, "before it returned");
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn what_a_job_asks_for_has_no_effect_when_it_does_not_return() {
    for (panics, end) in [(false, "15000ms 1 timed_out"), (true, "0ms 1 panicked")] {
        let jobs = manual(&["asks_and_never_returns"]).data(panics).await;
        let _handle = asks_and_never_returns::trigger().await.expect("it is started");
        jobs.advance("10m").await;
        assert_eq!(story(&jobs, "asks_and_never_returns"), ["0ms 1 started", end]);
    }
}

#[periodic(every = "1h", timeout = "1s", max_attempts = 3, backoff = "1s")]
async fn gives_up_when_it_is_over_its_time(cx: &Context) {
    cx.cancelled().await;
    cx.cancel("the server is slow today");
}

#[tokio::test(start_paused = true)]
async fn what_is_over_its_time_and_gives_up_is_not_tried_again() {
    let jobs = manual(&["gives_up_when_it_is_over_its_time"]).await;
    assert_eq!(jobs.tick("gives_up_when_it_is_over_its_time").await, Ok(Outcome::TimedOut));
    assert!(jobs.settle("1m").await);
    assert_eq!(starts(&jobs, "gives_up_when_it_is_over_its_time"), [0]);
}
