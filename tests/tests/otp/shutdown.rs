//! `shutdown`: in which order children are stopped, and how long each may take.

use job_runtime::{Outcome, service};

use crate::crew::{Asked, Cues, Failure, services, told_since, with};
use crate::stage::ms;

services![stubborn_a, stubborn_b, stubborn_c];
job_runtime::group!(pub STUBBORN = [stubborn_a, stubborn_b, stubborn_c]);

#[tokio::test(start_paused = true)]
async fn shutdown_order_of_a_group_is_the_reverse_and_one_after_another() {
    let names = ["stubborn_a", "stubborn_b", "stubborn_c"];
    let (jobs, cues) = with(&names, |jobs| jobs).await;
    let before = jobs.events().len();
    names.iter().for_each(|name| cues.when_asked(name, Asked::After(200)));
    jobs.shutdown().await.expect("each ends within its grace");
    let expected = [
        "0ms shutdown started",
        "200ms stubborn_c completed",
        "400ms stubborn_b completed",
        "600ms stubborn_a completed",
        "600ms shutdown finished, abandoned []",
    ];
    assert_eq!(told_since(&jobs, before), expected);
}

services![parallel_a, parallel_b, parallel_c];

/// As under a `DynamicSupervisor` or a `Task.Supervisor`.
#[tokio::test(start_paused = true)]
async fn shutdown_order_outside_of_groups_is_all_at_once() {
    let names = ["parallel_a", "parallel_b", "parallel_c"];
    let (jobs, cues) = with(&names, |jobs| jobs).await;
    names.iter().for_each(|name| cues.when_asked(name, Asked::After(200)));
    jobs.shutdown().await.expect("each ends within its grace");
    for name in names {
        assert_eq!(jobs.runs(name)[0].finished_at.map(ms), Some(200), "{name}");
    }
}

/// When a service that does not end was dropped, and how the shutdown ended.
async fn dropped_at(grace: Option<&'static str>) -> u128 {
    let (jobs, cues) = with(&["parallel_a"], |jobs| match grace {
        Some(grace) => jobs.configure("parallel_a", move |job| job.job_shutdown(grace)),
        None => jobs,
    })
    .await;
    cues.when_asked("parallel_a", Asked::Deaf);
    let error = jobs.shutdown().await.expect_err("it was dropped");
    assert!(error.is_abandoned(), "{error}");
    assert_eq!(error.to_string(), "shut down without waiting for `parallel_a`");
    let run = jobs.runs("parallel_a").remove(0);
    assert_eq!(run.outcome, Some(Outcome::Interrupted));
    ms(run.finished_at.expect("it has ended"))
}

#[tokio::test(start_paused = true)]
async fn shutdown_value_is_five_seconds_unless_told_otherwise() {
    assert_eq!(dropped_at(None).await, 5_000);
}

#[tokio::test(start_paused = true)]
async fn shutdown_value_of_a_length_is_waited_for_and_then_the_run_is_dropped() {
    assert_eq!(dropped_at(Some("1200ms")).await, 1_200);
}

#[tokio::test(start_paused = true)]
async fn shutdown_value_brutal_kill_drops_at_once() {
    assert_eq!(dropped_at(Some("brutal_kill")).await, 0);
}

/// In OTP nothing bounds it, which is for supervisors; here the runtime's own limit does.
#[tokio::test(start_paused = true)]
async fn shutdown_value_infinity_is_as_long_as_the_runtime_allows() {
    assert_eq!(dropped_at(Some("infinity")).await, 25_000);
}

#[service]
async fn unaware(cues: &Cues) -> Result<(), Failure> {
    cues.play_deaf("unaware").await
}

/// A child that does not trap exits dies of the signal. A function without `&Context` cannot hear either, but to drop
/// it at once would break off work that needs a moment: it may end within its grace.
#[tokio::test(start_paused = true)]
async fn shutdown_value_is_the_time_for_one_that_cannot_hear_to_come_to_its_end() {
    let (jobs, cues) = with(&["unaware"], |jobs| jobs).await;
    let ends = async {
        jobs.advance("3s").await;
        cues.end("unaware", crate::crew::End::Ok);
    };
    let (result, ()) = tokio::join!(jobs.shutdown(), ends);
    result.expect("it ended by itself");
    let run = jobs.runs("unaware").remove(0);
    assert_eq!((run.outcome, run.finished_at.map(ms)), (Some(Outcome::Completed), Some(3_000)));
}

/// When it is stopped for another reason, nothing is gained by waiting for one that cannot hear.
#[tokio::test(start_paused = true)]
async fn shutdown_value_of_one_that_cannot_hear_is_nothing_while_the_runtime_goes_on() {
    let (jobs, _cues) = with(&["unaware"], |jobs| jobs).await;
    jobs.runtime().pause("unaware", "for now").await.expect("it is there");
    jobs.advance("0s").await;
    let run = jobs.runs("unaware").remove(0);
    assert_eq!((run.outcome, run.finished_at.map(ms)), (Some(Outcome::Cancelled), Some(0)));
}
