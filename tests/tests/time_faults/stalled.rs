//! C5: a process that stands still for a while, with both clocks going on.

use std::time::Duration;

use job_runtime::testing::Harness;
use job_runtime::{EventKind, MissReason};

use crate::scene::{add, add_with, assert_balanced, chronicle, clocks_at, every, instant, story, ticks, utc_cron};
use crate::stage::{books, counts};

/// Five seconds after midnight, with jobs that tick each second.
async fn five_seconds_in() -> Harness {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    for policy in ["one", "skip", "all(3)"] {
        add_with(&jobs, policy, utc_cron("* * * * * *"), |job| job.on_missed(policy));
    }
    add(&jobs, "minutely", utc_cron("* * * * *"));
    add(&jobs, "every", every("1s"));
    jobs.advance("5s").await;
    jobs
}

#[tokio::test(start_paused = true)]
async fn c5_a_stall_of_25s_is_coalesced_and_counted() {
    let jobs = five_seconds_in().await;
    jobs.stall("25s").await;
    assert_eq!(chronicle(&jobs), ["stalled for 24s"]);
    let lasted = jobs.events().into_iter().find_map(|event| match event.kind {
        EventKind::Stalled { lasted } => Some(lasted),
        _ => None,
    });
    assert_eq!(lasted, Some(Duration::from_secs(24)));
    for job in ["one", "skip", "every"] {
        let told = story(&jobs, job);
        assert_eq!(told[5..], ["missed stalled 24: 00:00:06 to 00:00:29", "runs 00:00:30"], "{job}");
        assert_eq!(counts(&jobs, job), (30, 6, 0, 24, 0), "{job}");
        assert_eq!(books(&jobs, job).missed_for(MissReason::Stalled), 24, "{job}");
    }
    let told = ["missed stalled 22: 00:00:06 to 00:00:27", "runs 00:00:28", "runs 00:00:29", "runs 00:00:30"];
    assert_eq!(story(&jobs, "all(3)")[5..], told);
    assert_eq!(counts(&jobs, "all(3)"), (30, 8, 0, 22, 0));
    jobs.advance("30s").await;
    assert_eq!(ticks(&jobs, "minutely"), ["2026-01-01 00:01:00"]);
    assert_eq!(counts(&jobs, "one"), (60, 36, 0, 24, 0));
    assert_balanced(&jobs);
}

#[tokio::test(start_paused = true)]
async fn c5_a_stall_over_one_tick_delays_it() {
    let jobs = five_seconds_in().await;
    jobs.stall("80s").await;
    let run = jobs.runs("minutely").pop().expect("it ran");
    assert_eq!(run.scheduled_at, instant("2026-01-01T00:01:00Z"));
    assert_eq!(run.started_at, instant("2026-01-01T00:01:25Z"));
    assert_eq!(counts(&jobs, "minutely"), (1, 1, 0, 0, 0));
}

/// What the two clocks drift apart meanwhile, by less than a step, is no reason of its own.
#[tokio::test(start_paused = true)]
async fn c5_a_stall_is_a_stall_though_the_clocks_drift() {
    let jobs = five_seconds_in().await;
    jobs.set_wall(jobs.now() + Duration::from_millis(50)).await;
    jobs.stall("25s").await;
    assert_eq!(chronicle(&jobs), ["stalled for 24s"]);
    let books = books(&jobs, "one");
    assert_eq!((books.missed_for(MissReason::Stalled), books.missed_for(MissReason::ClockStepped)), (24, 0));
}

/// A stall in the course of which the wall clock is set as well: the step is told, and the ticks are counted once.
#[tokio::test(start_paused = true)]
async fn c5_a_stall_and_a_step_at_once() {
    let jobs = five_seconds_in().await;
    jobs.set_wall("2026-01-01T00:01:05Z").await;
    jobs.stall("25s").await;
    assert_eq!(chronicle(&jobs), ["stalled for 24s", "stepped forward by 60s"]);
    assert_eq!(counts(&jobs, "one"), (90, 6, 0, 84, 0));
    assert_eq!(ticks(&jobs, "one").last().expect("it ran"), "2026-01-01 00:01:30");
    assert_eq!(counts(&jobs, "every"), (30, 6, 0, 24, 0));
    assert_balanced(&jobs);
}
