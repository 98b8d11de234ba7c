//! What a handle gives: the typed output, or why there is none; and where the run is on its way.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use job_runtime::{Context, JobHandle, JobState, RunError, RunId, job};

use crate::stage::{Door, at, auto, counts, starts, with_door};
use crate::{reason, why};

#[derive(Debug, PartialEq)]
struct Receipt {
    lines: u32,
}

#[derive(Debug, PartialEq)]
struct Full(u32);

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "full at {}", self.0)
    }
}

impl Error for Full {}

/// How a run ends.
#[derive(Clone, Copy, Debug)]
enum Way {
    Well,
    Fail,
    Panic,
    Hang,
}

#[job(timeout = "30s")]
async fn prints(lines: u32, way: Way) -> Result<Receipt, Full> {
    tokio::time::sleep(Duration::from_millis(10)).await;
    match way {
        Way::Well => Ok(Receipt { lines }),
        Way::Fail => Err(Full(lines)),
        Way::Panic => panic!("out of paper"),
        Way::Hang => std::future::pending().await,
    }
}

#[job]
async fn rings(_times: u8) {}

#[job(max_running = 1)]
async fn waits_at_the_door(door: &Door) -> Result<RunId, String> {
    door.wait().await;
    Err("nobody came".to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_handle_gives_what_the_ok_holds() {
    let jobs = auto(&["prints"]).await;
    assert_eq!(prints::spawn(7, Way::Well).await.expect("it ends well"), Receipt { lines: 7 });
    assert_eq!(jobs.now(), at(10));
}

#[tokio::test(start_paused = true)]
async fn a_handle_of_a_job_that_returns_nothing_gives_nothing() {
    let _jobs = auto(&["rings"]).await;
    let output: Result<(), RunError<std::convert::Infallible>> = rings::spawn(3).await;
    output.expect("it ends well");
    rings::try_spawn(3).expect("it is accepted").await.expect("it ends well");
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_gives_its_error() {
    let _jobs = auto(&["prints"]).await;
    let error = prints::spawn(7, Way::Fail).await.expect_err("it fails");
    assert_eq!((reason(&error), error.to_string()), ("failed", "the job failed: full at 7".to_owned()));
    assert!(Error::source(&error).is_none());
    assert_eq!(error.error(), Some(&Full(7)));
    assert_eq!(error.into_error(), Some(Full(7)));
}

#[tokio::test(start_paused = true)]
async fn a_panicked_run_tells_the_message_and_the_place() {
    let _jobs = auto(&["prints"]).await;
    let error = prints::spawn(7, Way::Panic).await.expect_err("it panics");
    assert_eq!((reason(&error), error.error()), ("panicked", None));
    let line = include_str!("handle.rs").lines().position(|line| line.contains("=> panic!(")).expect("it is there") + 1;
    let (text, place) = (error.to_string(), format!("{}:{line}", file!()));
    assert!(text.contains("out of paper") && text.contains(&place), "{text}");
    assert_eq!(error.into_error(), None);
}

#[tokio::test(start_paused = true)]
async fn a_run_over_its_time_is_timed_out() {
    let jobs = auto(&["prints"]).await;
    let (reason, text) = why(prints::spawn(7, Way::Hang)).await;
    assert_eq!(reason, "timed out");
    assert!(text.contains("timeout"), "{text}");
    assert_eq!(jobs.now(), at(30_000));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_tells_the_reason() {
    let jobs = auto(&["prints"]).await;
    let handle = prints::spawn(7, Way::Hang);
    jobs.advance("1s").await;
    handle.cancel();
    let (reason, text) = why(handle).await;
    assert_eq!(reason, "cancelled");
    assert!(text.contains("handle"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_run_ended_by_shutdown_is_interrupted() {
    let jobs = auto(&["prints"]).await;
    let handle = prints::spawn(7, Way::Hang);
    jobs.advance("1s").await;
    jobs.shutdown().await.expect_err("it was dropped");
    let (reason, text) = why(handle).await;
    assert_eq!(reason, "interrupted");
    assert!(text.contains("shutdown"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_run_tells_the_reason() {
    let (_jobs, _door) =
        with_door(auto(&["waits_at_the_door"]).configure("waits_at_the_door", |job| job.max_pending(0))).await;
    waits_at_the_door::spawn();
    let error = waits_at_the_door::try_spawn().expect_err("there is no room");
    assert_eq!((reason(&error), error.error()), ("refused", None));
    let (reason, text) = why(waits_at_the_door::spawn()).await;
    assert_eq!((reason, &text), ("refused", &error.to_string()));
    assert!(text.contains("max_pending"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn debug_of_a_reason_says_what_display_says() {
    let _jobs = auto(&["prints"]).await;
    let error = prints::spawn(7, Way::Fail).await.expect_err("it fails");
    assert_eq!(format!("{error:?}"), "RunError(the job failed: Full(7))");
    let boxed: Box<dyn Error> = Box::new(error);
    assert_eq!(boxed.to_string(), "the job failed: full at 7");
}

// ---- where it is on its way

#[job(max_attempts = 2, backoff = "10s", max_running = 1)]
async fn fails_at_first(cx: &Context, door: &Door) -> Result<u32, Full> {
    door.wait().await;
    if cx.attempt() == 1 { Err(Full(1)) } else { Ok(cx.attempt()) }
}

#[tokio::test(start_paused = true)]
async fn the_status_over_the_whole_life_of_a_run() {
    let (jobs, door) = with_door(auto(&["fails_at_first"])).await;
    let ahead = fails_at_first::spawn();
    let handle = fails_at_first::spawn_after("5s");
    assert_eq!(handle.status(), JobState::Scheduled);
    jobs.advance("5s").await;
    assert_eq!((ahead.status(), handle.status()), (JobState::Running, JobState::Available));
    ahead.cancel();
    // It listens to nobody, and has its grace.
    jobs.advance("5s").await;
    assert_eq!((ahead.status(), handle.status()), (JobState::Cancelled, JobState::Running));
    door.let_through(1, &jobs).await;
    assert_eq!(handle.status(), JobState::Retryable);
    jobs.advance("10s").await;
    assert_eq!(handle.status(), JobState::Running);
    door.let_through(1, &jobs).await;
    assert_eq!(handle.status(), JobState::Completed);
    assert_eq!(handle.await.expect("it ends well"), 2);
}

#[tokio::test(start_paused = true)]
async fn the_status_tells_the_ways_in_which_a_run_ends() {
    let jobs = auto(&["prints"]).await;
    for (way, state) in [
        (Way::Well, JobState::Completed),
        (Way::Fail, JobState::Discarded),
        (Way::Panic, JobState::Discarded),
        (Way::Hang, JobState::Discarded),
    ] {
        let mut handle = prints::spawn(1, way);
        let id = handle.id();
        jobs.advance("1m").await;
        assert_eq!(handle.status(), state, "{way:?}");
        assert_eq!((&mut handle).await.is_ok(), state == JobState::Completed);
        assert_eq!((handle.id(), handle.status()), (id, state), "it is still known when the output is taken");
    }
    let handle = prints::spawn(1, Way::Hang);
    jobs.shutdown().await.expect_err("it is dropped");
    assert_eq!(handle.status(), JobState::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn identities_grow_in_the_order_of_spawning() {
    let _jobs = auto(&["rings", "prints"]).await;
    let ids = [rings::spawn(1).id(), prints::spawn(1, Way::Well).id(), rings::spawn_after("1h", 1).id()];
    assert!(ids.is_sorted() && ids[0] < ids[1] && ids[1] < ids[2], "{ids:?}");
}

// ---- awaited in part

#[tokio::test(start_paused = true)]
async fn a_handle_set_aside_and_awaited_again_loses_nothing() {
    let jobs = auto(&["prints"]).await;
    let mut handle = prints::spawn(3, Way::Well);
    let patience = Duration::from_millis(4);
    assert!(tokio::time::timeout(patience, &mut handle).await.is_err());
    assert!(tokio::time::timeout(patience, &mut handle).await.is_err());
    assert_eq!(jobs.now(), at(8));
    assert_eq!(handle.await.expect("it ends well"), Receipt { lines: 3 });
    assert_eq!(jobs.now(), at(10));
}

#[tokio::test(start_paused = true)]
async fn a_handle_dropped_in_a_select_lets_the_run_go_on() {
    let jobs = auto(&["prints"]).await;
    tokio::select! {
        _ = prints::spawn(3, Way::Well) => panic!("it takes longer"),
        () = tokio::time::sleep(Duration::from_millis(5)) => {}
    }
    jobs.advance("1s").await;
    assert_eq!(counts(&jobs, "prints"), (1, 1, 0, 0, 0));
    assert_eq!(jobs.runs("prints")[0].finished_at, Some(at(10)));
}

#[tokio::test(start_paused = true)]
async fn a_handle_awaited_from_another_task_gives_the_same() {
    let _jobs = auto(&["prints"]).await;
    let handle = prints::spawn(5, Way::Well);
    let output = tokio::spawn(handle).await.expect("it does not panic");
    assert_eq!(output.expect("it ends well"), Receipt { lines: 5 });
}

#[tokio::test(start_paused = true)]
async fn many_handles_are_awaited_in_any_order() {
    let jobs = auto(&["prints"]).await;
    let handles: Vec<JobHandle<_>> = (0..50).map(|lines| prints::spawn(lines, Way::Well)).collect();
    for (lines, handle) in (0..50).zip(handles).rev() {
        assert_eq!(handle.await.expect("it ends well"), Receipt { lines });
    }
    assert_eq!(starts(&jobs, "prints"), vec![0; 50]);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "polled after it gave its result")]
async fn a_handle_that_gave_its_result_has_no_other() {
    let _jobs = auto(&["prints"]).await;
    let mut handle = prints::spawn(3, Way::Well);
    (&mut handle).await.expect("it ends well");
    let _ = handle.await;
}
