//! How many run at once, how many may wait, and what is said of those that are refused.

use std::time::Duration;

use job_runtime::{Context, JobState, RunId, SkipReason, job};

use crate::listener::Log;
use crate::stage::{Door, at, auto, books, counts, starts, story, with_door};
use crate::{reason, why};

#[job(max_running = 2)]
async fn two_at_once(_number: u32, door: &Door) {
    door.wait().await;
}

fn number_of(line: u32) -> String {
    format!("{}:{line}:", file!())
}

#[tokio::test(start_paused = true)]
async fn as_many_run_as_may_and_the_others_wait_in_their_order() {
    let (jobs, door) = with_door(auto(&["two_at_once"])).await;
    let handles: Vec<_> = (0..5).map(two_at_once::spawn).collect();
    assert_eq!((jobs.running().len(), counts(&jobs, "two_at_once")), (2, (5, 2, 0, 0, 3)));
    assert_eq!(handles.iter().filter(|handle| handle.status() == JobState::Available).count(), 3);
    for running in [2, 2, 2, 1, 0] {
        door.let_through(1, &jobs).await;
        assert_eq!(jobs.running().len(), running);
        jobs.advance("1s").await;
    }
    let started: Vec<RunId> = jobs.runs("two_at_once").iter().map(|run| run.id).collect();
    assert_eq!(started, handles.iter().map(job_runtime::JobHandle::id).collect::<Vec<_>>());
    assert_eq!(starts(&jobs, "two_at_once"), [0, 0, 0, 1000, 2000]);
    assert_eq!(counts(&jobs, "two_at_once"), (5, 5, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_waited_for_its_time_waits_behind_those_that_came_before() {
    let (jobs, door) = with_door(auto(&["two_at_once"])).await;
    let _on = [two_at_once::spawn(0), two_at_once::spawn(0)];
    let (late, early) = (two_at_once::spawn_after("10s", 0), two_at_once::spawn_after("5s", 0));
    jobs.advance("7s").await;
    let between = two_at_once::spawn(0);
    jobs.advance("7s").await;
    assert_eq!([early.status(), between.status(), late.status()], [JobState::Available; 3]);
    door.open(5);
    jobs.advance("0s").await;
    let order: Vec<RunId> = jobs.runs("two_at_once").iter().skip(2).map(|run| run.id).collect();
    assert_eq!(order, [early.id(), between.id(), late.id()]);
    let runs = jobs.runs("two_at_once");
    assert!(runs.iter().skip(2).all(|run| run.started_at == at(14_000) && run.scheduled_at < at(14_000)), "{runs:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_job_without_a_bound_runs_as_often_as_it_is_spawned() {
    let (jobs, door) = with_door(auto(&["without_a_bound"])).await;
    (0..500).for_each(|_| drop(without_a_bound::spawn()));
    assert_eq!(jobs.running().len(), 500);
    door.let_through(500, &jobs).await;
    assert_eq!(counts(&jobs, "without_a_bound"), (500, 500, 0, 0, 0));
}

#[job]
async fn without_a_bound(door: &Door) {
    door.wait().await;
}

#[job(max_running = 1, max_attempts = 2, backoff = "10s")]
async fn one_after_another(cx: &Context) -> Result<(), String> {
    if cx.attempt() == 1 { Err("once more".to_owned()) } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_for_its_next_attempt_keeps_its_place() {
    let jobs = auto(&["one_after_another"]).await;
    let (first, second) = (one_after_another::spawn(), one_after_another::spawn());
    jobs.advance("5s").await;
    assert_eq!((first.status(), second.status()), (JobState::Retryable, JobState::Available));
    jobs.advance("1m").await;
    assert_eq!(starts(&jobs, "one_after_another"), [0, 10_000, 10_000, 20_000]);
    assert_eq!(counts(&jobs, "one_after_another"), (2, 2, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_again_however_a_run_ends() {
    let (jobs, door) = with_door(auto(&["ends_in_many_ways"])).await;
    let handles: Vec<_> = (0..5).map(ends_in_many_ways::spawn).collect();
    jobs.advance("30s").await;
    // The third hears that it is cancelled, the fourth was over its time already.
    handles[2].cancel();
    jobs.advance("1m").await;
    door.let_through(1, &jobs).await;
    let outcomes: Vec<String> = jobs
        .runs("ends_in_many_ways")
        .iter()
        .map(|run| run.outcome.map_or_else(String::new, |outcome| outcome.to_string()))
        .collect();
    assert_eq!(outcomes, ["failed", "panicked", "cancelled", "timed_out", "completed"]);
    assert_eq!(counts(&jobs, "ends_in_many_ways"), (5, 5, 0, 0, 0));
}

#[job(max_running = 1, timeout = "40s")]
async fn ends_in_many_ways(number: u32, door: &Door) -> Result<(), String> {
    match number {
        0 => Err("as told".to_owned()),
        1 => panic!("as told"),
        2 | 3 => std::future::pending().await,
        _ => {
            door.wait().await;
            Ok(())
        }
    }
}

// ---- refused

#[job(max_running = 1, max_pending = 2)]
async fn two_may_wait(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn more_than_may_wait_are_refused() {
    let (jobs, door) = with_door(auto(&["two_may_wait"])).await;
    let _taken = [two_may_wait::spawn(), two_may_wait::spawn(), two_may_wait::spawn()];
    let refused = two_may_wait::spawn();
    assert_eq!(refused.status(), JobState::Cancelled);
    let (reason, text) = why(refused).await;
    assert_eq!(reason, "refused");
    assert!(text.contains("2 runs") && text.contains("`max_pending`"), "{text}");
    assert_eq!(books(&jobs, "two_may_wait").skipped_for(SkipReason::Refused), 1);
    assert_eq!(counts(&jobs, "two_may_wait"), (4, 1, 1, 0, 2));
    assert_eq!(story(&jobs, "two_may_wait"), ["0ms 1 started", "0ms 4 skipped refused"]);
    // There is room again when one has started.
    door.let_through(1, &jobs).await;
    assert_eq!(two_may_wait::spawn().status(), JobState::Available);
    assert_eq!(two_may_wait::spawn().status(), JobState::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_time_counts_as_waiting() {
    let (jobs, _door) = with_door(auto(&["two_may_wait"])).await;
    let scheduled = [two_may_wait::spawn_after("1h"), two_may_wait::spawn_at(at(3_600_000))];
    assert_eq!(two_may_wait::spawn_after("1s").status(), JobState::Cancelled);
    assert_eq!(two_may_wait::spawn_at(at(1000)).status(), JobState::Cancelled);
    // One that does not have to wait is taken on.
    assert_eq!(two_may_wait::spawn().status(), JobState::Running);
    assert_eq!(two_may_wait::spawn().status(), JobState::Cancelled);
    // There is room again when one is cancelled.
    scheduled[0].cancel();
    assert_eq!(two_may_wait::spawn().status(), JobState::Available);
    assert_eq!(counts(&jobs, "two_may_wait"), (7, 1, 4, 0, 2));
    jobs.advance("1h").await;
    assert_eq!(scheduled[1].status(), JobState::Available, "it was taken on, and stays so");
    assert_eq!(counts(&jobs, "two_may_wait"), (7, 1, 4, 0, 2));
}

#[tokio::test(start_paused = true)]
async fn where_nothing_may_wait_only_what_starts_at_once_is_taken_on() {
    let (jobs, door) = with_door(auto(&["two_may_wait"]).configure("two_may_wait", |job| job.max_pending(0))).await;
    assert_eq!(two_may_wait::spawn_after("1s").status(), JobState::Cancelled);
    let first = two_may_wait::spawn_after("0s");
    assert_eq!((first.status(), two_may_wait::spawn().status()), (JobState::Running, JobState::Cancelled));
    door.let_through(1, &jobs).await;
    assert_eq!(two_may_wait::spawn_at(at(0)).status(), JobState::Running);
    assert_eq!(counts(&jobs, "two_may_wait"), (4, 2, 2, 0, 0));
}

#[job(max_running = 1)]
async fn ten_thousand_may_wait(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_may_wait_unless_said_otherwise() {
    let (jobs, _door) = with_door(auto(&["ten_thousand_may_wait"])).await;
    (0..10_001).for_each(|_| drop(ten_thousand_may_wait::spawn()));
    assert_eq!(counts(&jobs, "ten_thousand_may_wait"), (10_001, 1, 0, 0, 10_000));
    let error = ten_thousand_may_wait::try_spawn().expect_err("there is no room");
    assert!(error.to_string().contains("10000"), "{error}");
    assert_eq!(counts(&jobs, "ten_thousand_may_wait"), (10_002, 1, 1, 0, 10_000));
}

#[tokio::test(start_paused = true)]
async fn try_spawn_gives_the_refusal_itself() {
    let (jobs, door) = with_door(auto(&["two_may_wait"])).await;
    let taken: Vec<_> = (0..3).map(|_| two_may_wait::try_spawn().expect("there is room")).collect();
    let error = two_may_wait::try_spawn().expect_err("there is no room");
    assert_eq!(reason(&error), "refused");
    assert_eq!(counts(&jobs, "two_may_wait"), (4, 1, 1, 0, 2));
    door.open(3);
    for handle in taken {
        handle.await.expect("it ends well");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_logged_with_the_place_of_the_caller() {
    let (log, _guard) = Log::listen();
    let (_jobs, _door) = with_door(auto(&["two_may_wait"]).configure("two_may_wait", |job| job.max_pending(0))).await;
    two_may_wait::spawn();
    let (spawned, first) = (two_may_wait::spawn(), line!());
    two_may_wait::spawn_after("1s");
    two_may_wait::spawn_at(at(1000));
    let lines: Vec<_> =
        log.lines().into_iter().filter(|line| line.fields.get("message") == "refused to spawn the job").collect();
    assert_eq!(lines.len(), 3);
    for (line, told) in (first..).zip(&lines) {
        assert_eq!((told.level, &*told.target), (tracing::Level::WARN, "job_runtime::run"), "{told:?}");
        assert_eq!(told.fields.get("job.name"), "two_may_wait");
        assert!(told.fields.get("reason").contains("`max_pending`"), "{told:?}");
        assert!(told.fields.get("caller").starts_with(&number_of(line)), "{told:?} is not of line {line}");
    }
    assert_eq!(lines[0].fields.get("job.id"), spawned.id().to_string());
    let twice = log.lines().iter().filter(|line| line.fields.get("message").contains("skipped")).count();
    assert_eq!(twice, 0, "it is not told twice");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_without_a_runtime_is_logged_with_the_place_of_the_caller() {
    let (log, _guard) = Log::listen();
    let (_refused, line) = (two_may_wait::spawn(), line!());
    let told = log.only("refused to spawn the job");
    assert_eq!(told.level, tracing::Level::WARN);
    assert!(told.fields.get("caller").starts_with(&number_of(line)), "{told:?}");
    assert!(told.fields.get("job.name").contains("two_may_wait"), "{told:?}");
    assert!(told.fields.get("reason").contains("no job runtime"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_in_a_row_run_one_after_another() {
    let jobs = auto(&["a_step"]).await;
    for _ in 0..1000 {
        a_step::spawn();
    }
    jobs.advance("10s").await;
    assert_eq!(starts(&jobs, "a_step"), (0..1000).map(|step| step * 10).collect::<Vec<_>>());
}

#[job(max_running = 1)]
async fn a_step() {
    tokio::time::sleep(Duration::from_millis(10)).await;
}
