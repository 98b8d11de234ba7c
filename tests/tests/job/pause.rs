//! A paused job: what is spawned waits, what runs goes on, and resumed all start in their order.

use job_runtime::{Context, JobState, MissReason, Outcome, RunId, SkipReason, job};

use crate::stage::{Door, auto, books, counts, starts, story, with_door};
use crate::why;

#[job(max_running = 2, max_pending = 4)]
async fn pausable(_number: u32, door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn while_paused_what_is_spawned_waits_and_resumed_it_starts_in_order() {
    let (jobs, door) = with_door(auto(&["pausable"])).await;
    pausable::pause("the disk is full").await.expect("it is there");
    let handles: Vec<_> = (0..4).map(pausable::spawn).collect();
    jobs.advance("1h").await;
    assert!(handles.iter().all(|handle| handle.status() == JobState::Available));
    assert_eq!((counts(&jobs, "pausable"), jobs.runs("pausable").len()), ((4, 0, 0, 0, 4), 0));
    let info = pausable::status().await.expect("it is there");
    assert_eq!(info.paused.as_deref(), Some("the disk is full"));
    pausable::resume().await.expect("it is there");
    assert_eq!(counts(&jobs, "pausable"), (4, 2, 0, 0, 2), "within its bound");
    door.let_through(4, &jobs).await;
    let order: Vec<RunId> = jobs.runs("pausable").iter().map(|run| run.id).collect();
    assert_eq!(order, handles.iter().map(job_runtime::JobHandle::id).collect::<Vec<_>>());
    assert_eq!(starts(&jobs, "pausable"), [3_600_000; 4]);
    assert_eq!(crate::stage::nominals(&jobs, "pausable"), [0; 4]);
}

#[tokio::test(start_paused = true)]
async fn what_runs_goes_on_while_the_job_is_paused() {
    let (jobs, door) = with_door(auto(&["pausable", "tries_again"])).await;
    let (on, retried) = (pausable::spawn(1), tries_again::spawn());
    jobs.advance("1s").await;
    for job in ["pausable", "tries_again"] {
        jobs.runtime().pause(job, "a pause").await.expect("it is there");
    }
    let waiting = pausable::spawn(2);
    door.let_through(2, &jobs).await;
    on.await.expect("it ends well");
    assert_eq!(retried.await.expect("its next attempt is the same run"), 2);
    assert_eq!((waiting.status(), counts(&jobs, "pausable")), (JobState::Available, (2, 1, 0, 0, 1)));
}

#[job(max_attempts = 2, backoff = "10s")]
async fn tries_again(cx: &Context) -> Result<u32, String> {
    if cx.attempt() == 1 { Err("once more".to_owned()) } else { Ok(cx.attempt()) }
}

#[tokio::test(start_paused = true)]
async fn what_comes_due_while_paused_waits_too() {
    let (jobs, door) = with_door(auto(&["pausable"])).await;
    door.open(9);
    pausable::pause("a pause").await.expect("it is there");
    let (second, first) = (pausable::spawn_after("2s", 1), pausable::spawn_after("1s", 1));
    jobs.advance("1500ms").await;
    assert_eq!((first.status(), second.status()), (JobState::Available, JobState::Scheduled));
    jobs.advance("1m").await;
    assert_eq!((second.status(), counts(&jobs, "pausable")), (JobState::Available, (2, 0, 0, 0, 2)));
    pausable::resume().await.expect("it is there");
    jobs.advance("0s").await;
    let order: Vec<RunId> = jobs.runs("pausable").iter().map(|run| run.id).collect();
    assert_eq!((order, counts(&jobs, "pausable")), (vec![first.id(), second.id()], (2, 2, 0, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn while_paused_no_more_wait_than_may() {
    let (jobs, _door) = with_door(auto(&["pausable"])).await;
    pausable::pause("a pause").await.expect("it is there");
    (0..4).for_each(|number| drop(pausable::spawn(number)));
    assert!(pausable::try_spawn(5).is_err());
    assert_eq!(counts(&jobs, "pausable"), (5, 0, 1, 0, 4));
    jobs.runtime().pause("pausable", "again").await.expect("it is there");
    pausable::resume().await.expect("it is there");
    pausable::resume().await.expect("it is there");
    assert_eq!(counts(&jobs, "pausable"), (5, 2, 1, 0, 2));
    let told = story(&jobs, "pausable");
    let pauses: Vec<&String> = told.iter().filter(|line| line.contains("paused") || line.contains("resumed")).collect();
    assert_eq!(pauses, ["0ms paused: a pause", "0ms paused: again", "0ms resumed"]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_while_paused_can_be_cancelled_and_is_missed_by_shutdown() {
    let (jobs, _door) = with_door(auto(&["pausable"])).await;
    pausable::pause("a pause").await.expect("it is there");
    let (cancelled, waiting) = (pausable::spawn(1), pausable::spawn(2));
    cancelled.cancel();
    assert_eq!(why(cancelled).await.0, "cancelled");
    jobs.shutdown().await.expect("nothing runs");
    assert_eq!(why(waiting).await.0, "interrupted");
    let books = books(&jobs, "pausable");
    assert_eq!((books.skipped_for(SkipReason::Cancelled), books.missed_for(MissReason::Shutdown)), (1, 1));
}

#[job(enabled = false)]
async fn disabled(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_not_enabled_starts_paused() {
    let (jobs, door) = with_door(auto(&["disabled"])).await;
    door.open(2);
    let info = disabled::status().await.expect("it is there");
    assert_eq!(info.paused.as_deref(), Some("disabled"));
    let handle = disabled::spawn();
    jobs.advance("1h").await;
    assert_eq!((handle.status(), counts(&jobs, "disabled")), (JobState::Available, (1, 0, 0, 0, 1)));
    disabled::resume().await.expect("it is there");
    handle.await.expect("it ends well");
    assert_eq!(disabled::status().await.expect("it is there").last_outcome, Some(Outcome::Completed));
}

#[tokio::test(start_paused = true)]
async fn configure_enables_and_disables() {
    let builder = auto(&["disabled", "pausable"]).configure("disabled", |job| job.enabled(true));
    let (jobs, door) = with_door(builder.configure("pausable", |job| job.enabled(false))).await;
    door.open(9);
    disabled::spawn().await.expect("it ends well");
    assert_eq!(pausable::spawn(1).status(), JobState::Available);
    assert_eq!((counts(&jobs, "disabled"), counts(&jobs, "pausable")), ((1, 1, 0, 0, 0), (1, 0, 0, 0, 1)));
}

#[tokio::test(start_paused = true)]
async fn a_quiet_runtime_goes_on_with_what_is_spawned() {
    let (jobs, door) = with_door(auto(&["pausable"])).await;
    door.open(9);
    let scheduled = pausable::spawn_after("1s", 1);
    jobs.runtime().quiet();
    pausable::spawn(1).await.expect("it ends well");
    scheduled.await.expect("it ends well");
    assert_eq!(counts(&jobs, "pausable"), (2, 2, 0, 0, 0));
}
