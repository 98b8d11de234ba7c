//! A job with arguments: one instance for each value, started and stopped on demand.

mod stage;

use std::sync::atomic::{AtomicU64, Ordering};

use job_runtime::testing::TickError;
use job_runtime::{Context, Outcome, SkipReason, periodic};
use stage::{assert_paired, auto, books, counts, manual, next, starts};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct User(String, u32);

fn user(number: u32) -> User {
    User("user".to_owned(), number)
}

#[periodic(every = "1m")]
async fn sync(user: User, seen: &mut Vec<u32>) {
    seen.push(user.1);
}

#[tokio::test(start_paused = true)]
async fn an_instance_runs_from_its_start_to_its_stop() {
    let jobs = auto(&["sync"]).await;
    jobs.advance("90s").await;
    assert!(jobs.runs("sync").is_empty());
    assert!(!sync::stop(user(7)));
    sync::start(user(7)).expect("it is not started yet");
    assert!(sync::start(user(7)).is_err());
    assert_eq!(next(&jobs, "sync", 2), [150_000, 210_000]);
    jobs.advance("2m").await;
    assert_eq!(starts(&jobs, "sync"), [150_000, 210_000]);
    assert!(sync::stop(user(7)));
    assert!(!sync::stop(user(7)));
    jobs.advance("10m").await;
    assert_eq!(counts(&jobs, "sync"), (2, 2, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn each_instance_has_its_own_rhythm_and_state() {
    let jobs = auto(&["sync"]).await;
    sync::start(user(1)).expect("it is not started yet");
    jobs.advance("20s").await;
    sync::start(user(2)).expect("it is not started yet");
    jobs.advance("130s").await;
    assert_eq!(starts(&jobs, "sync"), [60_000, 80_000, 120_000, 140_000]);
    let seen = |number| sync::peek(user(number), Clone::clone);
    assert_eq!(seen(1).await.expect("it is this runtime's"), Some(vec![1, 1]));
    assert_eq!(seen(2).await.expect("it is this runtime's"), Some(vec![2, 2]));
    assert_eq!(seen(3).await.expect("it is this runtime's"), None);
}

#[tokio::test(start_paused = true)]
async fn a_restarted_instance_begins_anew() {
    let jobs = auto(&["sync"]).await;
    sync::start(user(1)).expect("it is not started yet");
    jobs.advance("150s").await;
    assert!(sync::stop(user(1)));
    sync::start(user(1)).expect("it is stopped");
    assert_eq!(sync::peek(user(1), Vec::len).await.expect("it is this runtime's"), None);
    jobs.advance("1m").await;
    assert_eq!(starts(&jobs, "sync"), [60_000, 120_000, 210_000]);
    assert_eq!(sync::peek(user(1), Vec::len).await.expect("it is this runtime's"), Some(1));
}

#[periodic(every = "1m", job_shutdown = "1s")]
async fn watches(number: u32, cx: &Context) {
    let _ = number;
    cx.cancelled().await;
}

#[tokio::test(start_paused = true)]
async fn stopping_an_instance_stops_its_run_and_no_other() {
    let jobs = auto(&["watches"]).await;
    for number in [1, 2] {
        watches::start(number).expect("it is not started yet");
    }
    jobs.advance("1m").await;
    assert_eq!(jobs.running().len(), 2);
    assert!(watches::stop(1));
    jobs.advance("0s").await;
    assert_eq!(jobs.running().len(), 1);
    let ended: Vec<Outcome> = jobs.runs("watches").iter().filter_map(|run| run.outcome).collect();
    assert_eq!(ended, [Outcome::Cancelled]);
    // The job in the same place as the one that is gone has its own runs only.
    watches::start(3).expect("it is not started yet");
    jobs.advance("1m").await;
    assert_eq!(counts(&jobs, "watches"), (4, 4, 0, 0, 0));
    jobs.shutdown().await.expect("all end when asked");
    assert_paired(&jobs.events());
}

#[tokio::test(start_paused = true)]
async fn a_tick_by_hand_runs_all_instances() {
    let jobs = manual(&["sync"]).await;
    assert_eq!(jobs.tick("sync").await, Err(TickError::UnknownJob));
    for number in 1..=3 {
        sync::start(user(number)).expect("it is not started yet");
    }
    assert_eq!(jobs.tick("sync").await, Ok(Outcome::Completed));
    assert_eq!(counts(&jobs, "sync"), (3, 3, 0, 0, 0));
    jobs.guard("sync", false);
    assert_eq!(jobs.tick("sync").await, Err(TickError::NotStarted(SkipReason::Guard)));
}

#[tokio::test(start_paused = true)]
async fn a_paused_template_pauses_all_instances() {
    let jobs = auto(&["sync"]).await;
    for number in 1..=3 {
        sync::start(user(number)).expect("it is not started yet");
    }
    sync::pause("for now").await.expect("it is there");
    jobs.advance("1m").await;
    assert_eq!(books(&jobs, "sync").skipped_for(SkipReason::Paused), 3);
    sync::resume().await.expect("it is there");
    jobs.advance("1m").await;
    assert_eq!(counts(&jobs, "sync"), (6, 3, 3, 0, 0));
}

#[periodic(every = "30m")]
async fn one_for_each(number: u64, sum: &AtomicU64) {
    sum.fetch_add(number, Ordering::Relaxed);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_instances_start_tick_and_stop() {
    const COUNT: u64 = 100_000;
    let sum = std::sync::Arc::new(AtomicU64::new(0));
    let jobs = auto(&["one_for_each"]).data_arc(std::sync::Arc::clone(&sum)).await;
    for number in 0..COUNT {
        one_for_each::start(number).expect("it is not started yet");
    }
    assert_eq!(one_for_each::status().await.expect("it is there").instances, 100_000);
    jobs.advance("1h").await;
    assert_eq!(counts(&jobs, "one_for_each"), (2 * COUNT, 2 * COUNT, 0, 0, 0));
    assert_eq!(sum.load(Ordering::Relaxed), COUNT * (COUNT - 1));
    for number in 0..COUNT {
        assert!(one_for_each::stop(number));
    }
    assert_eq!(one_for_each::status().await.expect("it is there").instances, 0);
    assert!(next(&jobs, "one_for_each", 1).is_empty());
    jobs.advance("1h").await;
    assert_eq!(counts(&jobs, "one_for_each"), (2 * COUNT, 2 * COUNT, 0, 0, 0));
}

#[periodic(every = "1s", job_shutdown = "5s", on_overlap = "ignore")]
async fn lingering(number: u32, runs: &mut u32, cx: &Context) {
    *runs += number;
    cx.cancelled().await;
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_started_again_waits_for_the_end_of_the_one_before() {
    let jobs = auto(&["lingering"]).await;
    lingering::start(1).expect("it is not started yet");
    jobs.advance("1500ms").await;
    assert!(lingering::stop(1));
    assert!(!lingering::stop(1));
    lingering::start(1).expect("it was stopped");
    assert!(lingering::start(1).is_err());
    assert_eq!(lingering::peek(1, |runs| *runs).await.expect("it is this runtime's"), None);
    jobs.advance("10s").await;
    // It ends at 4.5 s, and the next tick is one period later.
    assert_eq!(starts(&jobs, "lingering"), [1_000, 5_500]);
    assert_eq!(jobs.runtime().job("lingering").expect("it is there").instances, 1);

    assert!(lingering::stop(1));
    lingering::start(1).expect("it was stopped");
    assert!(lingering::stop(1));
    assert!(!lingering::stop(1));
    jobs.advance("1m").await;
    assert_eq!(starts(&jobs, "lingering").len(), 2);
    assert_eq!(jobs.runtime().job("lingering").expect("it is there").instances, 0);
}

#[tokio::test(start_paused = true)]
async fn a_template_that_is_removed_starts_nothing_again() {
    let jobs = auto(&["lingering"]).await;
    lingering::start(1).expect("it is not started yet");
    jobs.advance("1500ms").await;
    assert!(lingering::stop(1));
    lingering::start(1).expect("it was stopped");
    assert!(jobs.runtime().remove("lingering"));
    jobs.advance("1m").await;
    assert_eq!(starts(&jobs, "lingering").len(), 1);
    assert!(jobs.runtime().job("lingering").is_none());
}
