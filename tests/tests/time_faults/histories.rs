//! Clocks that do whatever they like: no tick comes twice or early, and with `on_missed = "all"` each comes, in order.

use std::time::{Duration, SystemTime};

use job_runtime::testing::Harness;
use job_runtime::{Dst, EventKind, Schedule};

use crate::random::Random;
use crate::scene::{TenMinutes, add_with, assert_balanced, clocks_at, cron, every, instant, utc};
use crate::stage::counts;

const HISTORIES: u64 = 200;
const ACTIONS: usize = 30;
const MINUTE: u64 = 60_000;

/// Nights on which clocks change somewhere.
const STARTS: [&str; 4] =
    ["2026-03-28T20:00:00Z", "2026-10-24T20:00:00.25Z", "2026-04-04T10:00:00Z", "2026-10-03T10:00:00.0004Z"];

fn schedules() -> [(&'static str, Schedule); 6] {
    [
        ("fixed", cron("30 2 * * *; 15 1,14 * * *", "Europe/Berlin")),
        ("literal", cron("30 2 * * *", "Europe/Berlin").dst(Dst::Literal)),
        ("hourly", cron("0 * * * *", "Australia/Lord_Howe")),
        ("minutes", cron("*/10 * * * *", "UTC")),
        ("seconds", cron("*/20 30-40 */2 * * *", "Australia/Lord_Howe")),
        ("rare", cron("0 0 L * *", "UTC")),
    ]
}

#[tokio::test(start_paused = true)]
async fn whatever_the_clocks_do_each_tick_comes_once_and_in_order() {
    for seed in 0..HISTORIES {
        let mut random = Random::new(seed);
        let start = random.one_of(&STARTS);
        let jobs = clocks_at(start).await;
        for (name, schedule) in schedules() {
            add_with(&jobs, name, schedule.clone(), |job| job.on_missed("all"));
            add_with(&jobs, &format!("one of {name}"), schedule, |job| job.on_missed("one"));
        }
        add_with(&jobs, "rule", TenMinutes, |job| job.on_missed("all"));
        add_with(&jobs, "aligned", every("10m"), |job| job.align(true)?.on_missed("all"));
        let latest = live_through(&jobs, instant(start), &mut random).await;
        for (name, schedule) in schedules() {
            let expected: Vec<_> = schedule.between(instant(start), latest).collect();
            assert_none_came_twice(&jobs, &format!("one of {name}"), &expected, seed);
            assert_all_came(&jobs, name, expected, seed);
        }
        let tens: Vec<_> = cron("*/10 * * * *", "UTC").between(instant(start), latest).collect();
        assert_all_came(&jobs, "rule", tens.clone(), seed);
        assert_all_came(&jobs, "aligned", tens, seed);
        assert_nothing_was_early(&jobs, seed);
        assert_balanced(&jobs);
    }
}

/// Does this and that to the clocks; the latest that the wall clock has shown.
async fn live_through(jobs: &Harness, start: SystemTime, random: &mut Random) -> SystemTime {
    let mut latest = start;
    for _ in 0..ACTIONS {
        let some = Duration::from_millis(random.within(1, 200 * MINUTE));
        let few = Duration::from_millis(random.within(1, 1_500));
        match random.within(0, 7) {
            0..=2 => jobs.advance(some).await,
            3 => jobs.suspend(some).await,
            4 => jobs.stall(some).await,
            5 => jobs.set_wall(jobs.now() + few).await,
            6 => jobs.set_wall((jobs.now() - few).max(start)).await,
            _ => jobs.set_wall((jobs.now() - some).max(start)).await,
        }
        latest = latest.max(jobs.now());
        // Until the engine has seen it.
        jobs.advance("30s").await;
        latest = latest.max(jobs.now());
    }
    latest
}

#[track_caller]
fn assert_all_came(jobs: &Harness, job: &str, expected: Vec<SystemTime>, seed: u64) {
    let expected: Vec<String> = expected.into_iter().map(utc).collect();
    let came: Vec<String> = jobs.runs(job).into_iter().map(|run| utc(run.scheduled_at)).collect();
    let agree = came.iter().zip(&expected).take_while(|(came, expected)| came == expected).count();
    assert_eq!((came.get(agree), expected.get(agree)), (None, None), "{job}, seed {seed}, after {agree} ticks");
    let count = u64::try_from(expected.len()).expect("not so many");
    assert_eq!(counts(jobs, job), (count, count, 0, 0, 0), "{job}, seed {seed}");
}

#[track_caller]
fn assert_none_came_twice(jobs: &Harness, job: &str, expected: &[SystemTime], seed: u64) {
    let mut came: Vec<SystemTime> = jobs.runs(job).into_iter().map(|run| run.scheduled_at).collect();
    came.sort();
    let twice = came.windows(2).find(|two| two[0] == two[1]).map(|two| utc(two[0]));
    assert_eq!(twice, None, "{job}, seed {seed}");
    assert!(came.iter().all(|tick| expected.contains(tick)), "{job}, seed {seed}");
    assert_eq!(came.is_empty(), expected.is_empty(), "{job}, seed {seed}");
}

#[track_caller]
fn assert_nothing_was_early(jobs: &Harness, seed: u64) {
    for event in jobs.events() {
        if let EventKind::Started { scheduled_at, .. } = event.kind {
            assert!(event.at >= scheduled_at, "seed {seed}: {event:?}");
        }
    }
}
