//! The first tick after a start: planned when the job was first seen, delayed after each start, counted anew by a group.

use std::sync::Arc;

use job_runtime::{StoreConfig, group, periodic, service};
use tokio::sync::Notify;

use crate::lives::{DAY, HOUR, MINUTE, SECOND, WEEK, life, lived, remembered};
use crate::stage::{counts, next, nominals, starts, story};

#[periodic(every = "1w")]
async fn far_off() {}

#[periodic(every = "1h", align = true)]
async fn hourly() {}

#[tokio::test(start_paused = true)]
async fn the_first_tick_is_remembered_before_it_comes() {
    let memory = StoreConfig::memory();
    let jobs = lived(&memory, &["far_off", "hourly"], MINUTE, MINUTE).await;
    let planned = u128::from(MINUTE + WEEK);
    assert_eq!(remembered(&jobs, "far_off").await, Some(("every 1w".to_owned(), None, planned)));
    let first = u128::from(HOUR);
    assert_eq!(remembered(&jobs, "hourly").await, Some(("every 1h, aligned to the clock".to_owned(), None, first)));
    drop(jobs);
    let jobs = lived(&memory, &["far_off", "hourly"], 3 * DAY, 3 * DAY).await;
    assert_eq!(next(&jobs, "far_off", 2), [planned, planned + u128::from(WEEK)]);
    assert_eq!(counts(&jobs, "hourly"), (72, 1, 0, 71, 0), "from the time that it was first seen");
    assert_eq!(nominals(&jobs, "hourly"), [u128::from(3 * DAY)]);
}

#[tokio::test(start_paused = true)]
async fn what_was_decided_and_what_is_planned_is_remembered_with_each_tick() {
    let memory = StoreConfig::memory();
    let jobs = lived(&memory, &["hourly"], MINUTE, 2 * HOUR + MINUTE).await;
    let text = || "every 1h, aligned to the clock".to_owned();
    let hours = |count: u64| u128::from(count * HOUR);
    assert_eq!(remembered(&jobs, "hourly").await, Some((text(), Some(hours(2)), hours(3))));
    jobs.runtime().pause("hourly", "a test").await.expect("it is there");
    jobs.advance("1h").await;
    assert_eq!(remembered(&jobs, "hourly").await, Some((text(), Some(hours(3)), hours(4))), "skipped");
    jobs.stall("3h").await;
    assert_eq!(remembered(&jobs, "hourly").await, Some((text(), Some(hours(6)), hours(7))), "missed");
    jobs.runtime().trigger("hourly").await.expect("it is there");
    jobs.advance("1m").await;
    assert_eq!(remembered(&jobs, "hourly").await, Some((text(), Some(hours(6)), hours(7))), "by hand");
}

// ---- a delay after each start

#[periodic(every = "1h", initial_delay = "10s")]
async fn soon() {}

#[periodic(every = "1m", initial_delay = "10m")]
async fn late() {}

#[periodic(every = "1w", initial_delay = "0s")]
async fn at_once() {}

#[tokio::test(start_paused = true)]
async fn a_delay_after_each_start_holds_where_nothing_was_planned_before() {
    let memory = StoreConfig::memory();
    let names = ["soon", "late", "at_once"];
    drop(lived(&memory, &names, 0, 5 * SECOND).await);
    let jobs = lived(&memory, &names, 2 * MINUTE, 2 * MINUTE).await;
    assert_eq!(nominals(&jobs, "soon"), [10_000], "it came due in the downtime");
    assert_eq!(next(&jobs, "soon", 1), [10_000 + u128::from(HOUR)]);
    assert_eq!(next(&jobs, "late", 1), [600_000], "planned before the ten minutes after this start");
    assert_eq!(starts(&jobs, "at_once"), [120_000], "as after each start");
    assert_eq!(next(&jobs, "at_once", 1), [u128::from(2 * MINUTE + WEEK)]);
    drop(jobs);
    let jobs = lived(&memory, &names, 3 * MINUTE, 3 * MINUTE).await;
    assert_eq!(next(&jobs, "soon", 2), [190_000, 190_000 + u128::from(HOUR)], "ten seconds after this start");
    assert_eq!(next(&jobs, "late", 1), [600_000]);
    assert_eq!(starts(&jobs, "at_once"), [180_000]);
    jobs.advance("10s").await;
    assert_eq!(starts(&jobs, "soon"), [190_000]);
}

#[tokio::test(start_paused = true)]
async fn what_came_due_in_a_downtime_does_not_wait_for_the_delay() {
    let memory = StoreConfig::memory();
    drop(lived(&memory, &["late"], 0, 10 * MINUTE).await);
    let jobs = lived(&memory, &["late"], 15 * MINUTE + SECOND, 15 * MINUTE + SECOND).await;
    assert_eq!(counts(&jobs, "late"), (5, 1, 0, 4, 0));
    assert_eq!(next(&jobs, "late", 1), [u128::from(16 * MINUTE)]);
}

// ---- groups

#[service(backoff = "2m")]
async fn pool(fall: &Notify) -> Result<(), String> {
    fall.notified().await;
    Err("the pool is gone".to_owned())
}

#[periodic(every = "1h", align = true)]
async fn reads() {}

#[periodic(every = "1h")]
async fn writes() {}

group!(DATABASE = [pool, reads, writes], strategy = "rest_for_one", max_restarts = 3, max_seconds = 5);

const GROUP: [&str; 3] = ["pool", "reads", "writes"];

#[tokio::test(start_paused = true)]
async fn the_members_of_a_group_go_on_after_a_restart_of_the_program() {
    let (memory, fall) = (StoreConfig::memory(), Arc::new(Notify::new()));
    let jobs = life(&memory, &GROUP, 0).data_arc(Arc::clone(&fall)).await;
    jobs.advance("1h").await;
    drop(jobs);
    let jobs = life(&memory, &GROUP, 3 * HOUR - MINUTE).data_arc(fall).await;
    jobs.advance("0s").await;
    for name in ["reads", "writes"] {
        assert_eq!(counts(&jobs, name), (1, 1, 0, 0, 0), "{name}");
    }
}

/// The ticks that come while a group is down are not due, then or later.
#[tokio::test(start_paused = true)]
async fn the_restart_of_a_group_recalls_nothing() {
    let (memory, fall) = (StoreConfig::memory(), Arc::new(Notify::new()));
    let jobs = life(&memory, &GROUP, 0).data_arc(Arc::clone(&fall)).await;
    jobs.advance("119m").await;
    fall.notify_one();
    // The full hour passes while the members wait for the pool.
    jobs.advance("2m").await;
    assert_eq!(counts(&jobs, "pool").1, 2, "{:?}", story(&jobs, "pool"));
    for (name, planned) in [("reads", 3 * HOUR), ("writes", 3 * HOUR + MINUTE)] {
        assert_eq!(counts(&jobs, name), (1, 1, 0, 0, 0), "{name}");
        assert_eq!(next(&jobs, name, 1), [u128::from(planned)], "{name}");
        let (_, last, next) = remembered(&jobs, name).await.expect("it is planned");
        assert_eq!((last, next), (None, u128::from(planned)), "{name}");
    }
    drop(jobs);
    let jobs = life(&memory, &GROUP, 150 * MINUTE).data_arc(fall).await;
    jobs.advance("0s").await;
    for name in ["reads", "writes"] {
        assert_eq!(counts(&jobs, name), (0, 0, 0, 0, 0), "{name}: nothing is due that the restart passed over");
    }
    jobs.advance("30m").await;
    assert_eq!(nominals(&jobs, "reads"), [u128::from(3 * HOUR)]);
}
