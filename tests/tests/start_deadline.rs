//! Ticks that must start soon or not at all: `start_deadline`, and its alarms.

mod stage;

use std::time::Duration;

use job_runtime::testing::Harness;
use job_runtime::{Context, MissReason, Schedule, SkipReason, periodic};
use stage::{Door, at, auto, books, chronicle, counts, nominals, starts, story, with_door};

#[periodic(every = "100ms", on_overlap = "queue", start_deadline = "150ms")]
async fn urgent(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_cannot_start_by_its_deadline_is_missed() {
    let (jobs, door) = with_door(auto(&["urgent"])).await;
    jobs.advance("350ms").await;
    // The tick of 200 ms may start until 350 ms.
    assert_eq!(story(&jobs, "urgent"), ["100ms 1 started", "300ms 3 skipped already_pending by 1"]);
    jobs.advance("1ms").await;
    assert_eq!(story(&jobs, "urgent")[2..], ["351ms missed start_deadline 1: 200..200ms"]);
    jobs.advance("49ms").await;
    door.let_through(2, &jobs).await;
    assert_eq!(nominals(&jobs, "urgent"), [100, 400]);
    assert_eq!(counts(&jobs, "urgent"), (4, 2, 1, 1, 0));
    assert_eq!(books(&jobs, "urgent").missed_for(MissReason::StartDeadline), 1);
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_starts_by_its_deadline_is_not_missed() {
    let (jobs, door) = with_door(auto(&["urgent"])).await;
    jobs.advance("350ms").await;
    door.let_through(1, &jobs).await;
    assert_eq!(nominals(&jobs, "urgent"), [100, 200]);
    assert_eq!(starts(&jobs, "urgent"), [100, 350]);
}

#[periodic(every = "1m", start_deadline = "5s")]
async fn prompt() {}

#[tokio::test(start_paused = true)]
async fn a_catch_up_after_its_deadline_is_missed_too() {
    let jobs = auto(&["prompt"]).await;
    jobs.stall("186s").await;
    let told = ["186000ms missed stalled 2: 60000..120000ms", "186000ms missed start_deadline 1: 180000..180000ms"];
    assert_eq!(story(&jobs, "prompt"), told);
    jobs.advance("54s").await;
    assert_eq!(nominals(&jobs, "prompt"), [240_000]);
    assert_eq!(counts(&jobs, "prompt"), (4, 1, 0, 3, 0));
}

// ---- alarms of ticks that are gone

#[periodic(every = "100ms", on_overlap = "queue", start_deadline = "150ms")]
async fn takes_140ms() {
    tokio::time::sleep(Duration::from_millis(140)).await;
}

#[tokio::test(start_paused = true)]
async fn the_deadline_of_a_tick_that_has_started_is_not_that_of_the_next_to_wait() {
    let jobs = auto(&["takes_140ms"]).await;
    jobs.advance("100s").await;
    // One tick waits at each end of a run. Its deadline passes while it runs, and while the next one waits.
    let one_after_another: Vec<u128> = (100..=100_000).step_by(140).collect();
    assert_eq!(starts(&jobs, "takes_140ms"), one_after_another);
    let books = books(&jobs, "takes_140ms");
    assert_eq!((books.due, books.ran, books.missed), (1000, 714, 0));
    assert_eq!(books.skipped, books.skipped_for(SkipReason::AlreadyPending));
    assert_eq!(books.pending, 1);
}

#[periodic(every = "100ms", on_overlap = "queue", start_deadline = "120ms")]
async fn takes_250ms() {
    tokio::time::sleep(Duration::from_millis(250)).await;
}

#[tokio::test(start_paused = true)]
async fn of_many_ticks_exactly_those_that_wait_too_long_are_missed() {
    let jobs = auto(&["takes_250ms"]).await;
    jobs.advance("90050ms").await;
    // Of three ticks the first runs, the second waits in vain, and the third comes while it still waits.
    let first = || (100..=90_000_u128).step_by(300);
    assert_eq!(starts(&jobs, "takes_250ms"), first().collect::<Vec<_>>());
    let missed = first().map(|first| first + 100);
    let missed = missed.map(|tick| format!("{}ms missed start_deadline 1: {tick}..{tick}ms", tick + 121));
    let told = story(&jobs, "takes_250ms").into_iter().filter(|line| line.contains("missed"));
    assert_eq!(told.collect::<Vec<_>>(), missed.collect::<Vec<_>>());
    assert_eq!(counts(&jobs, "takes_250ms"), (900, 300, 300, 300, 0));
    let books = books(&jobs, "takes_250ms");
    assert_eq!(books.missed_for(MissReason::StartDeadline), 300);
    assert_eq!(books.skipped_for(SkipReason::AlreadyPending), 300);
}

#[periodic(every = "1s", on_overlap = "queue", start_deadline = "1h")]
async fn patient() {
    tokio::time::sleep(Duration::from_millis(1500)).await;
}

#[periodic(every = "1s", on_overlap = "queue", start_deadline = "1h")]
async fn one_for_each(_user: u64, cx: &Context) {
    cx.cancelled().await;
}

/// Goes to 3600 s, and asserts that nobody is woken from there until 4100 s: whoever is woken sees at once that the
/// wall clock was set, and the test itself looks a millisecond before the end.
async fn assert_nobody_is_woken_for_the_next_500s(jobs: &Harness) {
    jobs.advance(at(3_600_000).duration_since(jobs.now()).expect("it is earlier")).await;
    assert!(chronicle(jobs).is_empty(), "{:?}", chronicle(jobs));
    jobs.set_wall(at(4_200_000)).await;
    jobs.advance("500s").await;
    assert_eq!(chronicle(jobs), ["4699999ms clock stepped forward by 600s"]);
}

#[tokio::test(start_paused = true)]
async fn the_deadlines_of_ticks_that_have_started_wake_nobody() {
    let jobs = auto(&["patient"]).await;
    jobs.advance("1000s").await;
    // Their deadlines are from 3602 s on, and a few of the newest may not be cleared out.
    assert!(books(&jobs, "patient").ran > 600);
    jobs.runtime().reschedule("patient", Schedule::every("1w").expect("a period")).expect("it is there");
    assert!(jobs.settle("10s").await);
    assert_nobody_is_woken_for_the_next_500s(&jobs).await;
    assert_eq!(books(&jobs, "patient").missed, 0);
}

#[tokio::test(start_paused = true)]
async fn the_deadlines_of_ticks_that_were_cancelled_wake_nobody() {
    let jobs = auto(&["one_for_each"]).await;
    for user in 0..500 {
        one_for_each::start(user).expect("it is not started yet");
        jobs.advance("2s").await;
        assert!(one_for_each::stop(user), "one of its ticks runs, and one waits");
    }
    assert!(jobs.settle("1s").await);
    assert_eq!(counts(&jobs, "one_for_each"), (1000, 500, 500, 0, 0));
    assert_eq!(books(&jobs, "one_for_each").skipped_for(SkipReason::Cancelled), 500);
    assert_nobody_is_woken_for_the_next_500s(&jobs).await;
}
