//! C14: what becomes of a run delays no tick of another job.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use job_runtime::testing::start;
use job_runtime::{Context, EventKind, Outcome, Recurrence, periodic, run_all};

use crate::patience::in_time;
use crate::scene::{add, assert_balanced, assert_on_time, instant};
use crate::stage::counts;

#[periodic(cron = "*/10 * * * * *")]
async fn steady() {}

#[periodic(cron = "*/10 * * * * *")]
async fn fails() -> Result<(), &'static str> {
    Err("as ever")
}

#[periodic(cron = "*/10 * * * * *")]
async fn panics() {
    panic!("a planned panic");
}

/// Panics when it is dropped.
struct Mine;

impl Drop for Mine {
    fn drop(&mut self) {
        panic!("a planned panic");
    }
}

#[periodic(cron = "*/10 * * * * *")]
async fn panics_in_a_drop() {
    let _mine = Mine;
    tokio::task::yield_now().await;
}

#[periodic(cron = "*/10 * * * * *")]
async fn hangs() {
    std::future::pending().await
}

#[periodic(cron = "*/10 * * * * *", when = |_cx: &Context| panic!("a planned panic"))]
async fn has_a_guard_that_panics() {}

#[periodic(cron = "*/10 * * * * *", when = never_answers)]
async fn has_a_guard_that_hangs() {}

async fn never_answers() -> bool {
    std::future::pending().await
}

/// Panics when it is asked for the time after that.
struct PanicsAfter(std::time::SystemTime);

impl Recurrence for PanicsAfter {
    fn next(&self, after: std::time::SystemTime) -> Option<std::time::SystemTime> {
        assert!(after < self.0, "a planned panic");
        Some(self.0)
    }

    fn describe(&self) -> String {
        panic!("a planned panic");
    }
}

#[tokio::test(start_paused = true)]
async fn c14_errors_panics_and_hung_runs_delay_nobody() {
    let names =
        ["steady", "fails", "panics", "panics_in_a_drop", "hangs", "has_a_guard_that_panics", "has_a_guard_that_hangs"];
    let jobs = start().only(names).auto().at("2026-01-01T00:00:00Z").await;
    add(&jobs, "has a rule that panics", PanicsAfter(instant("2026-01-01T00:00:25Z")));
    jobs.advance("5m").await;
    let runs = [("steady", Some(Outcome::Completed)), ("fails", Some(Outcome::Failed)), ("hangs", None)];
    let panicked = [("panics", Some(Outcome::Panicked)), ("panics_in_a_drop", Some(Outcome::Panicked))];
    for (job, outcome) in runs.into_iter().chain(panicked) {
        assert_on_time(&jobs, job);
        assert!(jobs.runs(job).iter().all(|run| run.outcome == outcome), "{job}");
        assert_eq!(counts(&jobs, job), (30, 30, 0, 0, 0), "{job}");
    }
    assert_eq!(counts(&jobs, "has_a_guard_that_panics"), (30, 0, 30, 0, 0));
    assert_eq!(counts(&jobs, "has_a_guard_that_hangs"), (30, 0, 0, 0, 30));
    assert_eq!(counts(&jobs, "has a rule that panics"), (1, 1, 0, 0, 0));
    assert_balanced(&jobs);
}

#[derive(Default)]
struct Blocked {
    on: AtomicBool,
    over: AtomicBool,
    ticks: AtomicU32,
}

/// Keeps its thread until the other one has had its ticks.
#[periodic(cron = "* * * * * *", on_overlap = "ignore")]
async fn never_yields(blocked: &Blocked) {
    blocked.on.store(true, Ordering::Release);
    while !blocked.over.load(Ordering::Acquire) {
        std::thread::yield_now();
    }
}

#[periodic(cron = "* * * * * *")]
async fn ticks_beside_it(blocked: &Blocked) {
    if blocked.on.load(Ordering::Acquire) && blocked.ticks.fetch_add(1, Ordering::AcqRel) == 1 {
        blocked.over.store(true, Ordering::Release);
    }
}

/// On real threads: were the ticks of the other one held up, the first would never end.
#[test]
fn c14_a_body_that_never_yields_delays_no_tick_of_another() {
    in_time(|| {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        tokio.expect("a tokio runtime").block_on(async {
            let blocked = Arc::new(Blocked::default());
            let builder = run_all().only(["never_yields", "ticks_beside_it"]).data_arc(Arc::clone(&blocked));
            let runtime = builder.start().await.expect("nothing is wrong");
            let mut events = runtime.events();
            while let Some(event) = events.recv().await {
                if matches!(event.kind, EventKind::Finished { .. }) && event.job.as_deref() == Some("never_yields") {
                    break;
                }
            }
            assert!(blocked.ticks.load(Ordering::Acquire) >= 2);
            runtime.shutdown().await.expect("nothing is stuck");
            for job in runtime.jobs() {
                let books = job.accounting;
                assert_eq!(books.due, books.ran + books.skipped + books.missed + books.pending, "{job:?}");
            }
        });
    });
}
