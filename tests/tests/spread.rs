//! What moves a start without moving its tick: `jitter`, `splay`, `initial_delay`.

mod stage;

use job_runtime::{Periodic, Schedule, periodic};
use stage::{auto, books, counts, ms, nominals, starts};

const TICKS: u64 = 200;

fn expected() -> Vec<u128> {
    (1..=u128::from(TICKS)).map(|tick| tick * 100).collect()
}

/// How long after its nominal time each run started, in milliseconds.
fn lateness(jobs: &job_runtime::testing::Harness, job: &str) -> Vec<u128> {
    jobs.runs(job).iter().map(|run| ms(run.started_at) - ms(run.scheduled_at)).collect()
}

#[periodic(every = "100ms", jitter = "40ms")]
async fn jittery() {}

#[tokio::test(start_paused = true)]
async fn m15_jitter_moves_the_start_and_not_the_tick() {
    let jobs = auto(&["jittery"]).await;
    jobs.advance("20050ms").await;
    assert_eq!(nominals(&jobs, "jittery"), expected());
    let mut late = lateness(&jobs, "jittery");
    assert!(late.iter().all(|late| *late <= 40), "{late:?}");
    late.sort_unstable();
    late.dedup();
    assert!(late.len() > 10, "{late:?}");
    assert_eq!(counts(&jobs, "jittery"), (TICKS, TICKS, 0, 0, 0));
}

#[periodic(every = "100ms", jitter = "10s")]
async fn very_jittery() {}

#[tokio::test(start_paused = true)]
async fn jitter_never_leads_past_the_next_tick() {
    let jobs = auto(&["very_jittery"]).await;
    jobs.advance("20100ms").await;
    assert_eq!(nominals(&jobs, "very_jittery")[..200], expected());
    let late = lateness(&jobs, "very_jittery");
    assert!(late.iter().all(|late| *late <= 100), "{late:?}");
    assert!(late.iter().any(|late| *late > 50), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_waits_for_its_jitter_is_pending() {
    let jobs = auto(&["very_jittery"]).configure("very_jittery", |job| job.every("1d")?.jitter("20h")).await;
    jobs.advance("1d").await;
    assert_eq!(counts(&jobs, "very_jittery"), (1, 0, 0, 0, 1));
    jobs.shutdown().await.expect("nothing runs");
    assert_eq!(counts(&jobs, "very_jittery"), (1, 0, 0, 1, 0));
}

#[periodic(every = "100ms", splay = "90ms")]
async fn splayed() {}

#[tokio::test(start_paused = true)]
async fn m15_splay_is_the_same_for_each_tick_and_each_start() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let jobs = auto(&["splayed"]).await;
        jobs.advance("1s").await;
        jobs.advance("99ms").await;
        assert_eq!(nominals(&jobs, "splayed"), expected()[..10]);
        seen.extend(lateness(&jobs, "splayed"));
        assert_eq!(counts(&jobs, "splayed"), (10, 10, 0, 0, 0));
    }
    seen.dedup();
    assert!(seen.len() == 1 && seen[0] <= 90, "{seen:?}");
}

#[periodic(every = "100ms", initial_delay = "30ms")]
async fn early() {}

#[tokio::test(start_paused = true)]
async fn an_initial_delay_moves_all_ticks() {
    let jobs = auto(&["early"]).await;
    jobs.advance("250ms").await;
    assert_eq!(starts(&jobs, "early"), [30, 130, 230]);
}

#[periodic(every = "10m", jitter = "5m", splay = "4m", start_deadline = "1s")]
async fn delayed_on_purpose() {}

#[tokio::test(start_paused = true)]
async fn a_delay_that_is_meant_misses_no_deadline() {
    let jobs = auto(&["delayed_on_purpose"]).await;
    jobs.advance("16h50m").await;
    let books = books(&jobs, "delayed_on_purpose");
    assert_eq!((books.due, books.missed), (101, 0));
    assert!(lateness(&jobs, "delayed_on_purpose").iter().any(|late| *late > 60_000));
}

#[tokio::test(start_paused = true)]
async fn a_splay_longer_than_the_period_spreads_all_the_same() {
    let jobs = auto(&["splayed"]).await;
    for index in 0..40 {
        let every = Schedule::every("10m").expect("a period");
        let job = Periodic::new(format!("added-{index}"), every, |_| async {});
        let job = job.configure(|job| job.splay("3h")).expect("a splay");
        jobs.runtime().add(job).expect("the name is free");
    }
    jobs.advance("20m").await;
    let mut late: Vec<u128> = (0..40).map(|index| lateness(&jobs, &format!("added-{index}"))[0]).collect();
    late.sort_unstable();
    late.dedup();
    assert!(late.len() > 30, "{late:?}");
}
