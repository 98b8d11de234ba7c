//! What becomes of the arguments of a job: given to each attempt, copied where they can be, dropped exactly once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use job_runtime::{Context, JobState, Outcome, Runtime, job};

use crate::stage::{Door, auto, counts, starts, story, with_door};
use crate::why;

/// Cannot be copied. While one is there, so is a clone of what it holds.
struct Parcel(Arc<()>);

fn parcels() -> (Arc<()>, impl Fn() -> Parcel) {
    let alive = Arc::new(());
    let of = Arc::clone(&alive);
    (alive, move || Parcel(Arc::clone(&of)))
}

/// How many parcels are there, without those two that every test holds.
fn left(alive: &Arc<()>) -> usize {
    Arc::strong_count(alive) - 2
}

#[derive(Clone, Copy)]
enum Way {
    Well,
    Fail,
    Panic,
    Wait,
    Snooze,
    RetryAfter,
}

#[job(max_running = 1, timeout = "1m")]
async fn delivers(parcel: Parcel, way: Way, cx: &Context, door: &Door) -> Result<usize, String> {
    match way {
        Way::Well => {}
        Way::Fail => return Err("nobody at home".to_owned()),
        Way::Panic => panic!("a dog"),
        Way::Wait => door.wait().await,
        Way::Snooze => cx.snooze("1m"),
        Way::RetryAfter => cx.retry_after("1m"),
    }
    Ok(Arc::strong_count(&parcel.0))
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_copied_is_given_to_the_one_attempt() {
    let (jobs, _door) = with_door(auto(&["delivers"])).await;
    let (alive, parcel) = parcels();
    assert_eq!(delivers::spawn(parcel(), Way::Well).await.expect("it ends well"), 3);
    assert_eq!((left(&alive), counts(&jobs, "delivers")), (0, (1, 1, 0, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_copied_cannot_be_snoozed() {
    let (jobs, _door) = with_door(auto(&["delivers"])).await;
    let (alive, parcel) = parcels();
    let (reason, text) = why(delivers::spawn(parcel(), Way::Snooze)).await;
    assert_eq!(reason, "cancelled");
    assert!(text.contains("snoozed") && text.contains("arguments are not `Clone`"), "{text}");
    assert!(jobs.settle("1h").await);
    let run = jobs.runs("delivers").pop().expect("it ran");
    assert_eq!((jobs.runs("delivers").len(), run.outcome, left(&alive)), (1, Some(Outcome::Cancelled), 0));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_copied_has_no_attempt_left_to_retry() {
    let (jobs, _door) = with_door(auto(&["delivers"])).await;
    let (_alive, parcel) = parcels();
    delivers::spawn(parcel(), Way::RetryAfter).await.expect("it ends well");
    assert_eq!(story(&jobs, "delivers"), ["0ms 1 started", "0ms 1 completed"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_copied_is_refused_more_attempts_at_the_start() {
    let builder = auto(&["delivers"]).data(Door::new()).configure("delivers", |job| job.max_attempts(3));
    let error = builder.try_start().await.expect_err("there could be no second attempt");
    let text = error.to_string();
    assert!(error.is_configuration() && text.contains(file!()), "{text}");
    assert!(text.contains("`delivers`") && text.contains("not `Clone`") && text.contains("`max_attempts`"), "{text}");
    auto(&["delivers"]).data(Door::new()).configure("delivers", |job| job.max_attempts(1)).await;
}

#[tokio::test(start_paused = true)]
async fn arguments_are_dropped_however_the_run_ends() {
    let (jobs, door) = with_door(auto(&["delivers"])).await;
    let (alive, parcel) = parcels();
    delivers::spawn(parcel(), Way::Well).await.expect("it ends well");
    assert_eq!((why(delivers::spawn(parcel(), Way::Fail)).await.0, left(&alive)), ("failed", 0));
    assert_eq!((why(delivers::spawn(parcel(), Way::Panic)).await.0, left(&alive)), ("panicked", 0));
    assert_eq!((why(delivers::spawn(parcel(), Way::Wait)).await.0, left(&alive)), ("timed out", 0));
    let handle = delivers::spawn(parcel(), Way::Wait);
    jobs.advance("0s").await;
    assert_eq!(left(&alive), 1);
    handle.cancel();
    assert_eq!((why(handle).await.0, left(&alive)), ("cancelled", 0));
    door.open(1);
    delivers::spawn(parcel(), Way::Wait).await.expect("it ends well");
    assert_eq!(left(&alive), 0);
}

#[tokio::test(start_paused = true)]
async fn arguments_are_dropped_at_the_end_though_the_handle_is_kept() {
    let (jobs, _door) = with_door(auto(&["delivers"])).await;
    let (alive, parcel) = parcels();
    let handle = delivers::spawn(parcel(), Way::Well);
    jobs.advance("0s").await;
    assert_eq!((handle.status(), left(&alive)), (JobState::Completed, 0));
}

#[tokio::test(start_paused = true)]
async fn arguments_of_what_never_starts_are_dropped() {
    let (jobs, _door) = with_door(auto(&["delivers"]).configure("delivers", |job| job.max_pending(2))).await;
    let (alive, parcel) = parcels();
    let on = delivers::spawn(parcel(), Way::Wait);
    let (waiting, scheduled) = (delivers::spawn(parcel(), Way::Well), delivers::spawn_after("5s", parcel(), Way::Well));
    jobs.advance("0s").await;
    assert_eq!(left(&alive), 3);
    let full = delivers::spawn(parcel(), Way::Well);
    assert!(delivers::try_spawn(parcel(), Way::Well).is_err());
    assert_eq!(left(&alive), 3, "those of a refused run are gone, though its handle is there");
    waiting.cancel();
    assert_eq!(left(&alive), 2, "those of a cancelled run are gone, though its handle is there");
    scheduled.cancel();
    assert_eq!(left(&alive), 1);
    let handles = (delivers::spawn(parcel(), Way::Well), delivers::spawn_after("5s", parcel(), Way::Well));
    jobs.shutdown().await.expect_err("one is dropped");
    assert_eq!(left(&alive), 0);
    let late = delivers::spawn(parcel(), Way::Well);
    assert_eq!(left(&alive), 0);
    drop((on, full, waiting, scheduled, handles, late));
}

#[tokio::test(start_paused = true)]
async fn arguments_are_dropped_with_the_runtime() {
    let (jobs, _door) = with_door(auto(&["delivers"])).await;
    let (alive, parcel) = parcels();
    let handles = [
        delivers::spawn(parcel(), Way::Wait),
        delivers::spawn(parcel(), Way::Wait),
        delivers::spawn_after("5s", parcel(), Way::Wait),
    ];
    jobs.advance("0s").await;
    drop(jobs);
    for handle in handles {
        assert_eq!(why(handle).await.0, "interrupted");
    }
    // The task that was on is dropped by tokio in its own time.
    for _ in 0..32 {
        tokio::task::yield_now().await;
    }
    assert_eq!(left(&alive), 0);
    drop(delivers::spawn(parcel(), Way::Wait));
    assert_eq!(left(&alive), 0, "and where there is no runtime");
}

// ---- copies

/// Counts its copies, and panics in those that are told to.
struct Copied {
    copies: Arc<AtomicU32>,
    bad: &'static [u32],
}

impl Clone for Copied {
    fn clone(&self) -> Self {
        let copy = self.copies.fetch_add(1, Ordering::Relaxed) + 1;
        assert!(!self.bad.contains(&copy), "copy {copy} is bad");
        Self { copies: Arc::clone(&self.copies), bad: self.bad }
    }
}

fn copied(bad: &'static [u32]) -> (Arc<AtomicU32>, Copied) {
    let copies = Arc::new(AtomicU32::new(0));
    (Arc::clone(&copies), Copied { copies, bad })
}

#[job(max_attempts = 3, backoff = "1s")]
async fn needs(_copied: Copied, good_from: u32, cx: &Context) -> Result<u32, String> {
    if cx.attempt() < good_from { Err("not yet".to_owned()) } else { Ok(cx.attempt()) }
}

#[tokio::test(start_paused = true)]
async fn all_copies_are_dropped_when_the_run_is_over() {
    let jobs = auto(&["needs"]).await;
    for good_from in [1, 2, 3, 9] {
        let (copies, of) = copied(&[]);
        let handle = needs::spawn(of, good_from);
        jobs.advance("1m").await;
        assert_eq!(Arc::strong_count(&copies), 1, "from attempt {good_from} on");
        assert_eq!(handle.status() == JobState::Completed, good_from < 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clone_that_panics_is_a_panic_of_its_attempt_and_no_other() {
    let jobs = auto(&["needs"]).await;
    let (copies, of) = copied(&[1]);
    assert_eq!(needs::spawn(of, 1).await.expect("the second copy is good"), 2);
    let runs = jobs.runs("needs");
    assert_eq!((runs[0].outcome, runs[1].outcome), (Some(Outcome::Panicked), Some(Outcome::Completed)));
    let error = runs[0].error.as_deref().unwrap_or_default();
    assert!(error.contains("copy 1 is bad") && error.contains(file!()), "{error}");
    assert_eq!((starts(&jobs, "needs"), Arc::strong_count(&copies)), (vec![0, 1000], 1));
}

#[tokio::test(start_paused = true)]
async fn a_clone_that_always_panics_uses_up_the_attempts() {
    let jobs = auto(&["needs"]).await;
    let (copies, of) = copied(&[1, 2, 3, 4, 5]);
    let (reason, text) = why(needs::spawn(of, 9)).await;
    assert!(matches!(reason, "panicked" | "failed"), "{text}");
    assert_eq!((jobs.runs("needs").len(), Arc::strong_count(&copies)), (3, 1));
    assert_eq!(counts(&jobs, "needs"), (1, 1, 0, 0, 0));
}

/// Asks the runtime while it is copied, and while it is dropped.
struct Curious;

impl Curious {
    fn ask() {
        if let Ok(runtime) = Runtime::current() {
            let _ = runtime.jobs();
        }
    }
}

impl Clone for Curious {
    fn clone(&self) -> Self {
        Self::ask();
        Self
    }
}

impl Drop for Curious {
    fn drop(&mut self) {
        Self::ask();
    }
}

#[job(max_attempts = 2, max_running = 1, max_pending = 1, backoff = "1s")]
async fn carries(_curious: Curious, cx: &Context) -> Result<(), String> {
    if cx.attempt() == 1 { Err("once more".to_owned()) } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn arguments_may_ask_the_runtime_while_they_are_copied_or_dropped() {
    let jobs = auto(&["carries"]).await;
    let (first, second, full) = (carries::spawn(Curious), carries::spawn(Curious), carries::spawn(Curious));
    second.cancel();
    first.await.expect("it ends well");
    assert_eq!(why(full).await.0, "refused");
    carries::spawn(Curious);
    carries::spawn_after("1h", Curious);
    jobs.shutdown().await.expect("nothing is dropped");
    assert_eq!(counts(&jobs, "carries"), (5, 2, 2, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn arguments_may_ask_the_runtime_where_their_job_is_gone() {
    let jobs = auto(&["needs", "carries"]).await;
    drop((carries::spawn(Curious), carries::spawn_after("1h", Curious)));
    assert!(jobs.runtime().remove("carries"));
    assert_eq!(why(carries::spawn(Curious)).await.0, "refused");
    assert!(jobs.settle("1h").await);
}
