//! How time passes in a test, and how schedules follow the two clocks: stalls, suspends, steps, alignment.

mod stage;

use std::sync::Arc;
use std::time::Duration;

use job_runtime::testing::TickError;
use job_runtime::{Context, EventKind, MissReason, Outcome, Runtime, periodic};
use stage::{Door, at, auto, books, chronicle, counts, manual, midnight, next, nominals, starts, story, with_door};

#[periodic(every = "100ms")]
async fn often() {}

#[periodic(every = "1h")]
async fn takes_250ms() -> Result<&'static str, String> {
    tokio::time::sleep(Duration::from_millis(250)).await;
    Ok("done")
}

/// Waits for threads of the system, during which a paused clock with an armed timer would leap.
async fn idle() {
    for _ in 0..50 {
        let (done, thread) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || done.send(()));
        thread.await.expect("the thread answers");
    }
}

#[tokio::test(start_paused = true)]
async fn m1_an_idle_await_lets_nothing_leap() {
    let jobs = auto(&["often"]).await;
    idle().await;
    assert_eq!(jobs.now(), midnight());
    jobs.advance("250ms").await;
    idle().await;
    assert_eq!(jobs.now(), at(250));
    assert_eq!(starts(&jobs, "often"), [100, 200]);
}

#[tokio::test(start_paused = true)]
async fn m1_the_clocks_move_while_a_handle_is_awaited() {
    let jobs = auto(&["often", "takes_250ms"]).await;
    let handle = takes_250ms::trigger().await.expect("it is started");
    assert_eq!(jobs.now(), midnight());
    assert_eq!(handle.await.expect("it ends well"), "done");
    assert_eq!(jobs.now(), at(250));
    assert_eq!(starts(&jobs, "often"), [100, 200]);
}

#[tokio::test(start_paused = true)]
async fn m1_the_wall_clock_is_the_start_and_all_that_moved_it() {
    let jobs = manual(&["often"]).await;
    jobs.advance("1s").await;
    jobs.suspend("10s").await;
    jobs.stall("100s").await;
    assert_eq!(jobs.now(), at(111_000));
    jobs.set_wall("2026-01-01T01:00:00Z").await;
    jobs.advance("1s").await;
    assert_eq!(jobs.now(), at(3_601_000));
}

#[tokio::test(start_paused = true)]
async fn m2_advance_ends_exactly_there_with_due_ticks_started() {
    let jobs = auto(&["often"]).await;
    jobs.advance("99ms").await;
    assert_eq!((jobs.now(), starts(&jobs, "often").len()), (at(99), 0));
    jobs.advance("1ms").await;
    assert_eq!(jobs.now(), at(100));
    assert_eq!(story(&jobs, "often"), ["100ms 1 started", "100ms 1 completed"]);
    jobs.advance("10m").await;
    assert_eq!(jobs.now(), at(600_100));
    assert_eq!(counts(&jobs, "often"), (6_001, 6_001, 0, 0, 0));
}

#[periodic(every = "1h")]
async fn passes_doors(door: &Door) {
    for _ in 0..20 {
        door.wait().await;
    }
}

#[tokio::test(start_paused = true)]
async fn m2_advance_by_nothing_polls_what_is_ready() {
    let (jobs, door) = with_door(manual(&["passes_doors"])).await;
    assert_eq!(jobs.tick_within("passes_doors", "0ms").await, Err(TickError::TimedOut));
    door.let_through(20, &jobs).await;
    assert_eq!(jobs.now(), midnight());
    assert_eq!(story(&jobs, "passes_doors"), ["0ms 1 started", "0ms 1 completed"]);
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "`10` is not a duration")]
async fn m2_a_bad_text_panics() {
    manual(&["often"]).await.advance("10").await;
}

#[tokio::test(start_paused = true)]
async fn m3_a_tick_is_scheduled_now() {
    let jobs = manual(&["often"]).await;
    jobs.advance("1234ms").await;
    assert_eq!(jobs.tick("often").await, Ok(Outcome::Completed));
    assert_eq!(nominals(&jobs, "often"), [1234]);
}

struct Database;

#[periodic(every = "1h")]
async fn needs_data(_database: &Database) {}

#[tokio::test(start_paused = true)]
async fn m4_manual_mode_looks_at_data_with_the_first_tick() {
    let jobs = manual(&["needs_data", "often"]).await;
    jobs.advance("2h").await;
    assert!(story(&jobs, "often").is_empty() && story(&jobs, "needs_data").is_empty());
    assert!(next(&jobs, "often", 5).is_empty());
    assert_eq!(jobs.tick("often").await, Ok(Outcome::Completed));
    let error = auto(&["needs_data", "often"]).try_start().await.expect_err("the data is missing");
    assert!(error.is_configuration() && error.to_string().contains("Database"), "{error}");
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "Database")]
async fn m30_a_tick_of_a_job_whose_data_is_missing_panics() {
    let jobs = manual(&["needs_data"]).await;
    let _ = jobs.tick("needs_data").await;
}

#[tokio::test(start_paused = true)]
async fn m5_a_stall_jumps_both_clocks_with_nothing_run() {
    let jobs = auto(&["often", "takes_250ms"]).await;
    let _handle = takes_250ms::trigger().await.expect("it is started");
    jobs.advance("150ms").await;
    jobs.stall("1h").await;
    assert_eq!(jobs.now(), at(3_600_150));
    assert_eq!(starts(&jobs, "often"), [100, 3_600_150]);
    let ended = jobs.runs("takes_250ms")[0].finished_at;
    assert_eq!(ended, Some(at(3_600_150)));
    assert!(chronicle(&jobs).iter().any(|line| line.contains("stalled for")), "{:?}", chronicle(&jobs));
}

#[periodic(every = "10m", align = true)]
async fn aligned() {}

#[tokio::test(start_paused = true)]
async fn m5_a_suspend_is_seen_within_30s() {
    let jobs = auto(&["aligned"]).await;
    jobs.advance("5m").await;
    jobs.suspend("6m").await;
    assert!(story(&jobs, "aligned").is_empty());
    jobs.advance("30s").await;
    let runs = jobs.runs("aligned");
    assert_eq!(nominals(&jobs, "aligned"), [600_000]);
    assert!(runs[0].started_at <= at(690_000), "{runs:?}");
    assert!(chronicle(&jobs)[0].ends_with("clock stepped forward by 360s"), "{:?}", chronicle(&jobs));
}

#[tokio::test(start_paused = true)]
async fn m6_the_current_runtime_is_the_harness_of_this_tokio_runtime() {
    let jobs = manual(&["often"]).await;
    jobs.advance("1h").await;
    let beside = std::thread::spawn(|| {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        tokio.expect("it is built").block_on(async {
            assert!(Runtime::current().expect_err("none is started here").is_refused());
            let jobs = manual(&["often"]).configure("often", |job| job.enabled(false)).await;
            let paused = often::status().await.expect("it is this runtime's").paused;
            drop(jobs);
            paused
        })
    });
    assert_eq!(beside.join().expect("it does not panic").as_deref(), Some("disabled"));
    assert_eq!(often::status().await.expect("it is this runtime's").paused, None);
}

#[periodic(every = "1h")]
async fn holds(_cx: &Context, door: &Arc<Door>) {
    let door = Arc::clone(door);
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn m6_dropping_the_harness_stops_its_runs_and_leaves_no_task() {
    let door = Arc::new(Door::new());
    let jobs = auto(&["holds", "often"]).data(Arc::clone(&door)).await;
    let handle = holds::trigger().await.expect("it is started");
    jobs.advance("1s").await;
    assert_eq!(Arc::strong_count(&door), 3);
    drop(jobs);
    assert!(handle.await.expect_err("it was stopped").is_interrupted());
    assert!(Runtime::current().expect_err("it is gone").is_refused());
    let tasks = tokio::runtime::Handle::current().metrics();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(tasks.num_alive_tasks(), 0);
    assert_eq!(Arc::strong_count(&door), 1);
}

#[periodic(every = "100ms", delay_mode = "shifted")]
async fn shifted() {
    tokio::time::sleep(Duration::from_millis(10)).await;
}

#[tokio::test(start_paused = true)]
async fn m7_next_of_a_shifted_job_is_one_time_or_none() {
    let jobs = auto(&["shifted", "often"]).await;
    assert_eq!(next(&jobs, "often", 3), [100, 200, 300]);
    assert_eq!(next(&jobs, "shifted", 3), [100]);
    jobs.advance("105ms").await;
    assert!(next(&jobs, "shifted", 3).is_empty());
    jobs.advance("5ms").await;
    assert_eq!(next(&jobs, "shifted", 3), [210]);
}

#[periodic(every = "1m")]
async fn minutely() {}

#[tokio::test(start_paused = true)]
async fn m14_every_keeps_its_rhythm_through_suspends_and_steps() {
    let jobs = auto(&["minutely"]).await;
    jobs.advance("90s").await;
    jobs.suspend("1h").await;
    jobs.advance("30s").await;
    jobs.set_wall("2026-01-01T00:10:00Z").await;
    jobs.advance("60s").await;
    jobs.set_wall("2026-01-01T03:00:30Z").await;
    jobs.advance("60s").await;
    // 1 min; 2 min of monotonic time; 3 min; 4 min: as the wall clock shows them.
    assert_eq!(starts(&jobs, "minutely"), [60_000, 3_720_000, 660_000, 10_890_000]);
    assert_eq!(counts(&jobs, "minutely"), (4, 4, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn m28_an_every_tick_is_scheduled_at_its_monotonic_time_read_on_the_wall() {
    let jobs = auto(&["minutely"]).await;
    jobs.suspend("1h").await;
    jobs.advance("60s").await;
    assert_eq!(nominals(&jobs, "minutely"), [3_660_000]);
    jobs.stall("70s").await;
    assert_eq!(nominals(&jobs, "minutely"), [3_660_000, 3_720_000]);
    assert_eq!(starts(&jobs, "minutely"), [3_660_000, 3_730_000]);
}

#[tokio::test(start_paused = true)]
async fn aligned_ticks_stand_at_multiples_of_the_period() {
    let jobs = auto(&["aligned"]).at("2026-01-01T00:03:00Z").await;
    assert_eq!(next(&jobs, "aligned", 3), [600_000, 1_200_000, 1_800_000]);
    jobs.advance("20m").await;
    assert_eq!(starts(&jobs, "aligned"), [600_000, 1_200_000]);
    assert_eq!(nominals(&jobs, "aligned"), [600_000, 1_200_000]);
}

#[tokio::test(start_paused = true)]
async fn a_step_forward_gives_an_aligned_job_one_run_and_no_burst() {
    let jobs = auto(&["aligned"]).await;
    jobs.advance("10m").await;
    jobs.set_wall("2026-01-01T01:15:00Z").await;
    jobs.advance("30s").await;
    assert_eq!(nominals(&jobs, "aligned"), [600_000, 4_200_000]);
    let missed: Vec<String> = story(&jobs, "aligned").into_iter().filter(|line| line.contains("missed")).collect();
    assert_eq!(missed.len(), 1, "{missed:?}");
    assert!(missed[0].ends_with("missed clock_stepped 5: 1200000..3600000ms"), "{missed:?}");
    assert_eq!(books(&jobs, "aligned").missed_for(MissReason::ClockStepped), 5);
    jobs.advance("5m").await;
    assert_eq!(nominals(&jobs, "aligned"), [600_000, 4_200_000, 4_800_000]);
}

#[tokio::test(start_paused = true)]
async fn a_step_back_repeats_no_tick_of_an_aligned_job_and_is_told() {
    let jobs = auto(&["aligned", "minutely"]).await;
    jobs.advance("31m").await;
    jobs.set_wall("2026-01-01T00:05:00Z").await;
    jobs.advance("34m").await;
    assert_eq!(nominals(&jobs, "aligned"), [600_000, 1_200_000, 1_800_000]);
    jobs.advance("1m").await;
    assert_eq!(nominals(&jobs, "aligned"), [600_000, 1_200_000, 1_800_000, 2_400_000]);
    assert_eq!(jobs.runs("minutely").len(), 66);
    let steps = jobs.events().iter().filter(|event| matches!(event.kind, EventKind::ClockStepped { .. })).count();
    assert_eq!(steps, 1);
    assert!(chronicle(&jobs)[0].ends_with("clock stepped back by 1560s"), "{:?}", chronicle(&jobs));
    assert_eq!(counts(&jobs, "aligned"), (4, 4, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_step_back_before_the_first_tick_does_not_silence_an_aligned_job() {
    let jobs = auto(&["aligned"]).at("2027-01-01T00:05:00Z").await;
    jobs.advance("1m").await;
    jobs.set_wall("2026-01-01T00:05:00Z").await;
    jobs.advance("30s").await;
    assert_eq!(next(&jobs, "aligned", 1), [600_000]);
    jobs.advance("10m").await;
    assert_eq!(nominals(&jobs, "aligned"), [600_000]);
}

#[tokio::test(start_paused = true)]
async fn m3_a_tick_with_no_wait_moves_no_clock() {
    let jobs = manual(&["takes_250ms"]).await;
    assert_eq!(jobs.tick_within("takes_250ms", "0ms").await, Err(TickError::TimedOut));
    assert_eq!(jobs.now(), midnight());
    assert_eq!(jobs.tick_within("takes_250ms", Duration::from_secs(5)).await, Ok(Outcome::Completed));
    assert_eq!(
        story(&jobs, "takes_250ms"),
        ["0ms 1 started", "0ms 2 started", "250ms 1 completed", "250ms 2 completed"]
    );
}

#[periodic(every = "10m")]
async fn purge() {}

#[tokio::test(start_paused = true)]
async fn a_month_is_gone_through_in_one_call() {
    let jobs = auto(&["purge"]).await;
    jobs.advance("30d").await;
    assert_eq!(counts(&jobs, "purge"), (4320, 4320, 0, 0, 0));
    assert_eq!(next(&jobs, "purge", 1), [2_592_600_000]);
}
