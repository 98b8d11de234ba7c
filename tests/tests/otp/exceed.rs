//! When the restarts are used up: OTP stops all children in reverse and exits, and so does the supervisor above, up to
//! the application. Here it is one step: the runtime shuts down in order and its result says who gave up, or, where
//! that is wanted, the one service is paused.

use std::error::Error;

use crate::crew::{End, Failure, end, services, told_since, with};
use crate::stage::starts;

services![giving_up, beside];

#[tokio::test(start_paused = true)]
async fn on_exceed_the_runtime_shuts_down_in_order_and_tells_the_last_error() {
    let (jobs, cues) =
        with(&["giving_up", "beside"], |jobs| jobs.configure("giving_up", |job| job.max_restarts(0))).await;
    let before = jobs.events().len();
    end(&jobs, &cues, "giving_up", End::Err).await;
    let told = told_since(&jobs, before);
    let expected = [
        "0ms giving_up failed",
        "0ms giving_up gave up: giving_up failed",
        "0ms shutdown started",
        "0ms beside completed",
        "0ms shutdown finished, abandoned []",
    ];
    assert_eq!(told, expected);
    let error = jobs.runtime().join().await.expect_err("it gave up");
    assert!(error.is_gave_up() && !error.is_abandoned());
    assert_eq!(
        error.to_string(),
        "service `giving_up` used up its restarts (0 in 5s); its last error: giving_up failed"
    );
    let source = error.source().expect("it has one");
    assert_eq!(source.downcast_ref::<Failure>().expect("the job's own").0, "giving_up");
}

#[tokio::test(start_paused = true)]
async fn on_exceed_one_service_can_be_paused_instead() {
    let (jobs, cues) = with(&["giving_up", "beside"], |jobs| {
        jobs.configure("giving_up", |job| job.max_restarts(0)?.on_give_up("pause"))
    })
    .await;
    end(&jobs, &cues, "giving_up", End::Err).await;
    jobs.advance("1h").await;
    assert_eq!((starts(&jobs, "giving_up").len(), starts(&jobs, "beside").len()), (1, 1));
    assert_eq!(jobs.running().len(), 1);
    jobs.shutdown().await.expect("a pause is no end of the runtime");
}

services![first_of_three, second_of_three, third_of_three];
job_runtime::group!(pub OF_THREE = [first_of_three, second_of_three, third_of_three], max_restarts = 0);

#[tokio::test(start_paused = true)]
async fn on_exceed_of_a_group_its_members_stop_in_reverse_order() {
    let (jobs, cues) = with(&["first_of_three", "second_of_three", "third_of_three"], |jobs| jobs).await;
    let before = jobs.events().len();
    end(&jobs, &cues, "second_of_three", End::Err).await;
    let expected = [
        "0ms second_of_three failed",
        "0ms second_of_three gave up: second_of_three failed",
        "0ms shutdown started",
        "0ms third_of_three completed",
        "0ms first_of_three completed",
        "0ms shutdown finished, abandoned []",
    ];
    assert_eq!(told_since(&jobs, before), expected);
    let error = jobs.runtime().join().await.expect_err("it gave up");
    assert!(error.is_gave_up());
    let text = "group `OF_THREE` used up its restarts (0 in 5s); its last error: second_of_three failed";
    assert_eq!(error.to_string(), text);
}
