//! What a job says about its own next attempt, also where an error comes out with `?` afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use job_runtime::{Context, JobState, Outcome, job};

use crate::stage::{assert_paired, auto, counts, starts, story};
use crate::why;

/// What a job says in its first call.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Cancel,
    Snooze,
    RetryAfter,
    SnoozeAndThenCancel,
    CancelAndThenRetryAfter,
    SnoozeAndPanic,
}

fn say(cx: &Context, wish: Wish) {
    match wish {
        Wish::Cancel => cx.cancel("the account is gone"),
        Wish::Snooze => cx.snooze("7s"),
        Wish::RetryAfter => cx.retry_after("3s"),
        Wish::SnoozeAndThenCancel => {
            cx.snooze("7s");
            cx.cancel("the account is gone");
        }
        Wish::CancelAndThenRetryAfter => {
            cx.cancel("the account is gone");
            cx.retry_after("3s");
        }
        Wish::SnoozeAndPanic => {
            cx.snooze("7s");
            panic!("after all");
        }
    }
}

fn fails() -> Result<u32, std::num::ParseIntError> {
    "no number".parse()
}

/// Calls so far.
type Calls = Arc<AtomicU32>;

fn is_first(calls: &Calls) -> bool {
    calls.fetch_add(1, Ordering::Relaxed) == 0
}

#[job(max_attempts = 3, backoff = "1m")]
async fn with_anyhow(wish: Wish, calls: Calls, cx: &Context) -> anyhow::Result<u32> {
    use anyhow::Context as _;
    if is_first(&calls) {
        say(cx, wish);
        fails().context("reading the answer")?;
    }
    Ok(cx.attempt())
}

#[job(max_attempts = 3, backoff = "1m")]
async fn with_eyre(wish: Wish, calls: Calls, cx: &Context) -> eyre::Result<u32> {
    use eyre::WrapErr;
    if is_first(&calls) {
        say(cx, wish);
        fails().wrap_err("reading the answer")?;
    }
    Ok(cx.attempt())
}

#[job(max_attempts = 3, backoff = "1m")]
async fn with_its_own(wish: Wish, calls: Calls, cx: &Context) -> Result<u32, std::num::ParseIntError> {
    if is_first(&calls) {
        say(cx, wish);
        fails()?;
    }
    Ok(cx.attempt())
}

const ALL: [&str; 3] = ["with_anyhow", "with_eyre", "with_its_own"];

/// The three jobs with the same wish; the attempt that went well, or why none did.
async fn all_wish(wish: Wish) -> [Result<u32, (&'static str, String)>; 3] {
    let told = |error: &dyn std::fmt::Display, reason| (reason, error.to_string());
    [
        with_anyhow::spawn(wish, Calls::default()).await.map_err(|error| told(&error, crate::reason(&error))),
        with_eyre::spawn(wish, Calls::default()).await.map_err(|error| told(&error, crate::reason(&error))),
        with_its_own::spawn(wish, Calls::default()).await.map_err(|error| told(&error, crate::reason(&error))),
    ]
}

#[tokio::test(start_paused = true)]
async fn cancel_ends_the_run_though_an_error_comes_out() {
    let jobs = auto(&ALL).await;
    for ended in all_wish(Wish::Cancel).await {
        let (reason, text) = ended.expect_err("it was cancelled");
        assert_eq!(reason, "cancelled");
        assert!(text.contains("the account is gone"), "{text}");
    }
    assert!(jobs.settle("1h").await);
    for job in ALL {
        let runs = jobs.runs(job);
        assert_eq!((runs.len(), runs[0].outcome), (1, Some(Outcome::Cancelled)));
        assert_eq!(runs[0].error.as_deref(), Some("the account is gone"));
        assert_eq!(counts(&jobs, job), (1, 1, 0, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn snooze_runs_again_later_and_uses_up_no_attempt_though_an_error_comes_out() {
    let jobs = auto(&ALL).await;
    for (job, ended) in ALL.iter().zip(all_wish(Wish::Snooze).await) {
        assert_eq!(ended.expect("it ends well"), 1, "{job}");
    }
    assert_eq!(
        story(&jobs, "with_anyhow"),
        ["0ms 1 started", "0ms 1 failed", "0ms 1 retrying 1 in 7s", "7000ms 1 started", "7000ms 1 completed"]
    );
    assert_eq!(starts(&jobs, "with_its_own"), [14_000, 21_000]);
    let error = jobs.runs("with_anyhow")[0].error.clone().expect("it is told");
    assert!(error.starts_with("reading the answer: invalid digit"), "{error}");
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn retry_after_goes_before_the_backoff_though_an_error_comes_out() {
    let jobs = auto(&ALL).await;
    for (job, ended) in ALL.iter().zip(all_wish(Wish::RetryAfter).await) {
        assert_eq!(ended.expect("it ends well"), 2, "{job}");
    }
    assert_eq!(starts(&jobs, "with_anyhow"), [0, 3000]);
    assert_eq!(starts(&jobs, "with_eyre"), [3000, 6000]);
}

#[tokio::test(start_paused = true)]
async fn what_was_said_last_holds() {
    let jobs = auto(&ALL).await;
    for ended in all_wish(Wish::SnoozeAndThenCancel).await {
        assert_eq!(ended.expect_err("it was cancelled").0, "cancelled");
    }
    for ended in all_wish(Wish::CancelAndThenRetryAfter).await {
        assert_eq!(ended.expect("it ends well"), 2);
    }
    assert_eq!(counts(&jobs, "with_eyre"), (2, 2, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_was_said_before_a_panic_has_no_effect() {
    let jobs = auto(&ALL).await;
    for ended in all_wish(Wish::SnoozeAndPanic).await {
        assert_eq!(ended.expect("it ends well"), 2);
    }
    assert_eq!(starts(&jobs, "with_anyhow"), [0, 60_000]);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_anyhow_comes_out_of_the_handle_with_its_causes() {
    let _jobs = auto(&["chained"]).await;
    let error = chained::spawn().await.expect_err("it fails");
    assert_eq!(error.to_string(), "the job failed: reading the answer");
    let error = error.into_error().expect("it failed");
    assert!(error.downcast_ref::<std::num::ParseIntError>().is_some(), "{error:?}");
    assert_eq!(error.chain().count(), 2);
}

#[job]
async fn chained() -> anyhow::Result<u32> {
    use anyhow::Context as _;
    fails().context("reading the answer")
}

// ---- with a single attempt

#[job]
async fn polls(calls: Calls, cx: &Context) -> Result<u32, String> {
    let calls = calls.fetch_add(1, Ordering::Relaxed) + 1;
    if calls < 50 {
        cx.snooze("1m");
        return Err("not there yet".to_owned());
    }
    Ok(cx.attempt())
}

#[tokio::test(start_paused = true)]
async fn a_job_with_a_single_attempt_can_snooze_as_often_as_it_likes() {
    let jobs = auto(&["polls"]).await;
    let handle = polls::spawn(Calls::default());
    jobs.advance("30s").await;
    assert_eq!(handle.status(), JobState::Retryable);
    assert_eq!(handle.await.expect("it ends well"), 1);
    assert_eq!(starts(&jobs, "polls"), (0..50).map(|minute| minute * 60_000).collect::<Vec<_>>());
    assert_eq!(counts(&jobs, "polls"), (1, 1, 0, 0, 0));
}

#[job]
async fn wants_another(calls: Calls, well: bool, cx: &Context) -> Result<u32, String> {
    calls.fetch_add(1, Ordering::Relaxed);
    cx.retry_after("1s");
    if well { Ok(cx.attempt()) } else { Err("as told".to_owned()) }
}

#[tokio::test(start_paused = true)]
async fn retry_after_the_last_attempt_leaves_what_was_returned() {
    let jobs = auto(&["wants_another"]).await;
    let calls = Calls::default();
    assert_eq!(wants_another::spawn(Arc::clone(&calls), true).await.expect("it ends well"), 1);
    assert_eq!(
        why(wants_another::spawn(Arc::clone(&calls), false)).await,
        ("failed", "the job failed: as told".to_owned())
    );
    assert!(jobs.settle("1h").await);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[job]
async fn snoozes_for_a_text_that_is_no_duration(cx: &Context) {
    cx.snooze("a while");
}

#[tokio::test(start_paused = true)]
async fn a_text_that_is_no_duration_panics_at_its_place() {
    let _jobs = auto(&["snoozes_for_a_text_that_is_no_duration"]).await;
    let (reason, text) = why(snoozes_for_a_text_that_is_no_duration::spawn()).await;
    let line = include_str!("directives.rs").lines().position(|line| line.contains("cx.snooze(\"a while\")"));
    let place = format!("{}:{}", file!(), line.expect("it is there") + 1);
    assert_eq!(reason, "panicked");
    assert!(text.contains("`a while`") && text.contains(&place), "{text}");
}

#[job]
async fn snoozes_for_no_time(calls: Calls, cx: &Context) {
    if is_first(&calls) {
        cx.snooze("0s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_snooze_of_no_time_runs_again_at_once() {
    let jobs = auto(&["snoozes_for_no_time"]).await;
    snoozes_for_no_time::spawn(Calls::default()).await.expect("it ends well");
    assert_eq!(starts(&jobs, "snoozes_for_no_time"), [0, 0]);
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn cancel_of_the_handle_ends_a_snoozed_run() {
    let jobs = auto(&["polls"]).await;
    let handle = polls::spawn(Calls::default());
    jobs.advance("90s").await;
    handle.cancel();
    assert_eq!((handle.status(), jobs.running()), (JobState::Cancelled, vec![]));
    assert_eq!(why(handle).await.0, "cancelled");
}
