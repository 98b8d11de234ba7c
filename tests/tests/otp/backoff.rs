//! OTP restarts at once, and a backoff is its users' to write: that burns a budget within microseconds. Here restarts
//! wait, unless they are told not to.

use job_runtime::testing::Harness;
use job_runtime::{EventKind, JobConfig};

use crate::crew::{Cues, End, end, services, with};
use crate::stage::{next, starts};

services![waiting];

/// A service that never gives up.
async fn started(set: fn(JobConfig) -> job_runtime::Result<JobConfig>) -> (Harness, Cues) {
    with(&["waiting"], |jobs| jobs.configure("waiting", move |job| set(job)?.max_restarts(1_000))).await
}

/// The delays before restarts that were told, in milliseconds.
fn delays(jobs: &Harness) -> Vec<u128> {
    let events = jobs.events();
    let delay =
        |kind: &EventKind| if let EventKind::Restarted { delay } = kind { Some(delay.as_millis()) } else { None };
    events.iter().filter_map(|event| delay(&event.kind)).collect()
}

#[tokio::test(start_paused = true)]
async fn no_backoff_where_it_is_set_to_nothing() {
    let (jobs, cues) = started(|job| job.backoff("0s")).await;
    cues.ends("waiting", [End::Err; 5]);
    jobs.advance("0s").await;
    assert_eq!(starts(&jobs, "waiting"), [0; 6]);
    assert_eq!(delays(&jobs), [0; 5]);
}

#[tokio::test(start_paused = true)]
async fn no_backoff_is_not_our_default_which_doubles_from_500ms_to_30s_without_jitter() {
    let (jobs, cues) = started(Ok).await;
    let mut time = 0;
    let mut expected = vec![0];
    let waits = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000];
    for wait in waits {
        end(&jobs, &cues, "waiting", End::Err).await;
        time += wait;
        expected.push(time);
        assert_eq!(next(&jobs, "waiting", 5), [time]);
        jobs.advance(std::time::Duration::from_millis(wait as u64 - 1)).await;
        assert!(jobs.running().is_empty());
        jobs.advance("1ms").await;
        assert_eq!(starts(&jobs, "waiting"), expected);
    }
    assert_eq!(delays(&jobs), waits);
}

#[tokio::test(start_paused = true)]
async fn no_backoff_of_one_length_unless_it_is_given_as_one() {
    let (jobs, cues) = started(|job| job.backoff("7s")).await;
    for _ in 0..4 {
        end(&jobs, &cues, "waiting", End::Ok).await;
        jobs.advance("7s").await;
    }
    assert_eq!(starts(&jobs, "waiting"), [0, 7_000, 14_000, 21_000, 28_000]);
}

/// The delay before the third restart, after a run that was up for so long.
async fn third_delay_after(up: &str) -> u128 {
    let (jobs, cues) = started(|job| job.max_seconds(5)).await;
    for ahead in ["0s", "500ms"] {
        jobs.advance(ahead).await;
        end(&jobs, &cues, "waiting", End::Err).await;
    }
    jobs.advance("1s").await;
    jobs.advance(up).await;
    end(&jobs, &cues, "waiting", End::Err).await;
    delays(&jobs)[2]
}

#[tokio::test(start_paused = true)]
async fn no_backoff_from_before_is_left_after_a_run_that_was_up_for_longer_than_max_seconds() {
    assert_eq!(third_delay_after("0s").await, 2_000);
    assert_eq!(third_delay_after("4999ms").await, 2_000);
    assert_eq!(third_delay_after("5s").await, 2_000, "exactly so long is not longer");
    assert_eq!(third_delay_after("5001ms").await, 500);
    assert_eq!(third_delay_after("1h").await, 500);
}

/// In OTP a `start_link` that fails is tried again at once, and each try counts. Nothing can fail here before a run has
/// started: a service that fails as the first thing it does has ended like any other.
#[tokio::test(start_paused = true)]
async fn no_backoff_for_a_start_that_fails_because_there_is_none() {
    let (jobs, cues) = started(Ok).await;
    cues.ends("waiting", [End::Err; 3]);
    jobs.advance("3500ms").await;
    assert_eq!(starts(&jobs, "waiting"), [0, 500, 1_500, 3_500]);
    assert_eq!(delays(&jobs), [500, 1_000, 2_000]);
}
