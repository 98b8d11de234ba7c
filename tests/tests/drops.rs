//! Values of the users' whose drop calls the runtime, or panics: the engine drops none of them where that would hurt.

mod patience;
mod stage;

use std::fmt;
use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use job_runtime::testing::{Harness, TestBuilder};
use job_runtime::{Context, Outcome, Periodic, Recurrence, Runtime, Schedule, SkipReason, periodic};
use patience::in_time_and_paused;
use stage::{at_once, auto, books, counts, manual, starts};

#[periodic(every = "100ms")]
async fn bystander() {}

fn hourly() -> Schedule {
    Schedule::every("1h").expect("a period")
}

// ---- a drop that calls the runtime

/// How many callers have called the runtime in their drop, and come back.
#[derive(Clone, Default)]
struct Calls(Arc<AtomicUsize>);

impl Calls {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn caller(&self) -> Caller {
        Caller(self.clone())
    }
}

/// Lists the jobs and triggers one when it is dropped.
#[derive(Debug)]
struct Caller(Calls);

impl Drop for Caller {
    fn drop(&mut self) {
        let runtime = Runtime::current().expect("the harness is there");
        assert!(runtime.jobs().iter().any(|job| &*job.name == "bystander"));
        at_once(runtime.trigger("bystander")).expect("it is there");
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} calls", self.count())
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an error that calls")
    }
}

impl std::error::Error for Caller {}

/// A job of the test and the bystander, in manual mode.
fn beside(job: &str, calls: &Calls) -> TestBuilder {
    manual(&[job, "bystander"]).data(calls.clone())
}

/// As many callers were dropped and came back, and each of their triggers has run.
async fn assert_called(jobs: &Harness, calls: &Calls, count: usize) {
    jobs.advance("0s").await;
    assert_eq!(calls.count(), count);
    let ran = u64::try_from(count).expect("it is small");
    assert_eq!(counts(jobs, "bystander"), (ran, ran, 0, 0, 0));
}

#[periodic(every = "1h", max_attempts = 3, backoff = "1s")]
async fn fails(calls: &Calls) -> Result<(), Caller> {
    Err(calls.caller())
}

#[test]
fn an_error_of_an_attempt_that_is_followed_by_another_may_call_the_runtime() {
    in_time_and_paused(async || {
        let calls = Calls::default();
        let jobs = beside("fails", &calls).await;
        let error = fails::trigger().await.expect("it is accepted").await.expect_err("it never succeeds");
        assert_called(&jobs, &calls, 2).await;
        drop(error);
        assert_called(&jobs, &calls, 3).await;
    });
}

#[test]
fn an_error_nobody_waits_for_may_call_the_runtime() {
    in_time_and_paused(async || {
        let calls = Calls::default();
        let jobs = beside("fails", &calls).await;
        assert_eq!(jobs.tick("fails").await, Ok(Outcome::Failed));
        assert_called(&jobs, &calls, 3).await;
    });
}

#[periodic(every = "1h", timeout = "5s")]
async fn gives(cx: &Context, calls: &Calls) -> Result<Caller, String> {
    cx.cancelled().await;
    Ok(calls.caller())
}

#[test]
fn the_output_of_a_run_that_was_cancelled_may_call_the_runtime() {
    in_time_and_paused(async || {
        let calls = Calls::default();
        let jobs = beside("gives", &calls).await;
        let run = gives::trigger().await.expect("it is accepted");
        jobs.advance("1s").await;
        run.cancel();
        assert_called(&jobs, &calls, 1).await;
        assert!(run.await.expect_err("it was cancelled").is_cancelled());
    });
}

#[test]
fn the_output_of_a_run_that_took_too_long_may_call_the_runtime() {
    in_time_and_paused(async || {
        let calls = Calls::default();
        let jobs = beside("gives", &calls).await;
        let run = gives::trigger().await.expect("it is accepted");
        assert!(run.await.expect_err("it took too long").is_timed_out());
        assert_called(&jobs, &calls, 1).await;
    });
}

#[periodic(every = "1h")]
async fn gives_later(calls: &Calls) -> Result<Caller, String> {
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(calls.caller())
}

#[test]
fn an_output_whose_handle_is_gone_may_call_the_runtime() {
    in_time_and_paused(async || {
        let calls = Calls::default();
        let jobs = beside("gives_later", &calls).await;
        drop(gives_later::trigger().await.expect("it is accepted"));
        jobs.advance("1s").await;
        assert_eq!(jobs.runs("gives_later")[0].outcome, Some(Outcome::Completed));
        assert_called(&jobs, &calls, 1).await;
    });
}

#[periodic(every = "1h", timeout = "5s")]
async fn holds(calls: &Calls) {
    let _caller = calls.caller();
    std::future::pending().await
}

#[test]
fn what_a_run_holds_that_is_dropped_may_call_the_runtime() {
    in_time_and_paused(async || {
        let calls = Calls::default();
        let jobs = beside("holds", &calls).await;
        assert_eq!(jobs.tick("holds").await, Ok(Outcome::TimedOut));
        assert_called(&jobs, &calls, 1).await;
        let run = holds::trigger().await.expect("it is accepted");
        jobs.advance("1s").await;
        run.cancel();
        assert_called(&jobs, &calls, 2).await;
    });
}

#[periodic(every = "1h")]
async fn keeps(kept: &mut Option<Caller>, calls: &Calls) {
    *kept = Some(calls.caller());
}

#[test]
fn the_state_of_a_job_may_call_the_runtime() {
    in_time_and_paused(async || {
        let calls = Calls::default();
        let jobs = beside("keeps", &calls).await;
        for _ in 0..2 {
            assert_eq!(jobs.tick("keeps").await, Ok(Outcome::Completed));
        }
        assert_called(&jobs, &calls, 1).await;
        assert!(jobs.runtime().remove("keeps"));
        assert_called(&jobs, &calls, 2).await;
    });
}

struct Missing;

#[periodic(every = "1h")]
async fn takes(_calls: &Caller, _missing: &Missing) {}

#[test]
fn the_data_of_a_refused_start_may_call_the_runtime() {
    in_time_and_paused(async || {
        let calls = Calls::default();
        let jobs = manual(&["bystander"]).await;
        let refused = auto(&["takes"]).data(calls.caller()).try_start().await;
        assert!(refused.expect_err("data is missing").is_configuration());
        assert_called(&jobs, &calls, 1).await;
        let refused = job_runtime::run_all().only(["takes"]).data(calls.caller()).start().await;
        assert!(refused.expect_err("data is missing").is_configuration());
        assert_called(&jobs, &calls, 2).await;
    });
}

fn added(name: &str, caller: Caller) -> Periodic {
    Periodic::new(name, hourly(), move |_| {
        let _ = &caller;
        async {}
    })
}

#[test]
fn the_closure_of_an_added_job_may_call_the_runtime() {
    in_time_and_paused(async || {
        let calls = Calls::default();
        let jobs = manual(&["bystander"]).await;
        jobs.runtime().add(added("first", calls.caller())).expect("the name is free");
        for (name, called) in [("first", 1), ("", 2)] {
            let refused = jobs.runtime().add(added(name, calls.caller()));
            assert!(refused.expect_err("it is not a name for it").is_configuration());
            assert_called(&jobs, &calls, called).await;
        }
        assert!(jobs.runtime().remove("first"));
        assert_called(&jobs, &calls, 3).await;
    });
}

/// Never due.
struct Calling(#[expect(dead_code, reason = "for its drop")] Caller);

impl Recurrence for Calling {
    fn next(&self, _after: SystemTime) -> Option<SystemTime> {
        None
    }

    fn describe(&self) -> String {
        "never".to_owned()
    }
}

#[test]
fn a_schedule_that_is_replaced_may_call_the_runtime() {
    in_time_and_paused(async || {
        let calls = Calls::default();
        let schedule = || Calling(calls.caller());
        let jobs = auto(&["bystander"]).await;
        jobs.runtime().add(Periodic::new("first", schedule(), |_| async {})).expect("the name is free");
        jobs.runtime().reschedule("first", schedule()).expect("it is there");
        let before = calls.count();
        jobs.runtime().reschedule("first", schedule()).expect("it is there");
        assert_called(&jobs, &calls, before + 1).await;
        jobs.runtime().reschedule("nobody", schedule()).expect_err("there is no such job");
        assert_called(&jobs, &calls, before + 2).await;
        assert!(jobs.runtime().remove("first"));
        assert_called(&jobs, &calls, 4).await;
    });
}

/// Arguments of a template; only the number counts.
#[derive(Clone)]
struct Key(u32, #[expect(dead_code, reason = "for its drop")] Arc<Caller>);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Key {}

impl std::hash::Hash for Key {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

#[periodic(every = "1h")]
async fn for_each(key: Key) {
    drop(key);
}

#[test]
fn the_arguments_of_an_instance_may_call_the_runtime() {
    in_time_and_paused(async || {
        let calls = Calls::default();
        let key = |number| Key(number, Arc::new(calls.caller()));
        let jobs = manual(&["for_each", "bystander"]).await;
        for number in [1, 2] {
            for_each::start(key(number)).expect("it is not started yet");
        }
        for_each::start(key(1)).expect_err("it is started");
        assert_called(&jobs, &calls, 1).await;
        assert_eq!(jobs.tick("for_each").await, Ok(Outcome::Completed));
        assert_called(&jobs, &calls, 1).await;
        assert!(for_each::stop(key(1)));
        assert_called(&jobs, &calls, 3).await;
        assert!(!for_each::stop(key(1)));
        assert_called(&jobs, &calls, 4).await;
        assert!(jobs.runtime().remove("for_each"));
        assert_called(&jobs, &calls, 5).await;
    });
}

// ---- a drop that panics

/// Panics when it is dropped, with one like it as the payload as often as it says.
#[derive(Debug)]
struct Explosive(u32);

impl Drop for Explosive {
    fn drop(&mut self) {
        match self.0 {
            0 => panic!("an explosive was dropped"),
            further => panic_any(Self(further - 1)),
        }
    }
}

impl fmt::Display for Explosive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an explosive error")
    }
}

impl std::error::Error for Explosive {}

/// How explosive what the jobs below drop is.
struct Depth(u32);

const DEPTHS: [u32; 3] = [0, 1, 2];

/// The job and the bystander in auto mode.
async fn with_depth(job: &str, depth: u32) -> Harness {
    auto(&[job, "bystander"]).data(Depth(depth)).await
}

/// The bystander ran whenever it was due.
#[track_caller]
fn assert_others_go_on(jobs: &Harness) {
    let passed = stage::ms(jobs.now());
    assert_eq!(starts(jobs, "bystander"), (100..=passed).step_by(100).collect::<Vec<_>>());
}

fn outcomes(jobs: &Harness, job: &str) -> Vec<Outcome> {
    jobs.runs(job).iter().filter_map(|run| run.outcome).collect()
}

#[periodic(every = "100ms")]
async fn outputs(depth: &Depth) -> Result<Explosive, String> {
    Ok(Explosive(depth.0))
}

#[test]
fn an_output_nobody_waits_for_whose_drop_panics_is_a_panic_of_its_run() {
    in_time_and_paused(async || {
        for depth in DEPTHS {
            let jobs = with_depth("outputs", depth).await;
            jobs.advance("500ms").await;
            assert_eq!(outcomes(&jobs, "outputs"), [Outcome::Panicked; 5]);
            let error = jobs.runs("outputs")[0].error.clone().expect("it is told");
            assert_eq!(error.contains("an explosive was dropped"), depth == 0, "{error}");
            assert_others_go_on(&jobs);
        }
    });
}

#[periodic(every = "100ms")]
async fn errors(depth: &Depth) -> Result<(), Explosive> {
    Err(Explosive(depth.0))
}

#[test]
fn an_error_nobody_waits_for_whose_drop_panics_is_a_panic_of_its_run() {
    in_time_and_paused(async || {
        for depth in DEPTHS {
            let jobs = with_depth("errors", depth).await;
            jobs.advance("500ms").await;
            assert_eq!(outcomes(&jobs, "errors"), [Outcome::Panicked; 5]);
            assert_others_go_on(&jobs);
        }
    });
}

#[periodic(every = "1h", max_attempts = 2, backoff = "100ms", job_shutdown = "100ms")]
async fn outputs_when_asked(cx: &Context, depth: &Depth) -> Result<Explosive, Explosive> {
    if cx.attempt() == 1 {
        return Err(Explosive(depth.0));
    }
    cx.cancelled().await;
    Ok(Explosive(depth.0))
}

#[test]
fn an_output_nobody_reads_any_more_whose_drop_panics_hurts_nobody() {
    in_time_and_paused(async || {
        for depth in DEPTHS {
            let jobs = with_depth("outputs_when_asked", depth).await;
            let run = outputs_when_asked::trigger().await.expect("it is accepted");
            let let_go = outputs_when_asked::trigger().await.expect("it is accepted");
            drop(let_go);
            // Both errors of the first attempts are dropped.
            jobs.advance("250ms").await;
            run.cancel();
            jobs.advance("0s").await;
            assert!(run.await.expect_err("it was cancelled").is_cancelled());
            jobs.advance("250ms").await;
            assert_others_go_on(&jobs);
            jobs.shutdown().await.expect("the other ends when it is asked");
            let ends = [Outcome::Failed, Outcome::Failed, Outcome::Cancelled, Outcome::Completed];
            assert_eq!(outcomes(&jobs, "outputs_when_asked"), ends);
        }
    });
}

#[periodic(every = "100ms")]
async fn panics(depth: &Depth) {
    panic_any(Explosive(depth.0));
}

#[periodic(every = "100ms")]
fn panics_on_its_thread(depth: &Depth) {
    panic_any(Explosive(depth.0));
}

#[test]
fn a_panic_whose_payload_panics_in_its_drop_is_one_panic() {
    in_time_and_paused(async || {
        for depth in DEPTHS {
            for job in ["panics", "panics_on_its_thread"] {
                let jobs = with_depth(job, depth).await;
                jobs.advance("500ms").await;
                assert_eq!(outcomes(&jobs, job), [Outcome::Panicked; 5], "{job}");
                assert!(jobs.runs(job).iter().all(|run| run.error.is_some()), "{job}");
                assert_others_go_on(&jobs);
            }
        }
    });
}

fn explosive_guard(cx: &Context) -> bool {
    panic_any(Explosive(cx.data::<Depth>().expect("it is given").0));
}

#[periodic(every = "100ms", when = explosive_guard)]
async fn guarded() {}

#[test]
fn a_panic_of_a_guard_whose_payload_panics_in_its_drop_counts_as_no() {
    in_time_and_paused(async || {
        for depth in DEPTHS {
            let jobs = with_depth("guarded", depth).await;
            jobs.advance("500ms").await;
            assert_eq!(books(&jobs, "guarded").skipped_for(SkipReason::Guard), 5);
            assert_others_go_on(&jobs);
        }
    });
}

#[periodic(every = "100ms")]
async fn stateful(state: &mut Option<Explosive>, depth: &Depth) {
    if state.is_none() {
        *state = Some(Explosive(depth.0));
    }
}

#[periodic(every = "100ms", timeout = "50ms")]
async fn held_up(depth: &Depth) {
    let _explosive = Explosive(depth.0);
    std::future::pending().await
}

#[test]
fn what_a_run_holds_whose_drop_panics_ends_with_it() {
    in_time_and_paused(async || {
        for depth in DEPTHS {
            let jobs = with_depth("held_up", depth).await;
            jobs.advance("560ms").await;
            assert_eq!(outcomes(&jobs, "held_up"), [Outcome::TimedOut; 5]);
            assert_others_go_on(&jobs);
        }
    });
}

#[test]
fn a_state_whose_drop_panics_goes_with_its_job() {
    in_time_and_paused(async || {
        for depth in DEPTHS {
            let jobs = with_depth("stateful", depth).await;
            jobs.advance("250ms").await;
            assert_eq!(outcomes(&jobs, "stateful"), [Outcome::Completed; 2]);
            assert!(jobs.runtime().remove("stateful"));
            jobs.advance("250ms").await;
            assert!(jobs.runtime().job("stateful").is_none());
            assert_others_go_on(&jobs);
        }
    });
}

#[test]
fn a_panic_of_an_observer_whose_payload_panics_in_its_drop_keeps_no_event_from_others() {
    in_time_and_paused(async || {
        for depth in DEPTHS {
            let jobs = auto(&["bystander"]).on_event(move |_| panic_any(Explosive(depth))).await;
            let mut events = jobs.runtime().events();
            jobs.advance("500ms").await;
            assert_others_go_on(&jobs);
            jobs.shutdown().await.expect("nothing runs");
            let mut heard = 0;
            while events.recv().await.is_some() {
                heard += 1;
            }
            assert_eq!((heard, jobs.events().len()), (12, 12));
        }
    });
}

/// Due at each 100 ms; it panics when it is asked for what comes after 300 ms.
struct Overwound(u32);

impl Recurrence for Overwound {
    fn next(&self, after: SystemTime) -> Option<SystemTime> {
        let passed = after.duration_since(stage::midnight()).expect("no test leads before midnight").as_millis();
        match u64::try_from(passed / 100).expect("it is small") {
            ticks @ 0..3 => Some(stage::at((ticks + 1) * 100)),
            _ => panic_any(Explosive(self.0)),
        }
    }

    fn describe(&self) -> String {
        panic_any(Explosive(self.0));
    }
}

#[test]
fn a_panic_of_a_schedule_whose_payload_panics_in_its_drop_ends_the_schedule_alone() {
    in_time_and_paused(async || {
        for depth in DEPTHS {
            let jobs = auto(&["bystander"]).await;
            jobs.runtime().add(Periodic::new("overwound", Overwound(depth), |_| async {})).expect("the name is free");
            jobs.advance("1s").await;
            assert_eq!(starts(&jobs, "overwound"), [100, 200, 300], "{depth}");
            assert_eq!(jobs.runtime().jobs().len(), 2);
            assert_others_go_on(&jobs);
        }
    });
}
