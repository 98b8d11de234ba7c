//! C10: ticks of which the last starts no later than the first, whatever the runs take.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use job_runtime::{periodic, testing};

use crate::scene::{assert_on_time, instant, utc};
use crate::stage::counts;

/// 10 to 50 ms, in no order that anybody would notice.
async fn work_30ms_give_or_take_20(runs: &AtomicU64) {
    let run = runs.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(10 + run.wrapping_mul(7_919) % 41)).await;
}

#[periodic(cron = "* * * * * *")]
async fn each_second(runs: &AtomicU64) {
    work_30ms_give_or_take_20(runs).await;
}

#[periodic(cron = "*/5 * * * * *", on_overlap = "queue")]
async fn each_fifth_second(runs: &AtomicU64) {
    work_30ms_give_or_take_20(runs).await;
}

#[periodic(every = "100ms", align = true)]
async fn each_tenth_of_a_second(runs: &AtomicU64) {
    work_30ms_give_or_take_20(runs).await;
}

#[tokio::test(start_paused = true)]
async fn c10_the_kth_run_starts_at_the_kth_tick() {
    let jobs = testing::start().data(AtomicU64::new(0)).auto().at("2026-01-01T00:00:00Z");
    let jobs = jobs.only(["each_second", "each_fifth_second", "each_tenth_of_a_second"]).await;
    jobs.advance("10m").await;
    assert!(jobs.settle("1s").await);
    let start = instant("2026-01-01T00:00:00Z");
    for (job, apart, runs) in
        [("each_second", 1_000, 600), ("each_fifth_second", 5_000, 120), ("each_tenth_of_a_second", 100, 6_000)]
    {
        for (tick, run) in (1..=runs).zip(jobs.runs(job)) {
            assert_eq!(utc(run.started_at), utc(start + Duration::from_millis(apart * tick)), "{job}");
        }
        assert_on_time(&jobs, job);
        assert_eq!(counts(&jobs, job), (runs, runs, 0, 0, 0), "{job}");
    }
}
