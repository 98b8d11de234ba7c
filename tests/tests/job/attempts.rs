//! Attempts that follow a failed one: how many, after how long, each with its own time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use job_runtime::{Context, EventKind, JobState, Outcome, Trigger, job};

use crate::stage::{assert_paired, auto, counts, starts, story};
use crate::why;

#[job(max_attempts = 4, backoff = "10s")]
async fn backs_off_evenly(cx: &Context) -> Result<(), String> {
    Err(format!("attempt {}", cx.attempt()))
}

#[tokio::test(start_paused = true)]
async fn a_constant_backoff_is_exact_and_the_last_error_is_given() {
    let jobs = auto(&["backs_off_evenly"]).await;
    let (reason, text) = why(backs_off_evenly::spawn()).await;
    assert_eq!((reason, &*text), ("failed", "the job failed: attempt 4"));
    assert_eq!(starts(&jobs, "backs_off_evenly"), [0, 10_000, 20_000, 30_000]);
    let triggers: Vec<Trigger> = jobs.runs("backs_off_evenly").iter().map(|run| run.trigger).collect();
    assert_eq!(triggers, [Trigger::Spawn, Trigger::Retry, Trigger::Retry, Trigger::Retry]);
    assert_eq!(counts(&jobs, "backs_off_evenly"), (1, 1, 0, 0, 0));
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn each_attempt_keeps_the_identity_and_the_nominal_time() {
    let jobs = auto(&["backs_off_evenly"]).await;
    let handle = backs_off_evenly::spawn_after("5s");
    jobs.advance("1m").await;
    let runs = jobs.runs("backs_off_evenly");
    assert!(runs.iter().all(|run| run.id == handle.id() && run.scheduled_at == crate::stage::at(5000)), "{runs:#?}");
    assert_eq!(runs.iter().map(|run| run.attempt).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[job(max_attempts = 8, backoff = "1s..20s")]
async fn backs_off_more_and_more(_number: u32) -> Result<(), &'static str> {
    Err("always")
}

#[tokio::test(start_paused = true)]
async fn a_growing_backoff_has_full_jitter_under_its_ceiling() {
    let jobs = auto(&["backs_off_more_and_more"]).await;
    for number in 0..200 {
        backs_off_more_and_more::spawn(number);
    }
    jobs.advance("3m").await;
    for (attempt, ceiling) in (2..).zip([1, 2, 4, 8, 16, 20, 20].map(Duration::from_secs)) {
        let delays: Vec<Duration> = jobs
            .events()
            .iter()
            .filter_map(|event| match event.kind {
                EventKind::Retrying { attempt: to_come, delay } if to_come == attempt => Some(delay),
                _ => None,
            })
            .collect();
        assert_eq!(delays.len(), 200);
        assert!(delays.iter().all(|delay| *delay <= ceiling), "before attempt {attempt}: {delays:?}");
        // Uniform: in each quarter some, which fails by chance once in 10^20 runs.
        for quarter in 0..4 {
            let within = ceiling * quarter / 4..ceiling * (quarter + 1) / 4;
            assert!(delays.iter().any(|delay| within.contains(delay)), "none of attempt {attempt} in {within:?}");
        }
    }
    assert!(jobs.running().is_empty());
}

#[job(max_attempts = 3, backoff = "5s", timeout = "10s")]
async fn hangs() {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_the_whole_timeout() {
    let jobs = auto(&["hangs"]).await;
    assert_eq!(why(hangs::spawn()).await.0, "timed out");
    let told = [
        "0ms 1 started",
        "10000ms 1 timed_out",
        "10000ms 1 retrying 2 in 5s",
        "15000ms 1 started attempt 2",
        "25000ms 1 timed_out",
        "25000ms 1 retrying 3 in 5s",
        "30000ms 1 started attempt 3",
        "40000ms 1 timed_out",
    ];
    assert_eq!(story(&jobs, "hangs"), told);
}

#[job(max_attempts = 3, backoff = "5s")]
async fn panics_twice(cx: &Context) -> Result<u32, &'static str> {
    assert!(cx.attempt() > 2, "not yet");
    Ok(cx.attempt())
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_tried_again() {
    let jobs = auto(&["panics_twice"]).await;
    assert_eq!(panics_twice::spawn().await.expect("it ends well"), 3);
    let outcomes: Vec<_> = jobs.runs("panics_twice").iter().filter_map(|run| run.outcome).collect();
    assert_eq!(outcomes, [Outcome::Panicked, Outcome::Panicked, Outcome::Completed]);
}

#[job]
async fn fails_once(calls: Arc<AtomicU32>) -> Result<(), String> {
    calls.fetch_add(1, Ordering::Relaxed);
    Err("at once".to_owned())
}

#[tokio::test(start_paused = true)]
async fn there_is_one_attempt_unless_more_are_asked_for() {
    let jobs = auto(&["fails_once"]).await;
    let calls = Arc::new(AtomicU32::new(0));
    let handle = fails_once::spawn(Arc::clone(&calls));
    jobs.advance("24h").await;
    assert_eq!((calls.load(Ordering::Relaxed), handle.status()), (1, JobState::Discarded));
    assert_eq!(story(&jobs, "fails_once"), ["0ms 1 started", "0ms 1 failed"]);
}

#[job(max_attempts = 3, backoff = "1s")]
async fn gathers(names: Vec<String>, cx: &Context) -> Result<Vec<String>, String> {
    let mut names = names;
    names.push(cx.attempt().to_string());
    if cx.attempt() < 3 { Err("too few".to_owned()) } else { Ok(names) }
}

#[tokio::test(start_paused = true)]
async fn each_attempt_is_given_the_arguments_as_they_were_spawned() {
    let _jobs = auto(&["gathers"]).await;
    assert_eq!(gathers::spawn(vec!["a".to_owned()]).await.expect("it ends well"), ["a", "3"]);
}

#[tokio::test(start_paused = true)]
async fn the_status_between_two_attempts_is_retryable_and_counts_as_on() {
    let jobs = auto(&["backs_off_evenly"]).await;
    let handle = backs_off_evenly::spawn();
    jobs.advance("5s").await;
    assert_eq!((handle.status(), jobs.running()), (JobState::Retryable, vec![handle.id()]));
    let info = backs_off_evenly::status().await.expect("it is there");
    assert_eq!((info.running, info.last_outcome), (1, None));
    assert!(!jobs.settle("20s").await && jobs.settle("5s").await);
    let info = backs_off_evenly::status().await.expect("it is there");
    assert_eq!((info.running, info.last_outcome), (0, Some(Outcome::Failed)));
}
