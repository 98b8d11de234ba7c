//! How often a job in a queue is tried, and what it asks for itself.

use job_runtime::testing::Harness;
use job_runtime::{Context, JobState, Outcome, StoreConfig, job};

use crate::stage::{auto, counts, starts, story};
use crate::{Given, row};

#[job(queue = "work", max_attempts = 3, backoff = "10s")]
async fn fails(times: u32, cx: &Context) -> Result<u32, String> {
    if cx.attempt() > times { Ok(times) } else { Err(format!("attempt {}", cx.attempt())) }
}

#[job(queue = "work", max_attempts = 3, backoff = "1s..1m")]
async fn fails_at_random() -> Result<(), String> {
    Err("always".to_owned())
}

#[job(queue = "work", max_attempts = 2, backoff = "1m")]
async fn panics() {
    panic!("it was bound to");
}

#[job(queue = "work", max_attempts = 2, backoff = "1m", timeout = "5s")]
async fn takes_too_long() {
    std::future::pending::<()>().await;
}

#[job(queue = "work")]
async fn fails_once() -> Result<(), String> {
    Err("no more".to_owned())
}

#[job(queue = "work", max_attempts = 2)]
async fn asks(what: String, cx: &Context, given: &Given) -> Result<(), String> {
    given.note(format!("{what} {}", cx.attempt()));
    match what.as_str() {
        "snooze" if given.all().len() < 3 => cx.snooze("1h"),
        "retry after" if cx.attempt() == 1 => {
            cx.retry_after("30s");
            return Err("later".to_owned());
        }
        "cancel" => cx.cancel("nobody is there"),
        _ => {}
    }
    Ok(())
}

async fn with(name: &str) -> (Harness, Given) {
    let given = Given::default();
    (auto(&[name]).data(given.clone()).await, given)
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_tried_again_after_its_backoff() {
    let (jobs, _given) = with("fails").await;
    let put = fails::enqueue(2).await.expect("it is taken");
    jobs.advance("5s").await;
    let waiting = row(&jobs, put.id).await;
    assert_eq!((waiting.state, waiting.attempt, waiting.max_attempts), (JobState::Retryable, 1, 3));
    assert_eq!(waiting.error.as_deref(), Some("attempt 1"));
    jobs.advance("1m").await;
    let told = [
        "0ms 1 started",
        "0ms 1 failed",
        "0ms 1 retrying 2 in 10s",
        "10000ms 1 started attempt 2",
        "10000ms 1 failed",
        "10000ms 1 retrying 3 in 10s",
        "20000ms 1 started attempt 3",
        "20000ms 1 completed",
    ];
    assert_eq!(story(&jobs, "fails"), told);
    let over = row(&jobs, put.id).await;
    assert_eq!((over.state, over.attempt, over.error), (JobState::Completed, 3, None));
    let outcomes: Vec<_> = over.attempts.iter().map(|attempt| (attempt.attempt, attempt.outcome)).collect();
    assert_eq!(outcomes, [(1, Some(Outcome::Failed)), (2, Some(Outcome::Failed)), (3, Some(Outcome::Completed))]);
    assert_eq!(counts(&jobs, "fails"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn after_the_last_attempt_it_is_discarded() {
    let (jobs, _given) = with("fails").await;
    let put = fails::enqueue(9).await.expect("it is taken");
    jobs.advance("1h").await;
    assert_eq!(starts(&jobs, "fails"), [0, 10_000, 20_000]);
    let over = row(&jobs, put.id).await;
    assert_eq!((over.state, over.error.as_deref()), (JobState::Discarded, Some("attempt 3")));
}

#[tokio::test(start_paused = true)]
async fn without_max_attempts_there_is_one() {
    let (jobs, _given) = with("fails_once").await;
    let put = fails_once::enqueue().await.expect("it is taken");
    jobs.advance("1h").await;
    assert_eq!((starts(&jobs, "fails_once"), row(&jobs, put.id).await.state), (vec![0], JobState::Discarded));
}

#[tokio::test(start_paused = true)]
async fn a_growing_backoff_stays_under_its_ceiling() {
    let (jobs, _given) = with("fails_at_random").await;
    fails_at_random::enqueue().await.expect("it is taken");
    jobs.advance("1h").await;
    let [first, second, third] = starts(&jobs, "fails_at_random")[..] else { panic!("three attempts") };
    assert!(second - first <= 1000 && third - second <= 2000, "{first} {second} {third}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_and_a_timeout_are_failures_like_any_other() {
    let (jobs, _given) = with("panics").await;
    let put = panics::enqueue().await.expect("it is taken");
    jobs.advance("1h").await;
    assert_eq!(starts(&jobs, "panics"), [0, 60_000]);
    let over = row(&jobs, put.id).await;
    assert!(over.state == JobState::Discarded && over.error.is_some_and(|error| error.contains("it was bound to")));

    let (jobs, _given) = with("takes_too_long").await;
    let put = takes_too_long::enqueue().await.expect("it is taken");
    jobs.advance("1h").await;
    assert_eq!(starts(&jobs, "takes_too_long"), [0, 65_000]);
    let outcomes: Vec<_> = row(&jobs, put.id).await.attempts.iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, [Some(Outcome::TimedOut); 2]);
}

#[tokio::test(start_paused = true)]
async fn a_job_snoozes_without_using_up_an_attempt() {
    let (jobs, given) = with("asks").await;
    let put = asks::enqueue("snooze".to_owned()).await.expect("it is taken");
    jobs.advance("3h").await;
    assert_eq!((given.all(), starts(&jobs, "asks")), (vec!["snooze 1".to_owned(); 3], vec![0, 3_600_000, 7_200_000]));
    assert_eq!((row(&jobs, put.id).await.state, counts(&jobs, "asks")), (JobState::Completed, (1, 1, 0, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn a_job_says_when_it_is_tried_again_and_that_it_is_no_more() {
    let (jobs, given) = with("asks").await;
    asks::enqueue("retry after".to_owned()).await.expect("it is taken");
    jobs.advance("30s").await;
    assert_eq!(
        (given.all(), starts(&jobs, "asks")),
        (vec!["retry after 1".into(), "retry after 2".into()], vec![0, 30_000])
    );
    let put = asks::enqueue("cancel".to_owned()).await.expect("it is taken");
    jobs.advance("1h").await;
    let over = row(&jobs, put.id).await;
    assert_eq!((over.state, over.error.as_deref(), over.attempt), (JobState::Cancelled, Some("nobody is there"), 1));
}

#[tokio::test(start_paused = true)]
async fn one_that_a_shutdown_interrupts_waits_for_the_next_process_and_has_used_up_no_attempt() {
    let store = StoreConfig::memory();
    let jobs = auto(&["takes_too_long"]).store(store.clone()).await;
    let put = takes_too_long::enqueue().await.expect("it is taken");
    jobs.advance("1s").await;
    assert_eq!(row(&jobs, put.id).await.state, JobState::Running);
    jobs.shutdown().await.expect_err("it does not hear that it is to stop");
    assert_eq!(jobs.runs("takes_too_long")[0].outcome, Some(Outcome::Interrupted));
    let next = auto(&["takes_too_long"]).store(store).await;
    let waiting = row(&next, put.id).await;
    assert_eq!((waiting.state, waiting.attempt, waiting.deaths), (JobState::Available, 0, 0));
    next.advance("1s").await;
    assert_eq!((next.runs("takes_too_long")[0].attempt, next.runs("takes_too_long")[0].id), (1, put.id));
}
