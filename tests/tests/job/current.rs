//! In which runtime a job is spawned, and what comes of it where none can take it.

use job_runtime::{Context, JobState, RunId, SkipReason, job};

use crate::stage::{at_once, auto, books, counts, manual, starts};
use crate::{reason, why};

#[job]
async fn halves(number: u32) -> Result<u32, String> {
    Ok(number / 2)
}

#[job]
async fn asks_for_halves(number: u32) -> Result<u32, String> {
    halves::spawn(number).await.map_err(|error| error.to_string())
}

#[job]
async fn sets_halves_going(number: u32) {
    halves::spawn(number);
}

/// What no test gives where it is missing.
struct Ledger;

#[job]
async fn enters(_number: u32, _ledger: &Ledger) {}

#[tokio::test(start_paused = true)]
async fn a_run_spawns_in_its_own_runtime() {
    let jobs = auto(&["halves", "asks_for_halves", "sets_halves_going"]).await;
    assert_eq!(asks_for_halves::spawn(8).await.expect("it ends well"), 4);
    sets_halves_going::spawn(8).await.expect("it ends well");
    jobs.advance("0s").await;
    assert_eq!(counts(&jobs, "halves"), (2, 2, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_task_spawns_in_the_runtime_started_on_its_tokio() {
    let jobs = auto(&["halves"]).await;
    let output = tokio::spawn(async { halves::spawn(6).await }).await.expect("it does not panic");
    assert_eq!(output.expect("it ends well"), 3);
    assert_eq!(starts(&jobs, "halves"), [0]);
}

#[job]
async fn calls_itself(depth: u32) -> Result<u32, String> {
    if depth == 0 {
        return Ok(0);
    }
    let below = calls_itself::spawn(depth - 1).await.map_err(|error| error.to_string())?;
    Ok(below + depth)
}

#[tokio::test(start_paused = true)]
async fn a_job_can_spawn_itself_and_wait_for_it() {
    let jobs = auto(&["calls_itself"]).await;
    assert_eq!(calls_itself::spawn(20).await.expect("it ends well"), 210);
    assert_eq!(counts(&jobs, "calls_itself"), (21, 21, 0, 0, 0));
}

#[test]
fn without_a_runtime_the_handle_is_refused_and_nothing_panics() {
    let handle = halves::spawn(1);
    assert_eq!((handle.id().to_string(), handle.status()), ("0".to_owned(), JobState::Cancelled));
    handle.cancel();
    let error = at_once(handle).expect_err("there is no runtime");
    assert_eq!(reason(&error), "refused");
    assert!(error.to_string().contains("no job runtime is running here"), "{error}");
    let error = halves::try_spawn(1).expect_err("there is no runtime");
    assert_eq!(reason(&error), "refused");
    for handle in [halves::spawn_after("1s", 1), halves::spawn_at(std::time::SystemTime::UNIX_EPOCH, 1)] {
        assert_eq!(reason(&at_once(handle).expect_err("there is no runtime")), "refused");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_spawned_before_the_start_is_refused_and_counted_nowhere() {
    let early = halves::spawn(1);
    let jobs = auto(&["halves"]).await;
    assert_eq!(why(early).await.0, "refused");
    jobs.advance("1m").await;
    assert_eq!((counts(&jobs, "halves"), jobs.events().len()), ((0, 0, 0, 0, 0), 0));
    assert_eq!(halves::spawn(4).await.expect("it ends well"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_not_in_this_runtime_is_refused() {
    let jobs = auto(&["halves"]).await;
    let (reason, text) = why(sets_halves_going::spawn(1)).await;
    assert_eq!(reason, "refused");
    assert!(text.contains("sets_halves_going") && text.contains("not in this runtime"), "{text}");
    assert!(sets_halves_going::try_spawn(1).is_err());
    assert_eq!(jobs.runtime().jobs().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn by_hand_a_job_whose_data_is_missing_is_refused_with_what_the_start_would_say() {
    let refused = auto(&["enters"]).try_start().await.expect_err("its data is missing").to_string();
    assert!(refused.contains("Ledger"), "{refused}");
    let jobs = manual(&["enters"]).await;
    let error = enters::try_spawn(1).expect_err("its data is missing");
    let (handle, text) = why(enters::spawn(1)).await;
    assert_eq!((reason(&error), handle, error.to_string()), ("refused", "refused", text.clone()));
    let said = text.strip_prefix("the job was refused: ").expect("the reason");
    assert!(refused.ends_with(said), "`{refused}` does not say `{said}`");
    assert_eq!(
        (counts(&jobs, "enters"), books(&jobs, "enters").skipped_for(SkipReason::Refused)),
        ((2, 0, 2, 0, 0), 2)
    );
    let jobs = manual(&["enters"]).data(Ledger).await;
    enters::spawn(1).await.expect("it ends well");
    assert_eq!(counts(&jobs, "enters"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn after_a_shutdown_spawning_is_refused_and_counted() {
    let jobs = auto(&["halves"]).await;
    jobs.shutdown().await.expect("nothing runs");
    let told = jobs.events().len();
    for handle in [halves::spawn(1), halves::spawn_after("1s", 1)] {
        let (reason, text) = why(handle).await;
        assert_eq!(reason, "refused");
        assert!(text.contains("shutting down"), "{text}");
    }
    assert_eq!(reason(&halves::try_spawn(1).expect_err("it is over")), "refused");
    assert_eq!(books(&jobs, "halves").skipped_for(SkipReason::Refused), 3);
    assert_eq!(jobs.events().len(), told, "the end of the shutdown is the last event of all");
}

#[job(job_shutdown = "10s")]
async fn spawns_when_asked_to_stop(cx: &Context) -> Result<RunId, String> {
    cx.cancelled().await;
    let handle = halves::spawn(1);
    let id = handle.id();
    let error = handle.await.expect_err("the runtime shuts down");
    if error.is_refused() { Ok(id) } else { Err(error.to_string()) }
}

#[tokio::test(start_paused = true)]
async fn during_a_shutdown_spawning_is_refused() {
    let jobs = auto(&["halves", "spawns_when_asked_to_stop"]).await;
    let handle = spawns_when_asked_to_stop::spawn();
    jobs.advance("1s").await;
    jobs.shutdown().await.expect("it ends when asked");
    handle.await.expect("what it spawned was refused");
    assert_eq!(counts(&jobs, "halves"), (1, 0, 1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn with_the_runtime_go_its_jobs_and_what_was_spawned() {
    let jobs = auto(&["halves"]).await;
    let scheduled = halves::spawn_after("1h", 1);
    let running = halves::spawn(1);
    drop(jobs);
    assert_eq!(why(scheduled).await.0, "interrupted");
    assert_eq!(why(running).await.0, "interrupted");
    assert_eq!(why(halves::spawn(1)).await.0, "refused");
}
