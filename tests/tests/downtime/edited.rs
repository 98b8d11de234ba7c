//! D12: a schedule that was edited while the program was not there does not fire at once.

use job_runtime::{MissReason, Recurrence, Schedule, StoreConfig, periodic};

use crate::lives::{DAY, EachSecond, HOUR, MINUTE, SECOND, add, empty, every, life, lived, remembered};
use crate::stage::{at, books, counts, next};

fn cron(expression: &str) -> Schedule {
    Schedule::cron(expression).expect("an expression")
}

/// Lives an hour and a half with one schedule, then begins with another after a day.
async fn edit(before: impl Recurrence, after: impl Recurrence) -> (job_runtime::testing::Harness, StoreConfig) {
    let memory = StoreConfig::memory();
    let jobs = empty(&memory, at(0)).await;
    add(&jobs, "edited", before);
    jobs.advance("90m").await;
    assert_eq!(counts(&jobs, "edited").1, 1, "it has run");
    drop(jobs);
    let jobs = empty(&memory, at(DAY + 30 * MINUTE)).await;
    add(&jobs, "edited", after);
    jobs.advance("0s").await;
    (jobs, memory)
}

#[tokio::test(start_paused = true)]
async fn d12_a_new_schedule_is_counted_from_its_first_start() {
    let now = DAY + 30 * MINUTE;
    for (before, after, first) in [
        (cron("0 * * * *"), cron("15 * * * *"), DAY + 75 * MINUTE),
        (cron("0 * * * *"), cron("0 12 * * *"), DAY + 12 * HOUR),
        (cron("0 * * * *"), cron("0 * * * *").tz("Asia/Kolkata").expect("a zone"), now + HOUR),
        (every("1h"), every("1h1m"), now + 61 * MINUTE),
        (every("1h"), cron("0 * * * *"), DAY + HOUR),
        (cron("0 * * * *"), every("1h"), now + HOUR),
    ] {
        let told = format!("{} to {}", before.describe(), after.describe());
        let (jobs, _memory) = edit(before, after.clone()).await;
        assert_eq!(counts(&jobs, "edited"), (0, 0, 0, 0, 0), "{told}");
        assert_eq!(next(&jobs, "edited", 1), [u128::from(first)], "{told}");
        let (schedule, last, next) = remembered(&jobs, "edited").await.expect("the new one is planned");
        assert_eq!((schedule, last, next), (after.describe(), None, u128::from(first)), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_schedule_goes_on() {
    let (jobs, _memory) = edit(cron("0 * * * *"), cron("0 * * * *")).await;
    assert_eq!(counts(&jobs, "edited"), (23, 1, 0, 22, 0));
}

#[periodic(every = "1h")]
async fn configured() {}

#[tokio::test(start_paused = true)]
async fn a_schedule_that_is_configured_otherwise_is_another() {
    let memory = StoreConfig::memory();
    drop(lived(&memory, &["configured"], 0, 90 * MINUTE).await);
    let jobs = life(&memory, &["configured"], DAY).configure("configured", |job| job.every("2h")).await;
    jobs.advance("0s").await;
    assert_eq!(counts(&jobs, "configured"), (0, 0, 0, 0, 0));
    assert_eq!(next(&jobs, "configured", 1), [u128::from(DAY + 2 * HOUR)]);
    drop(jobs);
    let jobs = lived(&memory, &["configured"], DAY + HOUR, DAY + HOUR).await;
    assert_eq!(counts(&jobs, "configured"), (0, 0, 0, 0, 0), "and the first is one again, when it comes back");
}

// ---- while the program runs

#[tokio::test(start_paused = true)]
async fn a_schedule_that_was_given_is_remembered_and_counted_from_then() {
    let memory = StoreConfig::memory();
    let jobs = empty(&memory, at(0)).await;
    add(&jobs, "given", cron("0 * * * *"));
    jobs.advance("95m").await;
    jobs.runtime().reschedule("given", cron("30 * * * *")).expect("it is there");
    let next = u128::from(150 * MINUTE);
    let text = cron("30 * * * *").describe();
    assert_eq!(remembered(&jobs, "given").await, Some((text, None, next)));
    drop(jobs);
    // 01:30 came before the schedule did, and 02:30 after.
    let jobs = empty(&memory, at(4 * HOUR)).await;
    add(&jobs, "given", cron("30 * * * *"));
    jobs.advance("0s").await;
    assert_eq!(counts(&jobs, "given"), (2, 1, 0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_due_since_a_downtime_is_taken_before_another_schedule_is_given() {
    let memory = StoreConfig::memory();
    for (name, schedule) in [("equal", every("10s")), ("calendar", cron("*/10 * * * * *"))] {
        let jobs = empty(&memory, at(0)).await;
        add(&jobs, name, schedule.clone());
        jobs.advance("15s").await;
        drop(jobs);
        let jobs = empty(&memory, at(45 * SECOND)).await;
        add(&jobs, name, schedule);
        jobs.runtime().reschedule(name, every("1m")).expect("it is there");
        jobs.advance("0s").await;
        assert_eq!(counts(&jobs, name), (3, 1, 0, 2, 0), "{name}");
        assert_eq!(next(&jobs, name, 1), [105_000], "{name}");
    }
}

/// A rule of which too much is due to be taken at once.
#[tokio::test(start_paused = true)]
async fn what_another_schedule_misses_is_not_of_the_downtime() {
    let memory = StoreConfig::memory();
    for begin in [0, 300_000 * SECOND] {
        let jobs = empty(&memory, at(begin)).await;
        add(&jobs, "ruled", EachSecond);
        if begin > 0 {
            jobs.runtime().reschedule("ruled", every("1m")).expect("it is there");
            jobs.stall("5m").await;
            let books = books(&jobs, "ruled");
            assert_eq!((books.missed_for(MissReason::Downtime), books.missed_for(MissReason::Stalled)), (100_000, 4));
        }
    }
}
