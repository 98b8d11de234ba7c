//! A service that has used up its restarts: the end of the runtime with the error itself, or a pause.

mod crew;
mod stage;

use std::error::Error;
use std::time::Duration;

use crew::{Asked, Cues, End, Failure, end, services, told_since, with};
use job_runtime::testing::Harness;
use job_runtime::{Context, Trigger, service};
use stage::{assert_paired, auto, counts, starts};

services![failing, bystander];

/// Both, of which the first gives up at its first end.
async fn started() -> (Harness, Cues) {
    with(&["failing", "bystander"], |jobs| jobs.configure("failing", |job| job.max_restarts(0))).await
}

#[tokio::test(start_paused = true)]
async fn shutdown_and_join_return_the_error_itself() {
    let (jobs, cues) = started().await;
    let before = jobs.events().len();
    cues.when_asked("bystander", Asked::After(300));
    end(&jobs, &cues, "failing", End::Err).await;
    let error = jobs.shutdown().await.expect_err("one gave up");
    let told = [
        "0ms failing failed",
        "0ms failing gave up: failing failed",
        "0ms shutdown started",
        "300ms bystander completed",
        "300ms shutdown finished, abandoned []",
    ];
    assert_eq!(told_since(&jobs, before), told);
    for error in [error, jobs.runtime().join().await.expect_err("the same")] {
        assert!(error.is_gave_up() && !error.is_abandoned() && !error.is_configuration() && !error.is_refused());
        let source = error.source().expect("its last error");
        assert_eq!(source.downcast_ref::<Failure>().expect("the error of the job").0, "failing");
    }
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn after_a_panic_the_source_tells_message_and_place() {
    let (jobs, cues) = started().await;
    end(&jobs, &cues, "failing", End::Panic).await;
    let error = jobs.runtime().join().await.expect_err("it gave up");
    let source = error.source().expect("its last error").to_string();
    let (message, place) = source.split_once(", at ").expect("a message and a place");
    assert_eq!(message, "failing panicked");
    assert!(place.starts_with("tests/tests/crew/mod.rs:"), "{place}");
    assert!(error.to_string().ends_with(&source), "{error}");
}

#[tokio::test(start_paused = true)]
async fn after_an_end_without_an_error_there_is_no_source() {
    let (jobs, cues) = started().await;
    end(&jobs, &cues, "failing", End::Ok).await;
    let error = jobs.runtime().join().await.expect_err("it gave up");
    assert!(error.is_gave_up() && error.source().is_none());
    assert_eq!(error.to_string(), "service `failing` used up its restarts (0 in 5s)");
}

#[tokio::test(start_paused = true)]
async fn that_it_gave_up_says_more_than_that_others_were_abandoned() {
    let (jobs, cues) = started().await;
    cues.when_asked("bystander", Asked::Deaf);
    end(&jobs, &cues, "failing", End::Err).await;
    let error = jobs.shutdown().await.expect_err("one gave up");
    assert!(error.is_gave_up(), "{error}");
    let last = told_since(&jobs, 0).pop();
    assert_eq!(last.as_deref(), Some("5000ms shutdown finished, abandoned [\"bystander\"]"));
}

#[tokio::test(start_paused = true)]
async fn the_first_to_give_up_is_the_one_that_is_told() {
    let (jobs, cues) = with(&["failing", "bystander"], |jobs| {
        jobs.configure("failing", |job| job.max_restarts(0)).configure("bystander", |job| job.max_restarts(0))
    })
    .await;
    cues.end("bystander", End::Err);
    cues.end("failing", End::Err);
    jobs.advance("0s").await;
    let first = told_since(&jobs, 0).into_iter().find(|line| line.contains("gave up")).expect("one did");
    let error = jobs.runtime().join().await.expect_err("it gave up");
    let who = first.split_whitespace().nth(1).expect("a name");
    assert!(error.to_string().contains(&format!("`{who}`")), "{error}");
}

// ---- boxed errors

#[service(max_restarts = 0)]
async fn with_a_boxed_error() -> Result<(), Box<dyn Error + Send + Sync>> {
    Err(Box::new(Failure("boxed".to_owned())))
}

#[service(max_restarts = 0)]
async fn with_a_text() -> Result<(), String> {
    Err("only words".to_owned())
}

#[tokio::test(start_paused = true)]
async fn every_error_that_a_service_may_have_becomes_the_source() {
    let jobs = auto(&["with_a_boxed_error"]).await;
    let error = jobs.runtime().join().await.expect_err("it gave up");
    let source = error.source().expect("its last error");
    assert_eq!(source.downcast_ref::<Failure>().expect("what was in the box").0, "boxed");
    drop(jobs);

    let jobs = auto(&["with_a_text"]).await;
    let error = jobs.runtime().join().await.expect_err("it gave up");
    assert_eq!(error.source().expect("its last error").to_string(), "only words");
}

// ---- pause

/// The same, of which the first is paused when it gives up after one restart.
async fn pausing() -> (Harness, Cues) {
    let set = |job: job_runtime::JobConfig| job.max_restarts(1)?.on_give_up("pause");
    with(&["failing", "bystander"], |jobs| jobs.configure("failing", set)).await
}

#[tokio::test(start_paused = true)]
async fn it_is_paused_with_the_reason_and_the_others_go_on() {
    let (jobs, cues) = pausing().await;
    end(&jobs, &cues, "failing", End::Err).await;
    jobs.advance("500ms").await;
    let before = jobs.events().len();
    end(&jobs, &cues, "failing", End::Err).await;
    jobs.advance("1h").await;
    let told = [
        "500ms failing failed",
        "500ms failing gave up: failing failed",
        "500ms failing paused: used up its restarts, 1 in 5s, the last error: failing failed",
    ];
    assert_eq!(told_since(&jobs, before), told);
    let info = jobs.runtime().job("failing").expect("it is there");
    let reason = "used up its restarts, 1 in 5s, the last error: failing failed";
    assert_eq!((info.paused.as_deref(), info.running, info.next.len()), (Some(reason), 0, 0));
    assert_eq!(jobs.runtime().job("bystander").expect("it is there").running, 1);
    assert_eq!(counts(&jobs, "failing"), (2, 2, 0, 0, 0));
    jobs.shutdown().await.expect("a pause is no end of the runtime");
}

#[tokio::test(start_paused = true)]
async fn resume_starts_it_at_once_with_a_fresh_budget_and_the_first_delay() {
    let (jobs, cues) = pausing().await;
    for _ in 0..2 {
        end(&jobs, &cues, "failing", End::Err).await;
        jobs.advance("500ms").await;
    }
    assert_eq!(starts(&jobs, "failing"), [0, 500]);
    failing::resume().await.expect("it is there");
    jobs.advance("0s").await;
    assert_eq!(starts(&jobs, "failing"), [0, 500, 1_000]);
    assert_eq!(jobs.runs("failing")[2].trigger, Trigger::Manual);
    // As often as at first, and as soon.
    end(&jobs, &cues, "failing", End::Err).await;
    jobs.advance("500ms").await;
    assert_eq!(starts(&jobs, "failing"), [0, 500, 1_000, 1_500]);
    end(&jobs, &cues, "failing", End::Err).await;
    assert!(failing::status().await.expect("it is there").paused.is_some());
}

#[service(max_restarts = 0, on_give_up = "pause", job_shutdown = "1s")]
async fn for_each(number: u32, cx: &Context, cues: &Cues) -> Result<(), Failure> {
    cues.play_as(&format!("for_each {number}"), cx).await
}

#[tokio::test(start_paused = true)]
async fn a_trigger_of_one_that_gave_up_runs_it_and_leaves_it_paused() {
    let (jobs, cues) = pausing().await;
    for _ in 0..2 {
        end(&jobs, &cues, "failing", End::Err).await;
        jobs.advance("500ms").await;
    }
    jobs.runtime().trigger("failing").await.expect("it does not run");
    jobs.advance(Duration::ZERO).await;
    assert_eq!(jobs.runtime().job("failing").expect("it is there").running, 1);
    end(&jobs, &cues, "failing", End::Err).await;
    jobs.advance("1h").await;
    assert_eq!(starts(&jobs, "failing"), [0, 500, 1_000], "who is paused is not restarted");
    assert_eq!(counts(&jobs, "failing"), (3, 3, 0, 0, 0));
}

/// A pause is one of the whole job.
#[tokio::test(start_paused = true)]
async fn an_instance_that_gives_up_pauses_its_template() {
    let (jobs, cues) = with(&["for_each"], |jobs| jobs).await;
    for number in [1, 2] {
        for_each::start(number).expect("it is not started yet");
    }
    jobs.advance("0s").await;
    end(&jobs, &cues, "for_each 1", End::Err).await;
    let info = for_each::status().await.expect("it is there");
    assert_eq!((info.instances, info.paused.is_some()), (2, true));
    for_each::resume().await.expect("it is there");
    jobs.advance("0s").await;
    assert_eq!(for_each::status().await.expect("it is there").running, 2);
}
