//! What comes while the runtime ends, or after it: nothing starts any more, and whoever waits is told.

mod patience;
mod stage;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use job_runtime::{Context, EventKind, Outcome, Periodic, Runtime, Schedule, SkipReason, periodic, run_all};
use patience::{in_time, in_time_and_paused};
use stage::{auto, books, counts, manual, starts, story};

#[periodic(every = "1h", job_shutdown = "20s")]
async fn obedient(cx: &Context) {
    cx.cancelled().await;
}

fn on_workers<T>(test: impl Future<Output = T>) -> T {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    tokio.expect("a tokio runtime").block_on(test)
}

async fn only(name: &'static str) -> Runtime {
    run_all().only([name]).start().await.expect("nothing is wrong")
}

/// Triggers and adds on threads of its own until it is dropped.
struct Eager(Arc<AtomicBool>, Vec<std::thread::JoinHandle<()>>);

impl Eager {
    fn beside(runtime: &Runtime) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let guests = (0..3).map(|number| {
            let (runtime, over) = (runtime.clone(), Arc::clone(&over));
            std::thread::spawn(move || {
                let mut turn = 0;
                while !over.load(Ordering::Acquire) {
                    let _ = stage::at_once(runtime.trigger("obedient"));
                    let every = Schedule::every("1ms").expect("a period");
                    let _ = runtime.add(Periodic::new(format!("{number}-{turn}"), every, |_| async {}));
                    turn += 1;
                }
            })
        });
        let guests = guests.collect();
        Self(over, guests)
    }
}

impl Drop for Eager {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
        self.1.drain(..).for_each(|thread| thread.join().expect("it only triggers"));
    }
}

#[test]
fn nothing_starts_that_is_triggered_while_it_shuts_down() {
    in_time(|| {
        on_workers(async {
            for _ in 0..100 {
                let runtime = only("obedient").await;
                let mut events = runtime.events();
                let eager = Eager::beside(&runtime);
                while !matches!(events.recv().await.expect("it is there").kind, EventKind::Started { .. }) {}
                runtime.shutdown().await.expect("all are obedient");
                assert_eq!(runtime.jobs().iter().map(|job| job.running).sum::<usize>(), 0);
                drop(eager);
                for job in runtime.jobs() {
                    let books = job.accounting;
                    assert_eq!(books.due, books.ran + books.skipped + books.missed, "{job:?}");
                    assert_eq!((job.running, books.pending), (0, 0), "{job:?}");
                }
                let mut last = None;
                while let Some(event) = events.recv().await {
                    last = Some(event.kind);
                }
                assert!(matches!(last, Some(EventKind::ShutdownFinished { .. })), "{last:?}");
            }
        });
    });
}

static ON: AtomicUsize = AtomicUsize::new(0);

/// Counted as long as it lives.
struct Counted;

impl Counted {
    fn new() -> Self {
        ON.fetch_add(1, Ordering::AcqRel);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        ON.fetch_sub(1, Ordering::AcqRel);
    }
}

#[periodic(every = "1h")]
async fn counted() {
    let _counted = Counted::new();
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn what_was_stopped_before_the_shutdown_and_goes_at_once_is_not_abandoned() {
    let jobs = manual(&["counted"]).await;
    let handle = counted::trigger().await.expect("it is accepted");
    jobs.advance("1s").await;
    assert_eq!(ON.load(Ordering::Acquire), 1);
    handle.cancel();
    jobs.shutdown().await.expect("it is gone by then");
    assert_eq!(ON.load(Ordering::Acquire), 0);
    assert!(handle.await.expect_err("it was cancelled").is_cancelled());
}

#[periodic(every = "1h")]
async fn ticking() {}

#[tokio::test(start_paused = true)]
async fn whoever_subscribes_after_the_end_is_told_so() {
    let jobs = manual(&["ticking"]).await;
    let before = jobs.now();
    jobs.shutdown().await.expect("nothing runs");
    assert!(jobs.runtime().events().recv().await.is_none());
    assert_eq!(jobs.now(), before);
}

#[test]
fn whoever_subscribes_where_nobody_else_has_listened_is_told_of_the_end() {
    in_time(|| {
        on_workers(async {
            let runtime = only("ticking").await;
            runtime.shutdown().await.expect("nothing runs");
            assert!(runtime.events().recv().await.is_none());
        });
    });
}

async fn never_answers() -> bool {
    std::future::pending().await
}

#[periodic(every = "1h", when = never_answers)]
async fn waits_for_its_guard() {}

#[test]
fn many_that_wait_for_a_guard_go_with_the_tokio_runtime() {
    in_time(|| {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let tokio = tokio.expect("a tokio runtime");
        let (runtime, mut events) = tokio.block_on(async {
            let runtime = only("waits_for_its_guard").await;
            for _ in 0..1_000 {
                runtime.trigger("waits_for_its_guard").await.expect("it is accepted");
            }
            let events = runtime.events();
            (runtime, events)
        });
        drop(tokio);
        on_workers(async {
            runtime.join().await.expect("nothing was on");
            while events.recv().await.is_some() {}
            let books = runtime.jobs()[0].accounting;
            assert_eq!((books.due, books.pending), (1_000, 0), "{books:?}");
        });
    });
}

#[periodic(every = "1h")]
fn endless(let_go: &AtomicBool) {
    keep_the_thread(let_go);
}

fn keep_the_thread(let_go: &AtomicBool) {
    while !let_go.load(Ordering::Acquire) {
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

#[test]
fn whoever_waits_for_a_stuck_function_is_told_when_the_runtime_is_dropped() {
    in_time(|| {
        on_workers(async {
            let let_go = Arc::new(AtomicBool::new(false));
            let builder = run_all().only(["endless"]).data_arc(Arc::clone(&let_go));
            let runtime = builder.start().await.expect("nothing is wrong");
            let mut events = runtime.events();
            let handle = endless::trigger().await.expect("it is accepted");
            while !matches!(events.recv().await.expect("it starts").kind, EventKind::Started { .. }) {}
            drop(runtime);
            assert!(handle.await.expect_err("it did not end").is_interrupted());
            let mut told = Vec::new();
            while let Some(event) = events.recv().await {
                told.push(event.kind);
            }
            let interrupted =
                |kind: &EventKind| matches!(kind, EventKind::Finished { outcome: Outcome::Interrupted, .. });
            assert_eq!(told.iter().filter(|kind| interrupted(kind)).count(), 1, "{told:?}");
            let_go.store(true, Ordering::Release);
        });
    });
}

#[periodic(every = "1h")]
fn endless_with_state(let_go: &AtomicBool, state: &mut u32) {
    *state += 1;
    keep_the_thread(let_go);
}

#[test]
fn the_state_of_what_was_given_up_is_lost_and_nobody_waits_for_it() {
    in_time(|| {
        on_workers(async {
            let let_go = Arc::new(AtomicBool::new(false));
            let builder = run_all().only(["endless_with_state"]).data_arc(Arc::clone(&let_go));
            let runtime = builder.shutdown_timeout("50ms").start().await.expect("nothing is wrong");
            let _handle = endless_with_state::trigger().await.expect("it is accepted");
            let error = runtime.shutdown().await.expect_err("it is stuck");
            assert!(error.is_abandoned(), "{error}");
            let peeked = endless_with_state::peek(|state| *state).await;
            assert_eq!(peeked.expect("it is there"), None);
            let_go.store(true, Ordering::Release);
        });
    });
}

#[test]
fn the_runtime_that_has_ended_is_not_the_current_one_beside_another() {
    in_time(|| {
        on_workers(async {
            let first = only("ticking").await;
            let second = only("ticking").await;
            second.shutdown().await.expect("nothing runs");
            ticking::trigger().await.expect("the first is there").await.expect("it ends well");
            assert_eq!(first.jobs()[0].accounting.ran, 1);
            first.shutdown().await.expect("nothing runs");
            assert!(ticking::trigger().await.expect_err("both have ended").is_refused());
        });
    });
}

// ---- guards

/// Yields more often than anybody counts.
async fn slow_but_ready() -> bool {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    true
}

#[periodic(every = "1m", when = slow_but_ready)]
async fn guarded_slowly() {}

#[test]
fn guards_that_are_ready_are_asked_to_their_end() {
    in_time_and_paused(async || {
        let jobs = auto(&["guarded_slowly"]).await;
        jobs.advance("1m").await;
        assert_eq!(starts(&jobs, "guarded_slowly"), [60_000]);
    });
}

#[periodic(every = "1m", when = |cx: &Context| { cx.cancel("said by the guard"); true })]
async fn told_by_its_guard() {}

#[tokio::test(start_paused = true)]
async fn what_a_guard_asks_for_is_not_asked_by_the_run() {
    let jobs = manual(&["told_by_its_guard"]).await;
    assert_eq!(jobs.tick("told_by_its_guard").await, Ok(Outcome::Completed));
}

async fn takes_a_minute() -> bool {
    tokio::time::sleep(Duration::from_secs(60)).await;
    true
}

#[periodic(every = "1h", when = takes_a_minute)]
async fn guarded_for_a_minute() {}

#[tokio::test(start_paused = true)]
async fn to_settle_is_to_wait_for_guards_too() {
    let jobs = auto(&["guarded_for_a_minute"]).await;
    jobs.advance("1h").await;
    assert!(!jobs.settle("10s").await);
    assert!(jobs.settle("10m").await);
    assert_eq!(starts(&jobs, "guarded_for_a_minute"), [3_660_000]);
}

#[tokio::test(start_paused = true)]
async fn ticks_while_paused_are_paused_whatever_stands_in_for_the_guard() {
    let jobs = auto(&["ticking"]).await;
    jobs.guard("ticking", false);
    jobs.runtime().pause("ticking", "a test").await.expect("it is there");
    jobs.advance("3h").await;
    assert_eq!(books(&jobs, "ticking").skipped_for(SkipReason::Paused), 3);
}

async fn takes_20s() -> bool {
    tokio::time::sleep(Duration::from_secs(20)).await;
    true
}

#[periodic(every = "1m", delay_mode = "shifted", when = takes_20s)]
async fn shifted() {
    tokio::time::sleep(Duration::from_secs(50)).await;
}

#[tokio::test(start_paused = true)]
async fn a_new_schedule_while_the_guard_is_asked_starts_no_second_rhythm() {
    let jobs = auto(&["shifted"]).await;
    jobs.advance("70s").await;
    jobs.runtime().reschedule("shifted", Schedule::every("10s").expect("a period")).expect("it is there");
    jobs.advance("300s").await;
    // From the start at 80 s: 50 s of work, 10 s of distance and 20 s at the guard.
    assert_eq!(starts(&jobs, "shifted"), [80_000, 160_000, 240_000, 320_000]);
    assert_eq!(counts(&jobs, "shifted").4, 0, "{:?}", story(&jobs, "shifted"));
}
