//! The books: every occasion to run ends in exactly one place, whatever happens.

mod stage;

use std::time::Duration;

use job_runtime::testing::TickError;
use job_runtime::{Context, MissReason, Outcome, Periodic, Schedule, SkipReason, Trigger, periodic};
use stage::{Door, assert_paired, auto, begin, books, chronicle, counts, manual, nominals, story, with_door};

#[periodic(every = "1m", max_attempts = 3, backoff = "10s", on_overlap = "ignore")]
async fn fails_twice(cx: &Context) -> Result<(), String> {
    if cx.attempt() < 3 { Err(format!("attempt {}", cx.attempt())) } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn m8_each_attempt_is_a_pair_and_the_tick_counts_once() {
    let jobs = auto(&["fails_twice"]).await;
    jobs.advance("1m").await;
    assert_eq!(counts(&jobs, "fails_twice"), (1, 1, 0, 0, 0));
    assert_eq!(jobs.running().len(), 1);
    jobs.advance("20s").await;
    let told = [
        "60000ms 1 started",
        "60000ms 1 failed",
        "60000ms 1 retrying 2 in 10s",
        "70000ms 1 started attempt 2",
        "70000ms 1 failed",
        "70000ms 1 retrying 3 in 10s",
        "80000ms 1 started attempt 3",
        "80000ms 1 completed",
    ];
    assert_eq!(story(&jobs, "fails_twice"), told);
    assert_eq!(counts(&jobs, "fails_twice"), (1, 1, 0, 0, 0));
    let triggers: Vec<Trigger> = jobs.runs("fails_twice").iter().map(|run| run.trigger).collect();
    assert_eq!(triggers, [Trigger::Schedule, Trigger::Retry, Trigger::Retry]);
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn m8_a_run_that_waits_for_a_retry_counts_as_on() {
    let jobs = manual(&["fails_twice"]).await;
    assert_eq!(jobs.tick_within("fails_twice", "0ms").await, Err(TickError::TimedOut));
    let info = jobs.runtime().job("fails_twice").expect("it is there");
    assert_eq!((jobs.running().len(), info.running), (1, 1));
    assert_eq!(jobs.tick("fails_twice").await, Err(TickError::NotStarted(SkipReason::StillRunning)));
    assert!(jobs.settle("1m").await);
    let info = jobs.runtime().job("fails_twice").expect("it is there");
    assert_eq!((info.running, info.last_outcome), (0, Some(Outcome::Completed)));
    assert_eq!(counts(&jobs, "fails_twice"), (2, 1, 1, 0, 0));
}

#[periodic(every = "100ms", when = |cx| cx.scheduled_at() != stage::at(200))]
async fn guarded() {}

#[tokio::test(start_paused = true)]
async fn m9_due_counts_nominal_times_and_triggers() {
    let jobs = auto(&["guarded"]).await;
    jobs.advance("150ms").await;
    jobs.runtime().trigger("guarded").await.expect("it is there");
    jobs.runtime().pause("guarded", "lunch").await.expect("it is there");
    let handle = guarded::trigger().await.expect("it works while paused");
    handle.await.expect("it ran");
    jobs.advance("150ms").await;
    jobs.runtime().resume("guarded").await.expect("it is there");
    jobs.advance("100ms").await;
    let told = [
        "100ms 1 started",
        "100ms 1 completed",
        "150ms paused: lunch",
        "150ms 3 started",
        "150ms 3 completed",
        "200ms 4 skipped paused",
        "300ms 5 skipped paused",
        "300ms resumed",
        "400ms 6 started",
        "400ms 6 completed",
    ];
    let without_2: Vec<String> = story(&jobs, "guarded").into_iter().filter(|line| !line.contains(" 2 ")).collect();
    assert_eq!(without_2, told);
    let books = books(&jobs, "guarded");
    assert_eq!((books.due, books.ran, books.skipped_for(SkipReason::Paused)), (6, 4, 2));
}

#[tokio::test(start_paused = true)]
async fn m9_a_guard_that_says_no_is_skipped_guard() {
    let jobs = auto(&["guarded"]).await;
    jobs.advance("300ms").await;
    assert_eq!(nominals(&jobs, "guarded"), [100, 300]);
    assert_eq!(books(&jobs, "guarded").skipped_for(SkipReason::Guard), 1);
    jobs.guard("guarded", false);
    let refused = guarded::trigger().await.expect("it is accepted").await.expect_err("the guard says no");
    assert!(refused.is_refused(), "{refused}");
    assert_eq!(counts(&jobs, "guarded"), (4, 2, 2, 0, 0));
}

#[periodic(every = "100ms", enabled = false)]
async fn disabled() {}

#[tokio::test(start_paused = true)]
async fn a_disabled_job_starts_paused_and_counts_its_ticks() {
    let jobs = auto(&["disabled"]).await;
    jobs.advance("200ms").await;
    assert_eq!(books(&jobs, "disabled").skipped_for(SkipReason::Paused), 2);
    assert_eq!(disabled::status().await.expect("it is there").paused.as_deref(), Some("disabled"));
    disabled::resume().await.expect("it is there");
    jobs.advance("100ms").await;
    assert_eq!(counts(&jobs, "disabled"), (3, 1, 2, 0, 0));
}

#[periodic(every = "100ms")]
async fn held(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn m31_ticks_while_quiet_are_skipped_and_runs_go_on() {
    let (jobs, door) = with_door(auto(&["held"])).await;
    jobs.advance("100ms").await;
    jobs.runtime().quiet();
    jobs.advance("200ms").await;
    assert_eq!(jobs.running().len(), 1);
    assert_eq!(books(&jobs, "held").skipped_for(SkipReason::Paused), 2);
    door.let_through(1, &jobs).await;
    assert_eq!(jobs.runs("held")[0].outcome, Some(Outcome::Completed));
    assert_eq!(counts(&jobs, "held"), (3, 1, 2, 0, 0));
}

#[periodic(every = "100ms", on_overlap = "queue", job_shutdown = "10ms")]
async fn queueing(_cx: &Context) {
    std::future::pending().await
}

#[periodic(every = "100ms", jitter = "90ms", initial_delay = "150ms")]
async fn jittery() {}

#[periodic(every = "100ms", when = never_answers)]
async fn asking() {}

async fn never_answers() -> bool {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn shutdown_turns_what_waits_for_a_place_into_missed() {
    let jobs = auto(&["queueing"]).await;
    jobs.advance("250ms").await;
    assert_eq!(counts(&jobs, "queueing"), (2, 1, 0, 0, 1));
    begin(jobs.shutdown()).await;
    assert_eq!(counts(&jobs, "queueing"), (2, 1, 0, 1, 0));
    jobs.shutdown().await.expect_err("a run is dropped");
    assert_eq!(books(&jobs, "queueing").missed_for(MissReason::Shutdown), 1);
    let told = ["100ms 1 started", "250ms missed shutdown 1: 200..200ms", "260ms 1 interrupted"];
    assert_eq!(story(&jobs, "queueing"), told);
    let ended = ["250ms shutdown started", "260ms shutdown finished, abandoned [\"queueing\"]"];
    assert_eq!(chronicle(&jobs), ended);
    jobs.advance("1h").await;
    assert_eq!(counts(&jobs, "queueing"), (2, 1, 0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn shutdown_turns_what_asks_its_guard_into_missed() {
    let jobs = auto(&["asking"]).await;
    jobs.advance("250ms").await;
    assert_eq!(counts(&jobs, "asking"), (2, 0, 0, 0, 2));
    jobs.shutdown().await.expect("nothing runs");
    assert_eq!(jobs.now(), stage::at(250));
    assert_eq!(books(&jobs, "asking").missed_for(MissReason::Shutdown), 2);
    assert_eq!(counts(&jobs, "asking"), (2, 0, 0, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn the_books_balance_at_every_moment() {
    let names = ["queueing", "asking", "jittery", "guarded", "held", "fails_twice"];
    let (jobs, door) = with_door(auto(&names)).await;
    for step in 0..200_u32 {
        jobs.advance("7ms").await;
        if step % 40 == 39 {
            jobs.stall("333ms").await;
            door.open(3);
        }
        if step % 17 == 0 {
            jobs.runtime().trigger("jittery").await.expect("it is there");
        }
        for job in names {
            books(&jobs, job);
        }
    }
    jobs.shutdown().await.expect_err("a run is dropped");
    for job in names {
        assert_eq!(books(&jobs, job).pending, 0, "{job}");
    }
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn a_job_added_and_rescheduled_at_run_time_is_accounted_for() {
    let jobs = auto(&[]).await;
    let every = |period| Schedule::every(period).expect("it is a period");
    let work = |_| async { tokio::time::sleep(Duration::from_millis(1)).await };
    jobs.runtime().add(Periodic::new("added", every("100ms"), work)).expect("the name is free");
    jobs.advance("250ms").await;
    jobs.runtime().reschedule("added", every("1s")).expect("it is there");
    jobs.advance("1100ms").await;
    assert_eq!(nominals(&jobs, "added"), [100, 200, 1250]);
    assert_eq!(counts(&jobs, "added"), (3, 3, 0, 0, 0));
    let error = jobs.runtime().reschedule("aded", every("1s")).expect_err("there is no such job");
    assert!(error.is_configuration() && error.to_string().contains("`added`"), "{error}");
}
