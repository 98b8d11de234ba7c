//! How a run of a service ends, and what is there after it: the next run, the state, the books.

mod crew;
mod stage;

use std::sync::atomic::{AtomicU32, Ordering};

use crew::{Asked, Cues, End, Failure, end, on, services, told, told_since, with};
use job_runtime::{Context, MissReason, Outcome, Trigger, service};
use stage::{assert_paired, books, counts, ms, story};

services![keeper];

#[tokio::test(start_paused = true)]
async fn each_start_is_an_occasion_and_a_run_of_its_own() {
    let (jobs, cues) = on(&["keeper"]).await;
    assert_eq!(counts(&jobs, "keeper"), (1, 1, 0, 0, 0));
    end(&jobs, &cues, "keeper", End::Err).await;
    assert_eq!(counts(&jobs, "keeper"), (2, 1, 0, 0, 1));
    jobs.advance("10s").await;
    assert_eq!(counts(&jobs, "keeper"), (2, 2, 0, 0, 0));
    end(&jobs, &cues, "keeper", End::Panic).await;
    jobs.advance("10s").await;
    let told = [
        "0ms 1 started",
        "0ms 1 failed",
        "0ms restarts in 500ms",
        "500ms 2 started",
        "10000ms 2 panicked",
        "10000ms restarts in 500ms",
        "10500ms 3 started",
    ];
    assert_eq!(story(&jobs, "keeper"), told);
    let runs = jobs.runs("keeper");
    let starts: Vec<_> = runs.iter().map(|run| (run.trigger, run.attempt, ms(run.scheduled_at))).collect();
    assert_eq!(starts, [(Trigger::Schedule, 1, 0), (Trigger::Restart, 1, 500), (Trigger::Restart, 1, 10_500)]);
    jobs.shutdown().await.expect("it ends when it is asked");
    assert_paired(&jobs.events());
}

// ---- shutdown

/// How a run of the keeper is called that does this when it is asked at the shutdown, and how that ends.
async fn at_shutdown(asked: Asked) -> (Outcome, Option<String>) {
    let (jobs, cues) = on(&["keeper"]).await;
    cues.when_asked("keeper", asked);
    let result = jobs.shutdown().await.map_err(|error| error.to_string());
    let runs = jobs.runs("keeper");
    assert_eq!(runs.len(), 1, "nothing is restarted in a shutdown");
    assert_paired(&jobs.events());
    (runs[0].outcome.expect("it has ended"), result.err())
}

#[tokio::test(start_paused = true)]
async fn asked_at_shutdown_it_is_called_by_how_it_returns() {
    assert_eq!(at_shutdown(Asked::Ok).await, (Outcome::Completed, None));
    assert_eq!(at_shutdown(Asked::After(4_999)).await, (Outcome::Completed, None));
    assert_eq!(at_shutdown(Asked::Err).await, (Outcome::Interrupted, None));
    assert_eq!(at_shutdown(Asked::Panic).await, (Outcome::Panicked, None));
    let abandoned = "shut down without waiting for `keeper`".to_owned();
    assert_eq!(at_shutdown(Asked::Deaf).await, (Outcome::Interrupted, Some(abandoned)));
}

#[tokio::test(start_paused = true)]
async fn a_restart_that_is_waited_for_at_shutdown_is_missed() {
    let (jobs, cues) = on(&["keeper"]).await;
    end(&jobs, &cues, "keeper", End::Err).await;
    jobs.advance("100ms").await;
    jobs.shutdown().await.expect("nothing is on");
    assert_eq!(counts(&jobs, "keeper"), (2, 1, 0, 1, 0));
    assert_eq!(books(&jobs, "keeper").missed_for(MissReason::Shutdown), 1);
    let last = story(&jobs, "keeper").pop().expect("it was told");
    assert_eq!(last, "100ms missed shutdown 1: 500..500ms");
    jobs.advance("1m").await;
    assert_eq!(jobs.runs("keeper").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_fails_while_the_others_shut_down_is_not_restarted_and_gives_nothing_up() {
    let (jobs, cues) = with(&["keeper"], |jobs| jobs.configure("keeper", |job| job.max_restarts(0))).await;
    cues.when_asked("keeper", Asked::Err);
    jobs.shutdown().await.expect("an interrupted run is no failure");
    let told = told(&jobs);
    assert!(told.iter().all(|line| !line.contains("gave up") && !line.contains("restarts")), "{told:#?}");
}

// ---- state

#[derive(Default)]
struct Seen(u32);

#[service(backoff = "1s", max_restarts = 100)]
async fn counts_its_runs(seen: &mut Seen, cx: &Context, cues: &Cues) -> Result<(), Failure> {
    seen.0 += 1;
    cues.play(cx).await
}

#[tokio::test(start_paused = true)]
async fn state_is_kept_over_a_return_and_rebuilt_after_a_panic() {
    let (jobs, cues) = on(&["counts_its_runs"]).await;
    let seen = || counts_its_runs::peek(|seen| seen.0);
    for (how, left) in [(End::Err, Some(1)), (End::Ok, Some(2)), (End::Cancel, Some(3)), (End::Panic, None)] {
        end(&jobs, &cues, "counts_its_runs", how).await;
        assert_eq!(seen().await.expect("it is this runtime's"), left, "{how:?}");
        jobs.advance("1s").await;
    }
    end(&jobs, &cues, "counts_its_runs", End::Err).await;
    assert_eq!(seen().await.expect("it is this runtime's"), Some(1), "it began anew");
}

#[tokio::test(start_paused = true)]
async fn state_is_rebuilt_after_a_run_that_was_dropped() {
    let (jobs, cues) = on(&["counts_its_runs"]).await;
    cues.when_asked("counts_its_runs", Asked::Deaf);
    counts_its_runs::pause("for now").await.expect("it is there");
    jobs.advance("5s").await;
    assert_eq!(jobs.runs("counts_its_runs")[0].outcome, Some(Outcome::Cancelled));
    assert_eq!(counts_its_runs::peek(|seen| seen.0).await.expect("it is this runtime's"), None);
    counts_its_runs::resume().await.expect("it is there");
    end(&jobs, &cues, "counts_its_runs", End::Err).await;
    assert_eq!(counts_its_runs::peek(|seen| seen.0).await.expect("it is this runtime's"), Some(1));
}

// ---- plain functions

#[service(restart = "transient", backoff = "1s")]
fn on_its_thread(runs: &AtomicU32) -> Result<String, Failure> {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    match runs.fetch_add(1, Ordering::Relaxed) {
        0 => Err(Failure(name)),
        1 => panic!("{name}"),
        _ => Ok(name),
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_function_has_a_thread_and_is_restarted_like_any_other() {
    let (jobs, _cues) = with(&["on_its_thread"], |jobs| jobs.data(AtomicU32::new(0))).await;
    jobs.advance("1m").await;
    let runs = jobs.runs("on_its_thread");
    let ends: Vec<_> = runs.iter().map(|run| (ms(run.started_at), run.outcome.expect("it has ended"))).collect();
    assert_eq!(ends, [(0, Outcome::Failed), (1_000, Outcome::Panicked), (2_000, Outcome::Completed)]);
    assert_eq!(runs[0].error.as_deref(), Some("on_its_thread failed"), "{runs:?}");
}

/// Waits for its end on a thread that it keeps.
#[service]
fn polls(cx: &Context) {
    while !cx.is_cancelled() {
        std::thread::yield_now();
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_function_is_asked_and_ends_in_its_grace() {
    let jobs = stage::auto(&["polls"]).await;
    jobs.shutdown().await.expect("it ends when it is asked");
    assert_eq!(jobs.runs("polls")[0].outcome, Some(Outcome::Completed));
}

// ---- what a run can say itself

#[service(restart = "transient")]
async fn snoozes(cx: &Context, runs: &AtomicU32) {
    if runs.fetch_add(1, Ordering::Relaxed) == 0 {
        cx.snooze("10s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_snoozes_goes_on_later_as_the_same_run() {
    let (jobs, _cues) = with(&["snoozes"], |jobs| jobs.data(AtomicU32::new(0))).await;
    jobs.advance("1m").await;
    let told =
        ["0ms 1 started", "0ms 1 completed", "0ms 1 retrying 1 in 10s", "10000ms 1 started", "10000ms 1 completed"];
    assert_eq!(story(&jobs, "snoozes"), told);
    assert_eq!(counts(&jobs, "snoozes"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn why_a_run_cancelled_itself_is_told() {
    let (jobs, cues) = with(&["keeper"], |jobs| jobs.configure("keeper", |job| job.restart("transient"))).await;
    let before = jobs.events().len();
    end(&jobs, &cues, "keeper", End::Cancel).await;
    assert_eq!(told_since(&jobs, before), ["0ms keeper cancelled"]);
    assert_eq!(jobs.runs("keeper")[0].error.as_deref(), Some("had enough"));
}
