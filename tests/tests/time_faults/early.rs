//! C8 and C9: a wall clock that falls behind just before a tick, or shows a second twice.

use std::time::Duration;

use job_runtime::testing::Harness;

use crate::scene::{
    TenMinutes, add, add_with, assert_balanced, assert_on_time, chronicle, clocks_at, every, go_to, instant, ticks,
    utc, utc_cron,
};
use crate::stage::counts;

const JOBS: [&str; 3] = ["cron", "aligned", "rule"];

fn add_all(jobs: &Harness) {
    add(jobs, "cron", utc_cron("*/10 * * * *"));
    add_with(jobs, "aligned", every("10m"), |job| job.align(true));
    add(jobs, "rule", TenMinutes);
}

/// The timer was armed by a clock that has fallen behind since, and so it rings too early.
#[tokio::test(start_paused = true)]
async fn c8_a_timer_that_is_1_to_20ms_early_starts_nothing_early_and_nothing_twice() {
    for early in 1..=20 {
        let jobs = clocks_at("2026-01-01T00:00:00Z").await;
        add_all(&jobs);
        jobs.advance("9m59990ms").await;
        let behind = Duration::from_millis(early);
        jobs.set_wall(jobs.now() - behind).await;
        // The moment for which the timers were armed.
        jobs.advance("10ms").await;
        for job in JOBS {
            assert!(jobs.runs(job).is_empty(), "{job} is early by {early} ms");
            assert_eq!(utc(jobs.next(job, 1)[0]), "2026-01-01 00:10:00");
        }
        go_to(&jobs, "2026-01-01T00:30:00Z").await;
        for job in JOBS {
            assert_eq!(ticks(&jobs, job), ["2026-01-01 00:10:00", "2026-01-01 00:20:00", "2026-01-01 00:30:00"]);
            assert_on_time(&jobs, job);
            assert_eq!(counts(&jobs, job), (3, 3, 0, 0, 0), "{job}");
        }
        assert_eq!(chronicle(&jobs), Vec::<String>::new());
    }
}

/// It falls behind again and again, so that the timer is early many times over.
#[tokio::test(start_paused = true)]
async fn c8_a_timer_that_is_early_again_and_again() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add_all(&jobs);
    jobs.advance("9m59900ms").await;
    while jobs.now() < instant("2026-01-01T00:10:00.100Z") {
        jobs.set_wall(jobs.now() - Duration::from_millis(9)).await;
        jobs.advance("10ms").await;
    }
    for job in JOBS {
        assert_eq!(ticks(&jobs, job), ["2026-01-01 00:10:00"]);
        let run = jobs.runs(job).pop().expect("it ran");
        let late = run.started_at.duration_since(run.scheduled_at).expect("never before its time");
        assert!(late < Duration::from_millis(10), "{job}: {run:?}");
        assert_eq!(counts(&jobs, job), (1, 1, 0, 0, 0), "{job}");
    }
}

/// tokio's timers have a grain of a millisecond, and the wall clock need not stand on it.
#[tokio::test(start_paused = true)]
async fn c8_between_two_milliseconds() {
    let jobs = clocks_at("2026-01-01T00:00:00.000300Z").await;
    add_all(&jobs);
    add(&jobs, "secondly", utc_cron("* * * * * *"));
    jobs.advance("20m").await;
    for (job, runs) in [("cron", 2), ("aligned", 2), ("rule", 2), ("secondly", 1_200)] {
        assert_eq!(counts(&jobs, job), (runs, runs, 0, 0, 0), "{job}");
        for run in jobs.runs(job) {
            let late = run.started_at.duration_since(run.scheduled_at).expect("never before its time");
            assert!(late < Duration::from_millis(1), "{job}: {run:?}");
        }
    }
}

// ---- leap seconds

const AROUND_MIDNIGHT: [(&str, &str); 3] =
    [("midnight", "0 0 * * *"), ("last second", "59 59 23 * * *"), ("secondly", "* * * * * *")];

async fn just_before_midnight() -> Harness {
    let jobs = clocks_at("2016-12-31T23:59:50Z").await;
    for (name, expression) in AROUND_MIDNIGHT {
        add(&jobs, name, utc_cron(expression));
    }
    jobs
}

/// Every second of the wall clock has had one run, though one of them came twice.
fn assert_each_second_once(jobs: &Harness) {
    assert_eq!(ticks(jobs, "midnight"), ["2017-01-01 00:00:00"]);
    assert_eq!(ticks(jobs, "last second"), ["2016-12-31 23:59:59"]);
    let seconds = (51..=59).map(|second| format!("2016-12-31 23:59:{second}"));
    let seconds: Vec<String> = seconds.chain((0..=10).map(|second| format!("2017-01-01 00:00:{second:02}"))).collect();
    assert_eq!(ticks(jobs, "secondly"), seconds);
    assert_eq!(counts(jobs, "midnight"), (1, 1, 0, 0, 0));
    assert_eq!(counts(jobs, "last second"), (1, 1, 0, 0, 0));
    assert_eq!(counts(jobs, "secondly"), (20, 20, 0, 0, 0));
    assert_eq!(chronicle(jobs), Vec::<String>::new());
}

/// As Linux has it: in place of 23:59:60 the clock shows 23:59:59 again.
#[tokio::test(start_paused = true)]
async fn c9_the_last_second_of_the_year_comes_twice() {
    let jobs = just_before_midnight().await;
    go_to(&jobs, "2016-12-31T23:59:59.999Z").await;
    jobs.set_wall("2016-12-31T23:59:58.999Z").await;
    jobs.advance("1s").await;
    assert!(jobs.runs("midnight").is_empty());
    jobs.advance("1ms").await;
    assert_on_time(&jobs, "midnight");
    go_to(&jobs, "2017-01-01T00:00:10Z").await;
    assert_each_second_once(&jobs);
}

/// The new year has begun already when the clock is set right.
#[tokio::test(start_paused = true)]
async fn c9_the_clock_is_set_back_when_it_has_struck_midnight() {
    let jobs = just_before_midnight().await;
    go_to(&jobs, "2017-01-01T00:00:00Z").await;
    jobs.set_wall("2016-12-31T23:59:59Z").await;
    go_to(&jobs, "2017-01-01T00:00:10Z").await;
    assert_each_second_once(&jobs);
}

#[tokio::test(start_paused = true)]
async fn c9_a_second_left_out() {
    let jobs = just_before_midnight().await;
    go_to(&jobs, "2016-12-31T23:59:58.999Z").await;
    jobs.set_wall("2016-12-31T23:59:59.999Z").await;
    jobs.advance("0s").await;
    go_to(&jobs, "2017-01-01T00:00:10Z").await;
    assert_each_second_once(&jobs);
}

/// The second is spread over a while, a millisecond each second: forward or back.
async fn smeared(back: bool) {
    let jobs = just_before_midnight().await;
    add(&jobs, "hourly", utc_cron("15 0 * * *"));
    let grain = Duration::from_millis(1);
    for _ in 0..1_000 {
        let now = jobs.now();
        jobs.set_wall(if back { now - grain } else { now + grain }).await;
        jobs.advance("1s").await;
    }
    go_to(&jobs, "2017-01-01T00:17:00Z").await;
    assert_eq!(ticks(&jobs, "midnight"), ["2017-01-01 00:00:00"]);
    assert_eq!(ticks(&jobs, "last second"), ["2016-12-31 23:59:59"]);
    let first = instant("2016-12-31T23:59:51Z");
    let ran = jobs.runs("secondly");
    assert_eq!(ran.len(), 10 + 17 * 60);
    for (second, run) in (0..).zip(&ran) {
        assert_eq!(run.scheduled_at, first + Duration::from_secs(second));
    }
    for job in ["midnight", "last second", "secondly", "hourly"] {
        for run in jobs.runs(job) {
            let late = run.started_at.duration_since(run.scheduled_at).expect("never before its time");
            // The clocks may go apart for 30 s until it is seen, and by 10 ms until the timers are set anew.
            assert!(late <= Duration::from_millis(40), "{job} is late by {late:?}");
        }
    }
    assert_eq!(chronicle(&jobs), Vec::<String>::new());
    assert_balanced(&jobs);
}

#[tokio::test(start_paused = true)]
async fn c9_a_second_added_by_a_smear() {
    smeared(true).await;
}

#[tokio::test(start_paused = true)]
async fn c9_a_second_taken_away_by_a_smear() {
    smeared(false).await;
}
