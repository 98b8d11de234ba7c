//! `restart`: who comes back after which end.

use job_runtime::Outcome;

use crate::crew::{End, end, on, services, with};
use crate::stage::{assert_paired, counts, starts};

services![permanent, transient, temporary];

/// How a run of a service with this `restart` ended, and whether another was started.
async fn is_restarted(restart: &'static str, how: End) -> (Option<Outcome>, bool) {
    let (jobs, cues) = with(&["permanent"], |jobs| jobs.configure("permanent", move |job| job.restart(restart))).await;
    end(&jobs, &cues, "permanent", how).await;
    jobs.advance("1h").await;
    let runs = jobs.runs("permanent");
    jobs.shutdown().await.expect("it ends when it is asked");
    assert_paired(&jobs.events());
    (runs[0].outcome, runs.len() == 2)
}

/// The ends of OTP: `normal` is `Ok`, an exit with `shutdown` is a run that cancels itself, and any other reason is an
/// error or a panic.
const ENDS: [(End, Outcome); 4] = [
    (End::Ok, Outcome::Completed),
    (End::Cancel, Outcome::Cancelled),
    (End::Err, Outcome::Failed),
    (End::Panic, Outcome::Panicked),
];

#[tokio::test(start_paused = true)]
async fn restart_permanent_comes_back_after_every_end() {
    for (how, outcome) in ENDS {
        assert_eq!(is_restarted("permanent", how).await, (Some(outcome), true));
    }
}

#[tokio::test(start_paused = true)]
async fn restart_transient_comes_back_after_an_error_and_a_panic_only() {
    for (how, outcome) in ENDS {
        let abnormal = matches!(how, End::Err | End::Panic);
        assert_eq!(is_restarted("transient", how).await, (Some(outcome), abnormal));
    }
}

#[tokio::test(start_paused = true)]
async fn restart_temporary_never_comes_back() {
    for (how, outcome) in ENDS {
        assert_eq!(is_restarted("temporary", how).await, (Some(outcome), false));
    }
}

#[tokio::test(start_paused = true)]
async fn restart_is_permanent_unless_told_otherwise() {
    let (jobs, cues) = on(&["temporary"]).await;
    end(&jobs, &cues, "temporary", End::Ok).await;
    jobs.advance("500ms").await;
    assert_eq!(starts(&jobs, "temporary"), [0, 500]);
}

services![failing_first, never_again, comes_again];
job_runtime::group!(pub TAKEN_ALONG = [failing_first, never_again, comes_again], strategy = "one_for_all");

#[tokio::test(start_paused = true)]
async fn restart_temporary_does_not_come_back_even_when_the_strategy_would_take_it_along() {
    let (jobs, cues) = with(&["failing_first", "never_again", "comes_again"], |jobs| {
        jobs.configure("never_again", |job| job.restart("temporary"))
            .configure("comes_again", |job| job.restart("transient"))
    })
    .await;
    // A transient one that had ended as it should comes back with the others, as in OTP.
    end(&jobs, &cues, "comes_again", End::Ok).await;
    end(&jobs, &cues, "failing_first", End::Err).await;
    jobs.advance("500ms").await;
    assert_eq!(starts(&jobs, "failing_first"), [0, 500]);
    assert_eq!(starts(&jobs, "never_again"), [0]);
    assert_eq!(starts(&jobs, "comes_again"), [0, 500]);
    assert_eq!(jobs.runs("never_again")[0].outcome, Some(Outcome::Cancelled));
    // What is over does not wait for anything.
    assert_eq!(counts(&jobs, "never_again"), (1, 1, 0, 0, 0));
}
