//! C11: jitter and splay of calendar times, whose distances differ.

use std::time::{Duration, SystemTime};

use job_runtime::testing::{Harness, Run};
use job_runtime::{EventKind, JobConfig, Recurrence, Result, Schedule};

use crate::scene::{TenMinutes, add_with, assert_balanced, clocks_at, cron, go_to, instant, utc, utc_cron};
use crate::stage::counts;

/// How late each run of a job started.
fn lateness(jobs: &Harness, job: &str) -> Vec<Duration> {
    let late = |run: Run| run.started_at.duration_since(run.scheduled_at);
    jobs.runs(job).into_iter().map(|run| late(run).expect("never before its time")).collect()
}

/// No run of a job starts at its next tick or later, and all ticks of its schedule from `start` on have run.
#[track_caller]
fn assert_within_ticks(jobs: &Harness, job: &str, schedule: &Schedule, start: SystemTime) {
    let runs = jobs.runs(job);
    assert!(runs.len() > 5, "{job}");
    for (run, tick) in runs.iter().zip(schedule.upcoming(start)) {
        assert_eq!(utc(run.scheduled_at), utc(tick), "{job}");
        let next = schedule.upcoming(tick).next().expect("there is another");
        assert!(run.started_at >= tick && run.started_at < next, "{job}: {run:?}, and the next is {}", utc(next));
    }
}

type Change = fn(JobConfig) -> Result<JobConfig>;

const SPREADS: [(&str, Change); 3] = [
    ("jitter", |job| job.jitter("40d")),
    ("splay", |job| job.splay("40d")),
    ("both", |job| job.jitter("40d")?.splay("40d")),
];

/// From the last day of a month to the first of the next is a day, and from there to the last almost a month.
#[tokio::test(start_paused = true)]
async fn c11_never_past_the_next_tick_where_ticks_are_unequally_apart() {
    let start = "2026-01-01T12:00:00Z";
    let jobs = clocks_at(start).await;
    let schedule = utc_cron("0 0 1,L * *");
    for (name, change) in SPREADS {
        add_with(&jobs, name, schedule.clone(), change);
    }
    go_to(&jobs, "2028-01-01T12:00:00Z").await;
    for (name, _) in SPREADS {
        assert_within_ticks(&jobs, name, &schedule, instant(start));
        let late = lateness(&jobs, name);
        let day = Duration::from_secs(86_400);
        assert!(late.iter().step_by(2).all(|late| *late < day), "{late:?}");
        assert!(late.iter().any(|late| *late > day), "{name} does not use the room it has: {late:?}");
        assert_eq!(counts(&jobs, name).0, 48, "{name}");
    }
    assert_balanced(&jobs);
}

/// Where the next local time is an hour nearer, or an hour farther.
#[tokio::test(start_paused = true)]
async fn c11_never_past_the_next_tick_while_clocks_change() {
    let zone = "Europe/Berlin";
    for start in ["2026-03-28T12:00:00+01:00", "2026-10-24T12:00:00+02:00"] {
        let jobs = clocks_at(start).await;
        for (expression, name) in [("0 * * * *", "hourly"), ("0 0,1,2,3,4 * * *", "fixed")] {
            for (spread, change) in SPREADS {
                add_with(&jobs, &format!("{name} {spread}"), cron(expression, zone), change);
            }
        }
        jobs.advance("60h").await;
        for (expression, name) in [("0 * * * *", "hourly"), ("0 0,1,2,3,4 * * *", "fixed")] {
            for (spread, _) in SPREADS {
                let job = format!("{name} {spread}");
                assert_within_ticks(&jobs, &job, &cron(expression, zone), instant(start));
            }
        }
        assert_balanced(&jobs);
    }
}

#[tokio::test(start_paused = true)]
async fn c11_never_past_the_next_tick_of_a_rule() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    for (name, change) in SPREADS {
        add_with(&jobs, name, TenMinutes, change);
    }
    jobs.advance("20h").await;
    for (name, _) in SPREADS {
        let late = lateness(&jobs, name);
        assert!(late.len() > 100, "{name}");
        assert!(late.iter().all(|late| *late < Duration::from_secs(600)), "{name}: {late:?}");
        let ticks = jobs.runs(name).into_iter().map(|run| run.scheduled_at);
        assert!(ticks.clone().is_sorted() && TenMinutes.next(instant("2026-01-01T00:00:00Z")) == ticks.min(), "{name}");
    }
    assert_balanced(&jobs);
}

/// One that has no next tick may take all of it.
#[tokio::test(start_paused = true)]
async fn c11_the_last_tick_of_all_has_room() {
    let jobs = clocks_at("9999-12-30T00:00:00Z").await;
    add_with(&jobs, "last", utc_cron("0 12 30 12 *"), |job| job.jitter("6h"));
    jobs.advance("18h").await;
    assert!(lateness(&jobs, "last")[0] <= Duration::from_secs(6 * 3_600));
    assert_eq!(counts(&jobs, "last"), (1, 1, 0, 0, 0));
}

/// How late the runs of `hourly-7` are, in a runtime of its own.
async fn splay_of(name: &str) -> Vec<Duration> {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add_with(&jobs, name, utc_cron("0 * * * *"), |job| job.splay("5m"));
    jobs.advance("12h5m").await;
    assert_eq!(counts(&jobs, name), (12, 12, 0, 0, 0));
    lateness(&jobs, name)
}

#[tokio::test(start_paused = true)]
async fn c11_splay_is_the_same_for_each_tick_and_each_start() {
    let mut seen = [splay_of("hourly-7").await, splay_of("hourly-7").await].concat();
    seen.dedup();
    assert!(seen.len() == 1 && seen[0] <= Duration::from_secs(300), "{seen:?}");
    assert_ne!(splay_of("hourly-8").await[0], seen[0]);
}

/// Of thirty parts of the splay, none has more than twice what it would have were all the same.
#[tokio::test(start_paused = true)]
async fn c11_splay_spreads_a_herd() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    for index in 0..10_000 {
        add_with(&jobs, &format!("hourly-{index}"), utc_cron("0 * * * *"), |job| job.splay("5m"));
    }
    jobs.advance("1h5m").await;
    let mut slots = [0_u32; 30];
    for event in jobs.events() {
        if let EventKind::Started { lateness, .. } = event.kind {
            slots[usize::try_from(lateness.as_secs() / 10).expect("small").min(29)] += 1;
        }
    }
    assert_eq!(slots.iter().sum::<u32>(), 10_000);
    assert!(slots.iter().all(|slot| *slot < 2 * 10_000 / 30), "{slots:?}");
    assert_balanced(&jobs);
}

#[tokio::test(start_paused = true)]
async fn c11_jitter_is_another_for_each_tick() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add_with(&jobs, "jittery", utc_cron("*/10 * * * *"), |job| job.jitter("5m"));
    jobs.advance("24h").await;
    let mut late = lateness(&jobs, "jittery");
    assert!(late.iter().all(|late| *late <= Duration::from_secs(300)), "{late:?}");
    late.sort_unstable();
    late.dedup();
    assert!(late.len() > 100, "{late:?}");
    assert_balanced(&jobs);
}
