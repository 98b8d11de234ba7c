//! Ticks whose time was lost: `on_missed` in all its kinds.

mod stage;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use job_runtime::testing::Harness;
use job_runtime::{Context, MissReason, Outcome, SkipReason, periodic};
use stage::{Door, auto, books, counts, nominals, starts, story, with_door};

#[periodic(every = "1m")]
async fn one() {}

#[periodic(every = "1m", on_missed = "skip")]
async fn skip() {}

#[periodic(every = "1m", on_missed = "all")]
async fn all() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[periodic(every = "1m", on_missed = "all(3)")]
async fn newest_three() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn m10_one_runs_with_the_newest_nominal_time() {
    let jobs = auto(&["one"]).await;
    jobs.stall("310s").await;
    let told = ["310000ms missed stalled 4: 60000..240000ms", "310000ms 1 started", "310000ms 1 completed"];
    assert_eq!(story(&jobs, "one"), told);
    assert_eq!(nominals(&jobs, "one"), [300_000]);
    assert_eq!(counts(&jobs, "one"), (5, 1, 0, 4, 0));
    assert_eq!(books(&jobs, "one").missed_for(MissReason::Stalled), 4);
}

#[tokio::test(start_paused = true)]
async fn m10_all_runs_one_after_another_with_their_own_nominal_times() {
    let jobs = auto(&["all"]).await;
    jobs.stall("190s").await;
    assert_eq!(counts(&jobs, "all"), (3, 1, 0, 0, 2));
    jobs.advance("5s").await;
    assert_eq!(nominals(&jobs, "all"), [60_000, 120_000, 180_000]);
    assert_eq!(starts(&jobs, "all"), [190_000, 191_000, 192_000]);
    assert_eq!(counts(&jobs, "all"), (3, 3, 0, 0, 0));
    jobs.advance("45s").await;
    assert_eq!(starts(&jobs, "all")[3..], [240_000]);
}

#[tokio::test(start_paused = true)]
async fn m25_all_of_three_runs_the_newest_three_oldest_first() {
    let jobs = auto(&["newest_three"]).await;
    jobs.stall("610s").await;
    jobs.advance("10s").await;
    assert_eq!(story(&jobs, "newest_three")[0], "610000ms missed stalled 7: 60000..420000ms");
    assert_eq!(nominals(&jobs, "newest_three"), [480_000, 540_000, 600_000]);
    assert_eq!(starts(&jobs, "newest_three"), [610_000, 611_000, 612_000]);
    assert_eq!(counts(&jobs, "newest_three"), (10, 3, 0, 7, 0));
}

#[tokio::test(start_paused = true)]
async fn m25_skip_runs_a_newest_one_that_is_at_most_30s_late() {
    let jobs = auto(&["skip"]).await;
    jobs.stall("330s").await;
    assert_eq!(story(&jobs, "skip")[0], "330000ms missed stalled 4: 60000..240000ms");
    assert_eq!(nominals(&jobs, "skip"), [300_000]);
}

#[tokio::test(start_paused = true)]
async fn m25_skip_runs_none_when_the_newest_is_later_than_30s() {
    let jobs = auto(&["skip"]).await;
    jobs.stall("331s").await;
    assert_eq!(story(&jobs, "skip"), ["331000ms missed stalled 5: 60000..300000ms"]);
    assert_eq!(counts(&jobs, "skip"), (5, 0, 0, 5, 0));
    jobs.advance("29s").await;
    assert_eq!(nominals(&jobs, "skip"), [360_000]);
}

#[tokio::test(start_paused = true)]
async fn a_single_tick_that_is_a_little_late_just_starts() {
    let jobs = auto(&["skip", "one"]).await;
    jobs.stall("90s").await;
    for job in ["skip", "one"] {
        assert_eq!((nominals(&jobs, job), starts(&jobs, job)), (vec![60_000], vec![90_000]), "{job}");
        assert_eq!(counts(&jobs, job), (1, 1, 0, 0, 0), "{job}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_stall_is_counted_and_not_walked_through() {
    let jobs = auto(&["one", "newest_three"]).await;
    jobs.stall("5200w").await;
    let due = 5200 * 7 * 24 * 60;
    assert_eq!(counts(&jobs, "one"), (due, 1, 0, due - 1, 0));
    jobs.advance("3s").await;
    assert_eq!(counts(&jobs, "newest_three"), (due, 3, 0, due - 3, 0));
}

#[periodic(every = "1m", on_missed = "all", on_overlap = "ignore")]
async fn ignoring(door: &Door) {
    door.wait().await;
}

#[periodic(every = "1m", on_missed = "all", on_overlap = "queue")]
async fn queueing(door: &Door) {
    door.wait().await;
}

#[periodic(every = "1m", on_missed = "all", on_overlap = "stop_previous")]
async fn replacing(door: &Door) {
    door.wait().await;
}

#[periodic(every = "1m", on_missed = "all", max_running = 1)]
async fn bounded(door: &Door) {
    door.wait().await;
}

/// A chain of three (60, 120 and 180 s) of which the first is on, and the tick of 240 s.
async fn chain_and_tick(job: &str) -> (Harness, Door) {
    let (jobs, door) = with_door(auto(&[job])).await;
    jobs.stall("200s").await;
    assert_eq!(story(&jobs, job), ["200000ms 1 started"]);
    assert_eq!(jobs.running().len(), 1);
    jobs.advance("40s").await;
    (jobs, door)
}

#[tokio::test(start_paused = true)]
async fn a_chain_counts_as_one_running_run_for_ignore() {
    let (jobs, door) = chain_and_tick("ignoring").await;
    assert_eq!(books(&jobs, "ignoring").skipped_for(SkipReason::StillRunning), 1);
    door.let_through(3, &jobs).await;
    assert_eq!(nominals(&jobs, "ignoring"), [60_000, 120_000, 180_000]);
    assert_eq!(counts(&jobs, "ignoring"), (4, 3, 1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_chain_counts_as_one_running_run_for_max_running() {
    let (jobs, door) = chain_and_tick("bounded").await;
    assert_eq!(books(&jobs, "bounded").skipped_for(SkipReason::MaxRunning), 1);
    door.let_through(3, &jobs).await;
    assert_eq!(nominals(&jobs, "bounded"), [60_000, 120_000, 180_000]);
    assert_eq!(counts(&jobs, "bounded"), (4, 3, 1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_tick_queued_behind_a_chain_waits_for_all_of_it() {
    let (jobs, door) = chain_and_tick("queueing").await;
    assert_eq!(counts(&jobs, "queueing"), (4, 1, 0, 0, 3));
    door.let_through(4, &jobs).await;
    assert_eq!(nominals(&jobs, "queueing"), [60_000, 120_000, 180_000, 240_000]);
    assert_eq!(counts(&jobs, "queueing"), (4, 4, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn stop_previous_stops_the_whole_chain() {
    let (jobs, _) = chain_and_tick("replacing").await;
    assert_eq!(nominals(&jobs, "replacing"), [60_000, 240_000]);
    assert_eq!(jobs.runs("replacing")[0].outcome, Some(Outcome::Cancelled));
    let books = books(&jobs, "replacing");
    assert_eq!((books.ran, books.skipped_for(SkipReason::Superseded), books.pending), (2, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_meets_a_run_waits_behind_it() {
    let (jobs, door) = with_door(auto(&["queueing"])).await;
    jobs.advance("60s").await;
    jobs.stall("190s").await;
    assert_eq!(counts(&jobs, "queueing"), (4, 1, 0, 0, 3));
    door.let_through(4, &jobs).await;
    assert_eq!(nominals(&jobs, "queueing"), [60_000, 120_000, 180_000, 240_000]);
}

#[tokio::test(start_paused = true)]
async fn a_chain_that_is_declined_as_a_whole_is_only_counted_and_has_an_end() {
    let jobs = auto(&["ignoring"]).data(Door::new()).await;
    jobs.advance("60s").await;
    jobs.stall("52w").await;
    let (due, most) = (52 * 7 * 24 * 60, 100_000);
    assert_eq!(counts(&jobs, "ignoring"), (due + 1, 1, most, due - most, 0));
    assert_eq!(books(&jobs, "ignoring").skipped_for(SkipReason::StillRunning), most);
    assert_eq!(books(&jobs, "ignoring").missed_for(MissReason::Stalled), due - most);
}

#[periodic(every = "1m", on_missed = "all", on_overlap = "queue", start_deadline = "250s")]
async fn queueing_for_a_while(door: &Door) {
    door.wait().await;
}

#[tokio::test(start_paused = true)]
async fn a_chain_whose_first_waits_too_long_goes_on_with_the_next() {
    let (jobs, door) = with_door(auto(&["queueing_for_a_while"])).await;
    jobs.advance("60s").await;
    jobs.stall("190s").await;
    // Behind the run of 60 s waits a chain of 120, 180 and 240 s; its first may start until 370 s.
    jobs.advance("130s").await;
    assert_eq!(books(&jobs, "queueing_for_a_while").missed_for(MissReason::StartDeadline), 1);
    door.let_through(2, &jobs).await;
    assert_eq!(nominals(&jobs, "queueing_for_a_while"), [60_000, 180_000, 240_000]);
}

#[periodic(every = "1m", on_missed = "all", when = waits_for_the_guard_door)]
async fn guarded() {}

async fn waits_for_the_guard_door(cx: &Context) -> bool {
    cx.data::<Door>().expect("it is given").wait().await;
    true
}

#[tokio::test(start_paused = true)]
async fn the_guard_is_asked_for_each_of_a_chain() {
    let (jobs, door) = with_door(auto(&["guarded"])).await;
    jobs.stall("200s").await;
    assert_eq!(counts(&jobs, "guarded"), (3, 0, 0, 0, 3));
    door.let_through(2, &jobs).await;
    assert_eq!(counts(&jobs, "guarded"), (3, 2, 0, 0, 1));
    door.let_through(1, &jobs).await;
    assert_eq!(nominals(&jobs, "guarded"), [60_000, 120_000, 180_000]);
}

/// Where a guard waits, and what it says then. Clones mean the same one.
#[derive(Clone)]
struct GuardDoor {
    door: Door,
    answer: Arc<AtomicBool>,
}

async fn says_what_it_is_told(cx: &Context) -> bool {
    let guard = cx.data::<GuardDoor>().expect("it is given");
    guard.door.wait().await;
    guard.answer.load(Ordering::Relaxed)
}

#[periodic(every = "1m", on_missed = "all", on_overlap = "ignore", when = says_what_it_is_told)]
async fn guarded_work(door: &Door) {
    door.wait().await;
}

/// A chain of 60, 120 and 180 s, the first run of which has ended while the guard of the tick of 240 s was asked,
/// which has said yes.
async fn between_two_of_a_chain(policy: &'static str) -> (Harness, Door, GuardDoor) {
    let guard = GuardDoor { door: Door::new(), answer: Arc::new(AtomicBool::new(true)) };
    let jobs = auto(&["guarded_work"]).configure("guarded_work", |job| job.on_overlap(policy));
    let (jobs, door) = with_door(jobs.data(guard.clone())).await;
    jobs.stall("200s").await;
    guard.door.open(1);
    jobs.advance("40s").await;
    door.let_through(1, &jobs).await;
    assert_eq!((nominals(&jobs, "guarded_work"), jobs.running().len()), (vec![60_000], 0));
    guard.door.let_through(1, &jobs).await;
    assert_eq!(nominals(&jobs, "guarded_work"), [60_000]);
    (jobs, door, guard)
}

#[tokio::test(start_paused = true)]
async fn a_chain_counts_as_running_between_two_of_its_runs() {
    let (jobs, door, guard) = between_two_of_a_chain("ignore").await;
    assert_eq!(books(&jobs, "guarded_work").skipped_for(SkipReason::StillRunning), 1);
    guard.door.open(2);
    door.let_through(2, &jobs).await;
    assert_eq!(nominals(&jobs, "guarded_work"), [60_000, 120_000, 180_000]);
    assert_eq!(counts(&jobs, "guarded_work"), (4, 3, 1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_tick_queued_between_two_runs_of_a_chain_waits_for_all_of_it() {
    let (jobs, door, guard) = between_two_of_a_chain("queue").await;
    guard.door.open(2);
    door.let_through(3, &jobs).await;
    assert_eq!(nominals(&jobs, "guarded_work"), [60_000, 120_000, 180_000, 240_000]);
    assert_eq!(counts(&jobs, "guarded_work"), (4, 4, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_tick_queued_behind_a_chain_starts_when_the_guard_declines_its_rest() {
    let (jobs, door, guard) = between_two_of_a_chain("queue").await;
    guard.answer.store(false, Ordering::Relaxed);
    guard.door.open(2);
    door.let_through(1, &jobs).await;
    assert_eq!(nominals(&jobs, "guarded_work"), [60_000, 240_000]);
    assert_eq!(counts(&jobs, "guarded_work"), (4, 2, 2, 0, 0));
}
