//! The window in which ends count: the last `max_seconds`, its beginning left out, to the nanosecond. OTP compares
//! whole seconds and takes the beginning in; `Parent` counts as we do.

use job_runtime::JobConfig;
use job_runtime::testing::Harness;

use crate::crew::{Cues, End, end, services, with};
use crate::stage::at;

services![windowed];

/// A service that is restarted at once, with a budget.
async fn started(max_restarts: u32, max_seconds: u32) -> (Harness, Cues) {
    let set = move |job: JobConfig| job.backoff("0s")?.max_restarts(max_restarts)?.max_seconds(max_seconds);
    with(&["windowed"], |jobs| jobs.configure("windowed", set)).await
}

/// Whether a service outlives ends at these milliseconds.
async fn survives(max_restarts: u32, max_seconds: u32, ends: &[u64]) -> bool {
    let (jobs, cues) = started(max_restarts, max_seconds).await;
    for time in ends {
        let ahead = at(*time).duration_since(jobs.now()).expect("ends come in order");
        jobs.advance(ahead).await;
        end(&jobs, &cues, "windowed", End::Err).await;
    }
    let survived = jobs.running().len() == 1;
    assert_eq!(jobs.shutdown().await.is_ok(), survived);
    survived
}

#[tokio::test(start_paused = true)]
async fn window_gives_up_at_the_fourth_end_within_it() {
    assert!(survives(3, 5, &[0, 1_000, 2_000]).await);
    assert!(!survives(3, 5, &[0, 1_000, 2_000, 3_000]).await);
    assert!(!survives(3, 5, &[0, 0, 0, 0]).await);
}

#[tokio::test(start_paused = true)]
async fn window_an_end_exactly_five_seconds_ago_no_longer_counts() {
    assert!(survives(3, 5, &[0, 1_000, 2_000, 5_000]).await);
    assert!(survives(3, 5, &[100, 1_000, 2_000, 5_100]).await);
}

#[tokio::test(start_paused = true)]
async fn window_an_end_one_millisecond_less_ago_counts() {
    assert!(!survives(3, 5, &[0, 1_000, 2_000, 4_999]).await);
    assert!(!survives(3, 5, &[100, 1_000, 2_000, 5_099]).await);
}

#[tokio::test(start_paused = true)]
async fn window_slides_with_every_end() {
    // At 6 s those of 0 and 1 s are out of it.
    assert!(survives(3, 5, &[0, 1_000, 2_000, 5_000, 6_000, 7_000, 10_000]).await);
    assert!(!survives(3, 5, &[0, 1_000, 2_000, 5_000, 6_000, 6_999]).await);
    assert!(!survives(1, 1, &[0, 1_000, 2_000, 2_999]).await);
}

/// With 2 in 2, ends at 0, 1 and 2 s end an OTP supervisor, whose window of whole seconds takes in both its ends. Ours
/// is as long as it says: 2 s, and no third second.
#[tokio::test(start_paused = true)]
async fn window_of_two_seconds_holds_two_of_the_ends_at_0_1_and_2_seconds() {
    assert!(survives(2, 2, &[0, 1_000, 2_000]).await);
    assert!(!survives(2, 2, &[1, 1_000, 2_000]).await);
    assert!(survives(2, 2, &[0, 1_000, 2_000, 3_000, 4_000]).await);
}

#[tokio::test(start_paused = true)]
async fn window_without_restarts_holds_none() {
    assert!(!survives(0, 5, &[0]).await);
    assert!(!survives(0, 1, &[3_600_000]).await);
}

#[tokio::test(start_paused = true)]
async fn window_goes_by_the_clock_that_is_not_set() {
    let (jobs, cues) = started(1, 5).await;
    end(&jobs, &cues, "windowed", End::Err).await;
    jobs.suspend("1h").await;
    jobs.advance("4s").await;
    assert_eq!(jobs.running().len(), 1);
    end(&jobs, &cues, "windowed", End::Err).await;
    assert!(jobs.runtime().join().await.expect_err("only 4 s have passed").is_gave_up());
}

/// The time that a run was up does not matter, nor does that of its wait: only when it ended.
#[tokio::test(start_paused = true)]
async fn window_counts_ends_and_not_starts() {
    let set = |job: JobConfig| job.backoff("3s")?.max_restarts(1)?.max_seconds(5);
    let (jobs, cues) = with(&["windowed"], |jobs| jobs.configure("windowed", set)).await;
    for ahead in ["0s", "5s", "5s"] {
        jobs.advance(ahead).await;
        end(&jobs, &cues, "windowed", End::Err).await;
    }
    jobs.advance("4999ms").await;
    assert_eq!(jobs.running().len(), 1);
    end(&jobs, &cues, "windowed", End::Err).await;
    assert!(jobs.runtime().join().await.expect_err("the second end in 4999 ms").is_gave_up());
}
