//! C13: the runtime is shut down while calendar jobs rest, run, or wait.

use job_runtime::testing::{Harness, start};
use job_runtime::{Context, MissReason, Outcome, periodic};

use crate::scene::{assert_balanced, chronicle, instant, story};
use crate::stage::{assert_paired, begin, books, counts};

#[periodic(cron = "0 * * * *")]
async fn short() {}

#[periodic(cron = "0 * * * *", tz = "Europe/Berlin")]
async fn obedient(cx: &Context) {
    cx.cancelled().await;
}

#[periodic(cron = "0 * * * *", job_shutdown = "10s")]
async fn deaf(_cx: &Context) {
    std::future::pending().await
}

#[periodic(cron = "0 * * * *", on_overlap = "queue", job_shutdown = "10s")]
async fn queueing(_cx: &Context) {
    std::future::pending().await
}

#[periodic(cron = "0 * * * *", on_missed = "all", job_shutdown = "10s")]
async fn chained(_cx: &Context) {
    std::future::pending().await
}

#[periodic(cron = "0 * * * *", jitter = "59m")]
async fn jittery() {}

#[periodic(cron = "0 * * * *", when = never_answers)]
async fn guarded() {}

async fn never_answers() -> bool {
    std::future::pending().await
}

async fn from_ten_to_nine(names: &[&str]) -> Harness {
    start().only(names.iter().copied()).auto().at("2026-01-01T08:50:00Z").await
}

/// Nothing comes due any more, however long the harness is kept and whatever its wall clock shows.
async fn assert_over(jobs: &Harness, names: &[&str]) {
    let before: Vec<_> = names.iter().map(|job| counts(jobs, job)).collect();
    let told = jobs.events().len();
    jobs.advance("25h").await;
    jobs.suspend("25h").await;
    jobs.advance("1h").await;
    let after: Vec<_> = names.iter().map(|job| counts(jobs, job)).collect();
    assert_eq!((before, told), (after, jobs.events().len()));
    assert_paired(&jobs.events());
    assert_balanced(jobs);
}

#[tokio::test(start_paused = true)]
async fn c13_while_all_are_idle() {
    let names = ["short", "obedient", "deaf", "queueing"];
    let jobs = from_ten_to_nine(&names).await;
    jobs.advance("5m").await;
    jobs.shutdown().await.expect("nothing runs");
    assert_eq!(jobs.now(), instant("2026-01-01T08:55:00Z"));
    assert_eq!(chronicle(&jobs), ["shutdown started", "shutdown finished, abandoned []"]);
    assert!(names.iter().all(|job| counts(&jobs, job) == (0, 0, 0, 0, 0)));
    assert_over(&jobs, &names).await;
}

#[tokio::test(start_paused = true)]
async fn c13_while_they_run() {
    let jobs = from_ten_to_nine(&["short", "obedient"]).await;
    jobs.advance("10m").await;
    jobs.shutdown().await.expect("it ends when it is asked to");
    assert_eq!(jobs.now(), instant("2026-01-01T09:00:00Z"));
    assert_eq!(jobs.runs("obedient")[0].outcome, Some(Outcome::Completed));
    for job in ["short", "obedient"] {
        assert_eq!(counts(&jobs, job), (1, 1, 0, 0, 0));
    }
    assert_over(&jobs, &["short", "obedient"]).await;
}

#[tokio::test(start_paused = true)]
async fn c13_while_one_does_not_listen() {
    let jobs = from_ten_to_nine(&["short", "deaf"]).await;
    jobs.advance("10m").await;
    let error = jobs.shutdown().await.expect_err("a run is dropped");
    assert!(error.is_abandoned() && error.to_string().contains("`deaf`"), "{error}");
    assert_eq!(jobs.now(), instant("2026-01-01T09:00:10Z"));
    assert_eq!(story(&jobs, "deaf"), ["runs 09:00:00", "interrupted"]);
    assert_eq!(counts(&jobs, "deaf"), (1, 1, 0, 0, 0));
    assert_over(&jobs, &["short", "deaf"]).await;
}

/// A tick comes due in the grace of a run, and none is taken.
#[tokio::test(start_paused = true)]
async fn c13_no_tick_in_the_grace() {
    let jobs = from_ten_to_nine(&["short", "deaf"]).await;
    jobs.advance("69m55s").await;
    jobs.shutdown().await.expect_err("a run is dropped");
    assert_eq!(jobs.now(), instant("2026-01-01T10:00:05Z"));
    assert_eq!(counts(&jobs, "short"), (1, 1, 0, 0, 0));
    assert_eq!(counts(&jobs, "deaf"), (1, 1, 0, 0, 0));
    assert_over(&jobs, &["short", "deaf"]).await;
}

#[tokio::test(start_paused = true)]
async fn c13_while_a_tick_is_queued() {
    let jobs = from_ten_to_nine(&["queueing"]).await;
    jobs.advance("75m").await;
    assert_eq!(counts(&jobs, "queueing"), (2, 1, 0, 0, 1));
    begin(jobs.shutdown()).await;
    assert_eq!(counts(&jobs, "queueing"), (2, 1, 0, 1, 0));
    jobs.shutdown().await.expect_err("a run is dropped");
    let told = ["runs 09:00:00", "missed shutdown 1: 10:00:00 to 10:00:00", "interrupted"];
    assert_eq!(story(&jobs, "queueing"), told);
    assert_eq!(books(&jobs, "queueing").missed_for(MissReason::Shutdown), 1);
    assert_over(&jobs, &["queueing"]).await;
}

#[tokio::test(start_paused = true)]
async fn c13_in_the_middle_of_a_catch_up() {
    let jobs = from_ten_to_nine(&["chained"]).await;
    jobs.suspend("4h").await;
    jobs.advance("30s").await;
    assert_eq!(counts(&jobs, "chained"), (4, 1, 0, 0, 3));
    jobs.shutdown().await.expect_err("a run is dropped");
    let told = ["runs 09:00:00", "missed shutdown 3: 10:00:00 to 12:00:00", "interrupted"];
    assert_eq!(story(&jobs, "chained"), told);
    assert_eq!(counts(&jobs, "chained"), (4, 1, 0, 3, 0));
    assert_over(&jobs, &["chained"]).await;
}

#[tokio::test(start_paused = true)]
async fn c13_while_ticks_wait_for_their_jitter_and_their_guard() {
    let jobs = from_ten_to_nine(&["jittery", "guarded"]).await;
    jobs.advance("10m").await;
    for job in ["jittery", "guarded"] {
        assert_eq!(counts(&jobs, job), (1, 0, 0, 0, 1), "{job}");
    }
    jobs.shutdown().await.expect("nothing runs");
    for job in ["jittery", "guarded"] {
        assert_eq!(story(&jobs, job), ["missed shutdown 1: 09:00:00 to 09:00:00"]);
        assert_eq!(counts(&jobs, job), (1, 0, 0, 1, 0), "{job}");
    }
    assert_over(&jobs, &["jittery", "guarded"]).await;
}

/// The machine slept, and the runtime ends before the engine has seen it: what came due meanwhile is not told of.
#[tokio::test(start_paused = true)]
async fn c13_just_after_a_sleep() {
    let jobs = from_ten_to_nine(&["short"]).await;
    jobs.suspend("4h").await;
    jobs.shutdown().await.expect("nothing runs");
    let books = books(&jobs, "short");
    assert_eq!((books.ran, books.pending, books.due), (0, 0, books.missed));
    assert_over(&jobs, &["short"]).await;
}
