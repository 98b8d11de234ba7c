//! What users of Elixir's Periodic rely on, case by case.

mod stage;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use job_runtime::testing::TickError;
use job_runtime::{Context, Kind, Outcome, SkipReason, Trigger, periodic};
use stage::{Door, auto, begin, books, manual, next, starts, story, with_door};

#[periodic(every = "1ms")]
async fn brisk() {}

#[tokio::test(start_paused = true)]
async fn p1_auto_mode_starts_by_itself() {
    let jobs = auto(&["brisk"]).await;
    jobs.advance("2ms").await;
    assert_eq!(starts(&jobs, "brisk"), [1, 2]);
    assert_eq!(books(&jobs, "brisk").ran, 2);
}

#[tokio::test(start_paused = true)]
async fn p2_manual_mode_starts_once_per_tick_and_never_by_itself() {
    let jobs = manual(&["brisk"]).await;
    jobs.advance("100ms").await;
    assert!(story(&jobs, "brisk").is_empty());
    assert_eq!(jobs.tick("brisk").await, Ok(Outcome::Completed));
    assert_eq!(story(&jobs, "brisk"), ["100ms 1 started", "100ms 1 completed"]);
    assert_eq!(jobs.tick("brisk").await, Ok(Outcome::Completed));
    let runs = jobs.runs("brisk");
    assert_eq!(runs.len(), 2);
    assert_ne!(runs[0].id, runs[1].id);
    assert!(runs.iter().all(|run| run.trigger == Trigger::Manual));
    assert_eq!(books(&jobs, "brisk").ran, 2);
}

#[periodic(every = "1h")]
async fn takes_20ms() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

#[tokio::test(start_paused = true)]
async fn p3_a_normal_end_is_told_with_its_duration() {
    let jobs = manual(&["takes_20ms"]).await;
    assert_eq!(jobs.tick("takes_20ms").await, Ok(Outcome::Completed));
    assert_eq!(story(&jobs, "takes_20ms"), ["0ms 1 started", "20ms 1 completed"]);
    let durations: Vec<Duration> = jobs.events().iter().filter_map(duration).collect();
    assert_eq!(durations, [Duration::from_millis(20)]);
}

fn duration(event: &job_runtime::Event) -> Option<Duration> {
    if let job_runtime::EventKind::Finished { duration, .. } = event.kind { Some(duration) } else { None }
}

#[periodic(every = "1h", on_overlap = "ignore")]
async fn one_at_a_time(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn p4_ignore_skips_while_a_run_is_on_and_starts_after_it() {
    let (jobs, door) = with_door(manual(&["one_at_a_time"])).await;
    assert_eq!(jobs.tick_within("one_at_a_time", "0ms").await, Err(TickError::TimedOut));
    assert_eq!(jobs.tick("one_at_a_time").await, Err(TickError::NotStarted(SkipReason::StillRunning)));
    jobs.advance("100ms").await;
    assert_eq!(story(&jobs, "one_at_a_time"), ["0ms 1 started", "0ms 2 skipped still_running by 1"]);
    door.let_through(2, &jobs).await;
    assert_eq!(jobs.tick("one_at_a_time").await, Ok(Outcome::Completed));
    assert_eq!(story(&jobs, "one_at_a_time")[2..], ["100ms 1 completed", "100ms 3 started", "100ms 3 completed"]);
    assert_eq!(books(&jobs, "one_at_a_time").skipped_for(SkipReason::StillRunning), 1);
}

#[periodic(every = "1h", on_overlap = "stop_previous")]
async fn newest_only(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn p5_stop_previous_ends_the_old_run_and_starts_the_new_one() {
    let jobs = manual(&["newest_only"]).data(Door::new()).await;
    assert_eq!(jobs.tick_within("newest_only", "0ms").await, Err(TickError::TimedOut));
    assert_eq!(jobs.tick_within("newest_only", "0ms").await, Err(TickError::TimedOut));
    let told = ["0ms 1 started", "0ms 1 cancelled", "0ms 2 stopped previous 1", "0ms 2 started"];
    assert_eq!(story(&jobs, "newest_only"), told);
    assert_eq!(books(&jobs, "newest_only").ran, 2);
}

#[periodic(every = "1h", timeout = "1ms")]
async fn endless_but_limited() {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn p6_a_timeout_ends_a_run_that_never_returns() {
    let jobs = manual(&["endless_but_limited"]).await;
    assert_eq!(jobs.tick("endless_but_limited").await, Ok(Outcome::TimedOut));
    assert_eq!(story(&jobs, "endless_but_limited"), ["0ms 1 started", "1ms 1 timed_out"]);
}

#[periodic(every = "100ms")]
async fn regular(door: &Door) {
    door.wait().await;
}

#[periodic(every = "100ms", initial_delay = "0s")]
async fn at_once() {}

#[periodic(every = "100ms", delay_mode = "shifted")]
async fn shifted(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn p7_the_first_delay_is_the_period() {
    let jobs = auto(&["regular"]).data(Door::new()).await;
    assert_eq!(next(&jobs, "regular", 1), [100]);
}

#[tokio::test(start_paused = true)]
async fn p8_an_initial_delay_of_zero_starts_at_once() {
    let jobs = auto(&["at_once"]).await;
    assert_eq!(next(&jobs, "at_once", 1), [0]);
    jobs.advance("0s").await;
    assert_eq!(starts(&jobs, "at_once"), [0]);
    assert_eq!(next(&jobs, "at_once", 1), [100]);
}

#[tokio::test(start_paused = true)]
async fn p9_regular_announces_the_next_tick_while_the_run_is_on() {
    let jobs = auto(&["regular"]).data(Door::new()).await;
    for coming in [100, 200, 300] {
        assert_eq!(next(&jobs, "regular", 1), [coming]);
        jobs.advance("100ms").await;
    }
    assert_eq!(starts(&jobs, "regular"), [100, 200, 300]);
    assert_eq!(jobs.running().len(), 3);
    assert_eq!(books(&jobs, "regular").ran, 3);
}

#[tokio::test(start_paused = true)]
async fn p10_shifted_announces_the_next_tick_when_the_run_has_ended() {
    let (jobs, door) = with_door(auto(&["shifted"])).await;
    assert_eq!(next(&jobs, "shifted", 1), [100]);
    jobs.advance("100ms").await;
    assert!(next(&jobs, "shifted", 1).is_empty());
    jobs.advance("130ms").await;
    assert!(next(&jobs, "shifted", 1).is_empty());
    door.let_through(1, &jobs).await;
    assert_eq!(next(&jobs, "shifted", 1), [330]);
    jobs.advance("100ms").await;
    assert_eq!(starts(&jobs, "shifted"), [100, 330]);
}

#[periodic(every = "1h", job_shutdown = "10ms")]
async fn obedient(cx: &Context) -> Result<(), &'static str> {
    cx.cancelled().await;
    Err("asked to stop")
}

#[periodic(every = "1h", job_shutdown = "10ms")]
async fn stubborn(cx: &Context) {
    cx.cancelled().await;
    std::future::pending().await
}

#[periodic(every = "1h", job_shutdown = "brutal_kill")]
async fn killed(cx: &Context) {
    cx.cancelled().await;
    std::future::pending().await
}

#[periodic(every = "1h", job_shutdown = "infinity")]
async fn takes_its_time(cx: &Context, door: &Door) {
    cx.cancelled().await;
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn p11_an_obedient_run_ends_at_once_with_the_shutdown() {
    let jobs = manual(&["obedient"]).await;
    assert_eq!(jobs.tick_within("obedient", "0ms").await, Err(TickError::TimedOut));
    jobs.shutdown().await.expect("nothing was dropped");
    assert_eq!(story(&jobs, "obedient"), ["0ms 1 started", "0ms 1 interrupted"]);
}

#[tokio::test(start_paused = true)]
async fn p12_a_stubborn_run_is_dropped_after_its_grace() {
    let jobs = manual(&["stubborn"]).await;
    assert_eq!(jobs.tick_within("stubborn", "0ms").await, Err(TickError::TimedOut));
    let error = jobs.shutdown().await.expect_err("the run was dropped");
    assert!(error.is_abandoned() && error.to_string().contains("stubborn"), "{error}");
    assert_eq!(story(&jobs, "stubborn"), ["0ms 1 started", "10ms 1 interrupted"]);
}

#[tokio::test(start_paused = true)]
async fn p13_brutal_kill_leaves_no_grace() {
    let jobs = manual(&["killed"]).await;
    assert_eq!(jobs.tick_within("killed", "0ms").await, Err(TickError::TimedOut));
    let error = jobs.shutdown().await.expect_err("the run was dropped");
    assert!(error.is_abandoned(), "{error}");
    assert_eq!(story(&jobs, "killed"), ["0ms 1 started", "0ms 1 interrupted"]);
}

#[tokio::test(start_paused = true)]
async fn p14_infinity_waits_until_the_run_has_finished() {
    let (jobs, door) = with_door(manual(&["takes_its_time"])).await;
    assert_eq!(jobs.tick_within("takes_its_time", "0ms").await, Err(TickError::TimedOut));
    begin(jobs.shutdown()).await;
    jobs.advance("100ms").await;
    assert_eq!(jobs.running().len(), 1);
    assert_eq!(story(&jobs, "takes_its_time"), ["0ms 1 started"]);
    door.open(1);
    jobs.shutdown().await.expect("the run had all the time it took");
    assert_eq!(story(&jobs, "takes_its_time"), ["0ms 1 started", "100ms 1 completed"]);
}

#[periodic(every = "10m", name = "purge sessions")]
async fn purge() {}

#[tokio::test(start_paused = true)]
async fn p15_a_registered_name_resolves() {
    let jobs = manual(&["purge sessions"]).await;
    let info = jobs.runtime().job("purge sessions").expect("it is registered");
    assert_eq!((&*info.name, info.kind), ("purge sessions", Kind::Periodic));
    assert_eq!((info.file, info.line > 0), (file!(), true));
    assert!(jobs.runtime().job("purge").is_none());
    assert_eq!(purge::status().await.expect("it is this runtime's").name, info.name);
    assert_eq!(jobs.tick("purge").await, Err(TickError::UnknownJob));
}

/// What the guards below look at.
struct Flag(bool);

fn yes() -> bool {
    true
}

fn no() -> bool {
    false
}

fn flag_is_up(cx: &Context) -> bool {
    cx.data::<Flag>().is_some_and(|flag| flag.0)
}

async fn flag_is_up_later(cx: &Context) -> bool {
    tokio::time::sleep(Duration::from_millis(1)).await;
    flag_is_up(cx)
}

#[periodic(every = "1h", when = yes)]
async fn guarded_by_yes() {}

#[periodic(every = "1h", when = no)]
async fn guarded_by_no() {}

#[periodic(every = "1h", when = flag_is_up)]
async fn guarded_by_path_with_context() {}

#[periodic(every = "1h", when = flag_is_up_later)]
async fn guarded_by_async_path() {}

#[periodic(every = "1h", when = || !yes())]
async fn guarded_by_closure() {}

#[periodic(every = "1h", when = |cx| cx.attempt() == 1 && flag_is_up(cx))]
async fn guarded_by_closure_with_context() {}

#[periodic(every = "1h", when = async |cx| flag_is_up_later(cx).await)]
async fn guarded_by_async_closure() {}

#[tokio::test(start_paused = true)]
async fn p16_a_guard_that_is_true_lets_the_run_start() {
    let jobs = manual(&["guarded_by_yes"]).await;
    assert_eq!(jobs.tick("guarded_by_yes").await, Ok(Outcome::Completed));
    assert_eq!(story(&jobs, "guarded_by_yes"), ["0ms 1 started", "0ms 1 completed"]);
}

#[tokio::test(start_paused = true)]
async fn p17_a_guard_that_is_false_keeps_the_run_from_starting() {
    let jobs = manual(&["guarded_by_no", "guarded_by_closure"]).await;
    for job in ["guarded_by_no", "guarded_by_closure"] {
        assert_eq!(jobs.tick(job).await, Err(TickError::NotStarted(SkipReason::Guard)));
    }
    jobs.advance("100ms").await;
    assert_eq!(story(&jobs, "guarded_by_no"), ["0ms 1 skipped guard"]);
    assert_eq!(story(&jobs, "guarded_by_closure"), ["0ms 2 skipped guard"]);
    assert_eq!(books(&jobs, "guarded_by_no").skipped_for(SkipReason::Guard), 1);
}

#[tokio::test(start_paused = true)]
async fn p18_a_guard_sees_its_run_whichever_way_it_is_written() {
    let names = [
        "guarded_by_path_with_context",
        "guarded_by_async_path",
        "guarded_by_closure_with_context",
        "guarded_by_async_closure",
    ];
    for up in [true, false] {
        let jobs = manual(&names).data(Flag(up)).await;
        for job in names {
            let expected = if up { Ok(Outcome::Completed) } else { Err(TickError::NotStarted(SkipReason::Guard)) };
            assert_eq!(jobs.tick(job).await, expected, "{job}");
            assert_eq!((books(&jobs, job).ran, jobs.runs(job).len()), (u64::from(up), usize::from(up)), "{job}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p19_a_tick_by_hand_is_refused_in_auto_mode() {
    let jobs = auto(&["brisk"]).await;
    assert_eq!(jobs.tick("brisk").await, Err(TickError::NotManual));
    assert!(story(&jobs, "brisk").is_empty());
    assert_eq!(books(&jobs, "brisk").due, 0);
}

#[periodic(every = "1h")]
async fn writes(lines: &Mutex<Vec<&'static str>>) {
    tokio::time::sleep(Duration::from_millis(100)).await;
    lines.lock().expect("nobody panics with it").push("done");
}

#[tokio::test(start_paused = true)]
async fn p20_a_tick_answers_when_the_output_of_its_run_is_complete() {
    let lines = Arc::new(Mutex::new(Vec::<&'static str>::new()));
    let jobs = manual(&["writes"]).data_arc(Arc::clone(&lines)).await;
    assert_eq!(jobs.tick("writes").await, Ok(Outcome::Completed));
    assert_eq!(*lines.lock().expect("nobody panics with it"), ["done"]);
    assert_eq!(story(&jobs, "writes"), ["0ms 1 started", "100ms 1 completed"]);
}

#[tokio::test(start_paused = true)]
async fn p21_a_tick_declined_by_its_guard_says_so() {
    let jobs = manual(&["guarded_by_yes"]).await;
    jobs.guard("guarded_by_yes", false);
    assert_eq!(jobs.tick("guarded_by_yes").await, Err(TickError::NotStarted(SkipReason::Guard)));
    jobs.guard("guarded_by_yes", true);
    assert_eq!(jobs.tick("guarded_by_yes").await, Ok(Outcome::Completed));
}

#[tokio::test(start_paused = true)]
async fn p22_a_tick_with_a_wait_is_refused_in_auto_mode() {
    let jobs = auto(&["brisk"]).await;
    assert_eq!(jobs.tick_within("brisk", "1s").await, Err(TickError::NotManual));
    assert_eq!(books(&jobs, "brisk").due, 0);
}

#[periodic(every = "1h")]
async fn endless(begun: &AtomicUsize) {
    begun.fetch_add(1, Ordering::Relaxed);
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn p23_a_tick_waits_as_long_as_it_is_told() {
    let begun = Arc::new(AtomicUsize::new(0));
    let jobs = manual(&["endless"]).data_arc(Arc::clone(&begun)).await;
    assert_eq!(jobs.tick_within("endless", "0ms").await, Err(TickError::TimedOut));
    assert_eq!(begun.load(Ordering::Relaxed), 1);
    assert_eq!(jobs.running().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn p23_a_tick_does_not_wait_for_ever() {
    let jobs = manual(&["endless"]).data(AtomicUsize::new(0)).await;
    assert_eq!(jobs.tick("endless").await, Err(TickError::TimedOut));
}
