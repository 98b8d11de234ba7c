//! `max_restarts` and `max_seconds`: how many ends are too many.

use crate::crew::{End, end, told, with};
use crate::stage::starts;

crate::crew::services![crashing];

const NAMES: [&str; 1] = ["crashing"];

#[tokio::test(start_paused = true)]
async fn intensity_is_three_restarts_in_five_seconds_and_the_fourth_crash_is_one_too_many() {
    let (jobs, cues) = with(&NAMES, |jobs| jobs.configure("crashing", |job| job.backoff("1s"))).await;
    for _ in 0..3 {
        end(&jobs, &cues, "crashing", End::Err).await;
        jobs.advance("1s").await;
    }
    assert_eq!(starts(&jobs, "crashing"), [0, 1_000, 2_000, 3_000]);
    end(&jobs, &cues, "crashing", End::Err).await;
    assert_eq!(starts(&jobs, "crashing").len(), 4);
    let last = [
        "3000ms crashing failed",
        "3000ms crashing gave up: crashing failed",
        "3000ms shutdown started",
        "3000ms shutdown finished, abandoned []",
    ];
    assert!(told(&jobs).ends_with(&last.map(str::to_owned)), "{:#?}", told(&jobs));
}

#[tokio::test(start_paused = true)]
async fn intensity_of_a_child_that_crashes_at_once_is_four_starts() {
    let (jobs, cues) = with(&NAMES, |jobs| jobs.configure("crashing", |job| job.backoff("0s"))).await;
    cues.ends("crashing", [End::Err; 10]);
    jobs.advance("0s").await;
    assert_eq!(starts(&jobs, "crashing"), [0; 4]);
    assert!(jobs.runtime().join().await.expect_err("it gave up").is_gave_up());
}

#[tokio::test(start_paused = true)]
async fn intensity_of_zero_is_used_up_by_the_first_crash() {
    let (jobs, cues) = with(&NAMES, |jobs| jobs.configure("crashing", |job| job.max_restarts(0))).await;
    jobs.advance("1h").await;
    end(&jobs, &cues, "crashing", End::Panic).await;
    assert_eq!(starts(&jobs, "crashing"), [0]);
    assert!(jobs.runtime().join().await.expect_err("it gave up").is_gave_up());
}

#[tokio::test(start_paused = true)]
async fn intensity_counts_every_end_after_which_there_is_a_restart() {
    let (jobs, cues) = with(&NAMES, |jobs| jobs.configure("crashing", |job| job.backoff("0s"))).await;
    cues.ends("crashing", [End::Ok, End::Panic, End::Cancel, End::Ok]);
    jobs.advance("0s").await;
    assert_eq!(starts(&jobs, "crashing"), [0; 4]);
    let error = jobs.runtime().join().await.expect_err("it gave up");
    assert_eq!(error.to_string(), "service `crashing` used up its restarts (3 in 5s)");
}

#[tokio::test(start_paused = true)]
async fn intensity_does_not_count_an_end_after_which_there_is_none() {
    let transient = |job: job_runtime::JobConfig| job.backoff("0s")?.restart("transient")?.max_restarts(0);
    let (jobs, cues) = with(&NAMES, |jobs| jobs.configure("crashing", transient)).await;
    end(&jobs, &cues, "crashing", End::Ok).await;
    jobs.runtime().trigger("crashing").await.expect("it has ended");
    end(&jobs, &cues, "crashing", End::Ok).await;
    assert_eq!(starts(&jobs, "crashing"), [0; 2]);
    jobs.shutdown().await.expect("nothing gave up");
}
