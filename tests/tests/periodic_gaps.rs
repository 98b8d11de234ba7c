//! Where Elixir's Periodic falls short, or its suite is silent: crashes, stalls, guards, shutdown, mistakes.

mod stage;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use job_runtime::{Context, EventKind, MissReason, Outcome, Periodic, Schedule, SkipReason, periodic};
use stage::{Door, assert_paired, auto, books, counts, manual, next, nominals, starts, story, with_door};

#[periodic(every = "100ms", on_overlap = "run")]
async fn overlapping(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn g1_overlapping_runs_all_stay_on() {
    let (jobs, door) = with_door(auto(&["overlapping"])).await;
    jobs.advance("500ms").await;
    let mut on = jobs.running();
    on.dedup();
    assert_eq!(on.len(), 5);
    assert_eq!(jobs.runtime().job("overlapping").expect("it is there").running, 5);
    door.let_through(5, &jobs).await;
    assert!(jobs.running().is_empty());
    assert_eq!(counts(&jobs, "overlapping"), (5, 5, 0, 0, 0));
}

#[periodic(every = "100ms")]
async fn crashes() {
    panic!("as always");
}

#[periodic(every = "100ms")]
async fn steady() {}

#[tokio::test(start_paused = true)]
async fn g2_a_crash_leaves_its_schedule_and_other_jobs_alone() {
    let jobs = auto(&["crashes", "steady"]).await;
    jobs.advance("500ms").await;
    assert_eq!(starts(&jobs, "crashes"), [100, 200, 300, 400, 500]);
    assert!(jobs.runs("crashes").iter().all(|run| run.outcome == Some(Outcome::Panicked)));
    assert_eq!(starts(&jobs, "steady"), [100, 200, 300, 400, 500]);
    let error = jobs.runs("crashes")[0].error.clone().expect("it is told");
    assert!(error.contains("as always") && error.contains(file!()), "{error}");
    assert_eq!(counts(&jobs, "crashes"), (5, 5, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn g3_a_stall_gives_one_run_and_no_burst() {
    let jobs = auto(&["steady"]).await;
    jobs.stall("350ms").await;
    assert_eq!(story(&jobs, "steady"), ["350ms missed stalled 2: 100..200ms", "350ms 1 started", "350ms 1 completed"]);
    assert_eq!(nominals(&jobs, "steady"), [300]);
    jobs.advance("150ms").await;
    assert_eq!(starts(&jobs, "steady"), [350, 400, 500]);
    assert_eq!(books(&jobs, "steady").missed_for(MissReason::Stalled), 2);
}

#[periodic(every = "10ms")]
async fn takes_7ms() {
    tokio::time::sleep(Duration::from_millis(7)).await;
}

#[tokio::test(start_paused = true)]
async fn g4_no_drift_over_300_ticks() {
    let jobs = auto(&["takes_7ms"]).await;
    for _ in 0..180 {
        jobs.advance("17ms").await;
    }
    let expected: Vec<u128> = (1..=306).map(|tick| tick * 10).collect();
    assert_eq!(starts(&jobs, "takes_7ms"), expected);
    assert_eq!(nominals(&jobs, "takes_7ms"), expected);
    assert_eq!(counts(&jobs, "takes_7ms"), (306, 306, 0, 0, 0));
}

#[periodic(every = "100ms", delay_mode = "shifted", when = is_up)]
async fn shifted_and_guarded() {
    tokio::time::sleep(Duration::from_millis(30)).await;
}

fn is_up(cx: &Context) -> bool {
    cx.data::<AtomicBool>().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn g5_a_shifted_schedule_survives_a_guard_that_says_no() {
    let flag = Arc::new(AtomicBool::new(false));
    let jobs = auto(&["shifted_and_guarded"]).data_arc(Arc::clone(&flag)).await;
    jobs.advance("250ms").await;
    assert_eq!(story(&jobs, "shifted_and_guarded"), ["100ms 1 skipped guard", "200ms 2 skipped guard"]);
    assert_eq!(next(&jobs, "shifted_and_guarded", 1), [300]);
    flag.store(true, Ordering::Relaxed);
    jobs.advance("250ms").await;
    assert_eq!(starts(&jobs, "shifted_and_guarded"), [300, 430]);
    assert_eq!(counts(&jobs, "shifted_and_guarded"), (4, 2, 2, 0, 0));
}

#[periodic(every = "100ms", when = panics_once)]
async fn guarded_by_a_panic(door: &Door) {
    door.wait().await;
}

/// True, a panic, and true from then on.
fn panics_once(cx: &Context) -> bool {
    let asked = cx.data::<AtomicU32>().expect("it is given");
    assert_ne!(asked.fetch_add(1, Ordering::Relaxed), 1, "the guard is broken");
    true
}

#[tokio::test(start_paused = true)]
async fn g6_a_guard_that_panics_counts_as_no_and_harms_nothing() {
    let jobs = auto(&["guarded_by_a_panic", "steady"]).data(AtomicU32::new(0)).data(Door::new()).await;
    jobs.advance("300ms").await;
    let told = ["100ms 1 started", "200ms 3 guard panicked", "200ms 3 skipped guard", "300ms 5 started"];
    assert_eq!(story(&jobs, "guarded_by_a_panic"), told);
    assert_eq!(jobs.running().len(), 2);
    assert_eq!(starts(&jobs, "steady"), [100, 200, 300]);
    let message = jobs.events().iter().find_map(guard_panic).expect("it is told");
    assert!(message.contains("the guard is broken") && message.contains(file!()), "{message}");
    assert_eq!(counts(&jobs, "guarded_by_a_panic"), (3, 2, 1, 0, 0));
}

fn guard_panic(event: &job_runtime::Event) -> Option<Arc<str>> {
    if let EventKind::GuardPanicked { message } = &event.kind { Some(Arc::clone(message)) } else { None }
}

#[periodic(every = "100ms", on_overlap = "stop_previous", job_shutdown = "1s")]
async fn cleans_up(cx: &Context, cleaned: &AtomicU32) {
    cx.cancelled().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    cleaned.fetch_add(1, Ordering::Relaxed);
}

#[tokio::test(start_paused = true)]
async fn g7_stop_previous_lets_the_old_run_clean_up_and_tells_its_end() {
    let cleaned = Arc::new(AtomicU32::new(0));
    let jobs = auto(&["cleans_up"]).data_arc(Arc::clone(&cleaned)).await;
    jobs.advance("260ms").await;
    let told = ["100ms 1 started", "250ms 1 cancelled", "250ms 2 stopped previous 1", "250ms 2 started"];
    assert_eq!(story(&jobs, "cleans_up"), told);
    assert_eq!(cleaned.load(Ordering::Relaxed), 1);
    assert_eq!(nominals(&jobs, "cleans_up"), [100, 200]);
    assert_eq!(counts(&jobs, "cleans_up"), (2, 2, 0, 0, 0));
}

#[periodic(every = "1h", job_shutdown = "200ms")]
async fn stubborn(cx: &Context) {
    cx.cancelled().await;
    std::future::pending().await
}

#[periodic(every = "1h", job_shutdown = "150ms")]
async fn stubborn_too(cx: &Context) {
    cx.cancelled().await;
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn g8_shutdown_is_parallel_and_bounded_by_one_grace() {
    let jobs = manual(&["stubborn", "stubborn_too"]).await;
    for job in ["stubborn", "stubborn", "stubborn_too", "stubborn"] {
        jobs.tick_within(job, "0ms").await.expect_err("it never ends by itself");
    }
    let error = jobs.shutdown().await.expect_err("all were dropped");
    assert!(error.is_abandoned(), "{error}");
    let told = ["0ms 1 started", "0ms 2 started", "0ms 4 started"];
    assert_eq!(story(&jobs, "stubborn")[..3], told);
    let ends = ["200ms 1 interrupted", "200ms 2 interrupted", "200ms 4 interrupted"];
    assert_eq!(story(&jobs, "stubborn")[3..], ends);
    assert_eq!(story(&jobs, "stubborn_too"), ["0ms 3 started", "150ms 3 interrupted"]);
}

#[periodic(every = "100ms", timeout = "50ms", job_shutdown = "300ms")]
async fn stubborn_and_limited(cx: &Context) {
    cx.cancelled().await;
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn g9_a_stubborn_run_over_its_timeout_delays_no_tick() {
    let jobs = auto(&["stubborn_and_limited"]).await;
    jobs.advance("600ms").await;
    assert_eq!(starts(&jobs, "stubborn_and_limited"), [100, 200, 300, 400, 500, 600]);
    let ends: Vec<_> = jobs.runs("stubborn_and_limited").into_iter().filter_map(|run| run.finished_at).collect();
    assert_eq!(ends, [stage::at(450), stage::at(550)]);
    assert!(jobs.runs("stubborn_and_limited")[..2].iter().all(|run| run.outcome == Some(Outcome::TimedOut)));
    assert_eq!(counts(&jobs, "stubborn_and_limited"), (6, 6, 0, 0, 0));
}

#[periodic(every = "100ms", max_attempts = 3, backoff = "20ms", timeout = "70ms", job_shutdown = "10ms")]
async fn troubled(cx: &Context) -> Result<(), String> {
    let run: u32 = cx.id().to_string().parse().expect("it is a number");
    match (run + cx.attempt()) % 4 {
        0 => Ok(()),
        1 => Err("as so often".to_owned()),
        2 => panic!("as always"),
        _ => std::future::pending().await,
    }
}

#[tokio::test(start_paused = true)]
async fn g10_every_start_has_exactly_one_end() {
    let jobs = auto(&["troubled", "cleans_up", "stubborn_and_limited", "crashes"]).data(AtomicU32::new(0)).await;
    jobs.advance("1230ms").await;
    assert!(!jobs.running().is_empty());
    jobs.shutdown().await.expect_err("the stubborn ones are dropped");
    assert_paired(&jobs.events());
    for job in ["troubled", "cleans_up", "stubborn_and_limited", "crashes"] {
        let books = books(&jobs, job);
        assert_eq!((books.due, books.pending), (12, 0), "{job}");
        assert!(jobs.runs(job).iter().all(|run| run.outcome.is_some()), "{job}");
    }
}

// That the attribute refuses such values, and options it does not know, is told in `ui/zero_duration.rs` and
// `ui/unknown_option.rs`.
#[tokio::test(start_paused = true)]
async fn g11_a_period_of_zero_and_unknown_words_are_refused() {
    assert!(Schedule::every("0s").expect_err("it would spin").is_configuration());
    assert!(Schedule::every(Duration::ZERO).expect_err("it would spin").is_configuration());
    let configured = |change: fn(job_runtime::JobConfig) -> job_runtime::Result<job_runtime::JobConfig>| {
        Periodic::new("job", Schedule::every("1s")?, |_| async {}).configure(change)
    };
    configured(|job| job.every("2s")).expect("nothing is wrong with it");
    let refused = [
        (configured(|job| job.every("0s")), "every"),
        (configured(|job| job.every("10")), "every"),
        (configured(|job| job.on_overlap("queued")), "did you mean"),
        (configured(|job| job.on_missed("all(0)")), "on_missed"),
        (configured(|job| job.max_attempts(0)), "max_attempts"),
        (configured(|job| job.timeout("0s")), "timeout"),
    ];
    for (refused, text) in refused {
        let error = refused.expect_err(text);
        assert!(error.is_configuration() && error.to_string().contains(text), "{error}");
    }
    let error = manual(&["steady"]).configure("steady", |job| job.every("0s")).try_start().await;
    let error = error.expect_err("it would spin");
    assert!(error.is_configuration() && error.to_string().contains(file!()), "{error}");
}

#[tokio::test(start_paused = true)]
async fn g12_a_second_job_of_one_name_is_refused() {
    let jobs = auto(&["steady"]).await;
    let job = |name: &str| Periodic::new(name, Schedule::every("1s").expect("it is a period"), |_| async {});
    jobs.runtime().add(job("poll")).expect("the name is free");
    for name in ["poll", "steady"] {
        let error = jobs.runtime().add(job(name)).expect_err("the name is taken");
        assert!(error.is_configuration() && error.to_string().contains(name), "{error}");
    }
    jobs.advance("1s").await;
    assert_eq!(starts(&jobs, "poll"), [1000]);
    assert!(jobs.runtime().remove("poll"));
    jobs.runtime().add(job("poll")).expect("the name is free again");
    jobs.advance("1s").await;
    assert_eq!(starts(&jobs, "poll"), [1000, 2000]);
    assert_eq!(books(&jobs, "steady").skipped_for(SkipReason::StillRunning), 0);
}
