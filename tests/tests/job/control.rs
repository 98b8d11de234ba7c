//! Jobs on demand by their names, and what is shown of them.

use std::time::Duration;

use job_runtime::{Context, JobState, Kind, Outcome, Schedule, Trigger, job};

use crate::stage::{Door, at, auto, books, counts, manual, next, story, with_door};
use crate::why;

#[job(max_running = 1, max_pending = 3)]
async fn without_arguments(door: &Door) {
    door.wait().await;
}

#[job]
async fn with_arguments(_number: u32) {}

#[job]
async fn with_state(count: &mut u32) {
    *count += 1;
}

#[tokio::test(start_paused = true)]
async fn a_trigger_runs_a_job_without_arguments() {
    let (jobs, door) = with_door(auto(&["without_arguments", "with_state"])).await;
    door.open(2);
    jobs.runtime().trigger("without_arguments").await.expect("it is there");
    jobs.runtime().trigger("with_state").await.expect("it is there");
    jobs.advance("0s").await;
    let run = jobs.runs("without_arguments").pop().expect("it ran");
    assert_eq!((run.trigger, run.outcome), (Trigger::Manual, Some(Outcome::Completed)));
    assert_eq!(with_state::peek(|count| *count).await.expect("it is this runtime's"), Some(1));
    assert_eq!(counts(&jobs, "without_arguments"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_trigger_waits_for_its_place_like_a_spawn_and_is_refused_like_one() {
    let (jobs, _door) = with_door(auto(&["without_arguments"])).await;
    for _ in 0..4 {
        jobs.runtime().trigger("without_arguments").await.expect("there is room");
    }
    let error = jobs.runtime().trigger("without_arguments").await.expect_err("there is no room");
    assert!(error.is_refused() && error.to_string().contains("`max_pending`"), "{error}");
    assert_eq!(counts(&jobs, "without_arguments"), (5, 1, 1, 0, 3));
}

#[tokio::test(start_paused = true)]
async fn a_trigger_of_a_job_that_takes_arguments_is_an_error_in_words() {
    let jobs = auto(&["with_arguments"]).await;
    let error = jobs.runtime().trigger("with_arguments").await.expect_err("nobody gives them");
    assert!(error.is_configuration(), "{error}");
    assert!(error.to_string().contains("`with_arguments` takes arguments"), "{error}");
    assert_eq!((counts(&jobs, "with_arguments"), jobs.events().len()), ((0, 0, 0, 0, 0), 0));
}

#[tokio::test(start_paused = true)]
async fn after_a_shutdown_a_trigger_is_refused() {
    let (jobs, _door) = with_door(auto(&["without_arguments"])).await;
    jobs.shutdown().await.expect("nothing runs");
    assert!(jobs.runtime().trigger("without_arguments").await.expect_err("it is over").is_refused());
}

#[tokio::test(start_paused = true)]
async fn by_hand_a_job_without_arguments_is_ticked() {
    let (jobs, door) = with_door(manual(&["without_arguments"])).await;
    door.open(1);
    assert_eq!(jobs.tick("without_arguments").await, Ok(Outcome::Completed));
    assert_eq!(jobs.runs("without_arguments")[0].trigger, Trigger::Manual);
}

#[tokio::test(start_paused = true)]
async fn it_has_no_schedule_to_be_changed() {
    let jobs = auto(&["with_arguments"]).await;
    let every = Schedule::every("1m").expect("a schedule");
    let error = jobs.runtime().reschedule("with_arguments", every).expect_err("it has none");
    assert!(error.is_configuration() && error.to_string().contains("`with_arguments` has no schedule"), "{error}");
    jobs.advance("1h").await;
    assert_eq!(jobs.events().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn pause_and_resume_by_name() {
    let jobs = auto(&["with_arguments"]).await;
    jobs.runtime().pause("with_arguments", "a pause").await.expect("it is there");
    let handle = with_arguments::spawn(1);
    assert_eq!(jobs.runtime().job("with_arguments").expect("it is there").paused.as_deref(), Some("a pause"));
    jobs.advance("1m").await;
    assert_eq!(handle.status(), JobState::Available);
    jobs.runtime().resume("with_arguments").await.expect("it is there");
    handle.await.expect("it ends well");
    assert_eq!(jobs.runtime().job("with_arguments").expect("it is there").paused, None);
    let error = jobs.runtime().pause("with_argument", "x").await.expect_err("there is none");
    assert!(error.to_string().contains("did you mean `with_arguments`?"), "{error}");
}

#[job(max_running = 1, job_shutdown = "10s")]
async fn removable(cx: &Context) {
    cx.cancelled().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn removed_its_runs_are_stopped_and_what_waits_is_cancelled() {
    let jobs = auto(&["removable", "with_arguments"]).await;
    let (running, waiting, scheduled) = (removable::spawn(), removable::spawn(), removable::spawn_after("1m"));
    jobs.advance("1s").await;
    assert!(jobs.runtime().remove("removable"));
    assert!(!jobs.runtime().remove("removable"));
    for handle in [waiting, scheduled] {
        assert_eq!(why(handle).await.0, "cancelled");
    }
    let (reason, text) = why(running).await;
    assert!(reason == "cancelled" && text.contains("removed"), "{text}");
    assert_eq!(jobs.now(), at(2000));
    let told = ["0ms 1 started", "1000ms 2 skipped cancelled", "1000ms 3 skipped cancelled", "2000ms 1 cancelled"];
    assert_eq!(story(&jobs, "removable"), told);
    assert!(jobs.runtime().job("removable").is_none() && removable::status().await.is_err());
    // What is spawned afterwards is refused, and what else there is goes on.
    let (reason, text) = why(removable::spawn()).await;
    assert!(reason == "refused" && text.contains("not in this runtime"), "{text}");
    with_arguments::spawn(1).await.expect("it ends well");
    jobs.advance("10m").await;
    assert_eq!(jobs.runs("removable").len(), 1);
}

// ---- what is shown

#[job(
    max_attempts = 4,
    backoff = "2s..5m",
    timeout = "40s",
    max_running = 2,
    max_pending = 7,
    job_shutdown = "9s",
    name = "all of it"
)]
async fn shown(_number: u32, door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn everything_of_a_job_is_shown() {
    let (jobs, door) = with_door(auto(&["all of it", "with_arguments"])).await;
    let (_now, _late) = ([shown::spawn(1), shown::spawn(2), shown::spawn(3)], shown::spawn_after("2h", 4));
    shown::spawn_at(at(3_600_000), 5);
    let info = jobs.runtime().job("all of it").expect("it is there");
    assert_eq!((&*info.name, info.kind, info.schedule.clone()), ("all of it", Kind::Job, None));
    let policies =
        ["max_running 2", "max_pending 7", "timeout 40s", "job_shutdown 9s", "max_attempts 4", "backoff 2s..5m"];
    assert_eq!(info.policies, policies);
    let lines: Vec<&str> = include_str!("control.rs").lines().collect();
    let line = lines.iter().position(|line| line.contains("name = \"all of it\"")).expect("it is there");
    assert_eq!(info.file, file!());
    assert!(u32::try_from(line).expect("it is a line").abs_diff(info.line) < 10, "{info:?}");
    assert_eq!((info.running, info.paused.clone(), info.last_outcome, info.overdue), (2, None, None, false));
    assert_eq!((info.next.clone(), next(&jobs, "all of it", 1)), (vec![at(3_600_000), at(7_200_000)], vec![3_600_000]));
    assert_eq!((info.accounting, info.group.clone()), (books(&jobs, "all of it"), None));
    assert_eq!(counts(&jobs, "all of it"), (5, 2, 0, 0, 3));
    door.let_through(3, &jobs).await;
    let info = shown::status().await.expect("it is there");
    assert_eq!((info.running, info.last_outcome), (0, Some(Outcome::Completed)));
    let names: Vec<String> = jobs.runtime().jobs().iter().map(|job| job.name.to_string()).collect();
    assert_eq!(names, ["all of it", "with_arguments"]);
    assert_eq!(jobs.runtime().job("with_arguments").expect("it is there").policies, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_long_for_its_place_is_not_overdue() {
    let (jobs, _door) = with_door(auto(&["without_arguments"])).await;
    let _handles = [without_arguments::spawn(), without_arguments::spawn()];
    jobs.advance("48h").await;
    assert!(!jobs.runtime().job("without_arguments").expect("it is there").overdue);
    assert!(jobs.runtime().health().await.overdue.is_empty());
}
