//! Jobs whose ticks are counted from the end of the run before, over restarts.

use std::time::Duration;

use job_runtime::{MissReason, StoreConfig, periodic};

use crate::lives::{HOUR, MINUTE, SECOND, life, lived, remembered};
use crate::stage::{books, counts, next, nominals, starts};

#[periodic(every = "1h", delay_mode = "shifted")]
async fn shifted() {
    tokio::time::sleep(Duration::from_secs(600)).await;
}

#[periodic(every = "1h", delay_mode = "shifted", on_missed = "skip")]
async fn skipping() {}

fn planned(minute: u64) -> u128 {
    u128::from(minute * MINUTE)
}

#[tokio::test(start_paused = true)]
async fn the_planned_tick_is_kept() {
    let memory = StoreConfig::memory();
    drop(lived(&memory, &["shifted"], 0, 30 * MINUTE).await);
    let jobs = lived(&memory, &["shifted"], 40 * MINUTE, 75 * MINUTE).await;
    assert_eq!(starts(&jobs, "shifted"), [planned(60)]);
    assert_eq!(
        remembered(&jobs, "shifted").await,
        Some(("every 1h".to_owned(), Some(planned(60)), planned(130))),
        "an hour after the end of its run"
    );
    drop(jobs);
    let jobs = lived(&memory, &["shifted"], 80 * MINUTE, 80 * MINUTE).await;
    assert_eq!(next(&jobs, "shifted", 2), [planned(130)]);
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_end_nobody_saw_counts_from_its_start() {
    let memory = StoreConfig::memory();
    let jobs = lived(&memory, &["shifted"], 0, 65 * MINUTE).await;
    assert_eq!(jobs.running().len(), 1);
    drop(jobs);
    let jobs = lived(&memory, &["shifted"], 70 * MINUTE, 70 * MINUTE).await;
    assert_eq!(next(&jobs, "shifted", 1), [planned(120)]);
}

/// In a downtime no run ends from which another tick would be counted.
#[tokio::test(start_paused = true)]
async fn one_tick_is_due_after_any_downtime() {
    let memory = StoreConfig::memory();
    drop(lived(&memory, &["shifted", "skipping"], 0, 30 * MINUTE).await);
    let jobs = lived(&memory, &["shifted", "skipping"], 10 * HOUR, 10 * HOUR).await;
    assert_eq!(counts(&jobs, "shifted"), (1, 1, 0, 0, 0));
    assert_eq!(nominals(&jobs, "shifted"), [planned(60)]);
    assert_eq!(counts(&jobs, "skipping"), (1, 0, 0, 1, 0));
    assert_eq!(books(&jobs, "skipping").missed_for(MissReason::Downtime), 1);
    assert_eq!(next(&jobs, "skipping", 1), [planned(660)]);
    jobs.advance("10m").await;
    assert_eq!(next(&jobs, "shifted", 1), [planned(670)]);
}

#[periodic(every = "1h", delay_mode = "shifted", initial_delay = "10s")]
async fn shifted_soon() {}

#[tokio::test(start_paused = true)]
async fn a_delay_after_each_start_holds_where_it_comes_first() {
    let memory = StoreConfig::memory();
    drop(life(&memory, &["shifted_soon"], 0).await);
    drop(lived(&memory, &["shifted_soon"], 5 * SECOND, 10 * SECOND).await);
    let jobs = lived(&memory, &["shifted_soon"], MINUTE, 2 * MINUTE).await;
    assert_eq!(nominals(&jobs, "shifted_soon"), [70_000]);
    assert_eq!(next(&jobs, "shifted_soon", 1), [70_000 + planned(60)]);
}
