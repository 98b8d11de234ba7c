//! What these tests share: a program that runs, ends, and runs again.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use job_runtime::testing::{Harness, TestBuilder};
use job_runtime::{IntoTime, Periodic, Recurrence, Schedule, StoreConfig};

use crate::stage::{at, auto, ms};

pub const SECOND: u64 = 1_000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;
pub const WEEK: u64 = 7 * DAY;

/// These jobs, begun so many milliseconds after midnight, with what they remember of lives before.
pub fn life(memory: &StoreConfig, names: &[&str], begin: u64) -> TestBuilder {
    auto(names).at(at(begin)).store(memory.clone())
}

/// A life of these jobs from one time to another, both in milliseconds after midnight; the harness can still be asked.
pub async fn lived(memory: &StoreConfig, names: &[&str], begin: u64, end: u64) -> Harness {
    let jobs = life(memory, names, begin).await;
    jobs.advance(Duration::from_millis(end - begin)).await;
    jobs
}

/// No jobs yet.
pub async fn empty(memory: &StoreConfig, begin: impl IntoTime) -> Harness {
    auto(&[]).at(begin).store(memory.clone()).await
}

pub fn every(period: &str) -> Schedule {
    Schedule::every(period).expect("a period")
}

pub fn add(jobs: &Harness, name: &str, schedule: impl Recurrence) {
    jobs.runtime().add(Periodic::new(name, schedule, |_| async {})).expect("the name is free");
}

/// What a job remembers by now: its schedule, and when its last and its next tick are, in milliseconds after midnight.
pub async fn remembered(jobs: &Harness, job: &str) -> Option<(String, Option<u128>, u128)> {
    jobs.mark(job).await.map(|(schedule, last, next)| (schedule, last.map(ms), ms(next)))
}

/// Each second of UNIX time.
pub struct EachSecond;

impl Recurrence for EachSecond {
    fn next(&self, after: SystemTime) -> Option<SystemTime> {
        let since = after.duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(UNIX_EPOCH + Duration::from_secs(since + 1))
    }

    fn describe(&self) -> String {
        "each second".to_owned()
    }
}
