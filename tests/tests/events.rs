//! What is told to those who listen: subscriptions, observers, and what a slow listener loses.

mod stage;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use job_runtime::{Event, EventKind, Outcome, periodic};
use stage::{auto, counts, manual};

#[periodic(every = "1ms")]
async fn brisk() {}

#[periodic(every = "1h")]
async fn fails() -> Result<(), &'static str> {
    Err("some reason")
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_hears_everything_from_then_on_in_order() {
    let jobs = manual(&["fails"]).await;
    assert_eq!(jobs.tick("fails").await, Ok(Outcome::Failed));
    let mut events = jobs.runtime().events();
    jobs.advance("1s").await;
    assert_eq!(jobs.tick("fails").await, Ok(Outcome::Failed));
    jobs.shutdown().await.expect("nothing runs");
    let heard: Vec<Event> = [
        events.recv().await.expect("the start"),
        events.recv().await.expect("the end"),
        events.recv().await.expect("the shutdown"),
        events.recv().await.expect("its end"),
    ]
    .into();
    let recorded = jobs.events();
    let as_text = |events: &[Event]| events.iter().map(|event| format!("{event:?}")).collect::<Vec<_>>();
    assert_eq!(as_text(&heard), as_text(&recorded[2..]));
    assert!(matches!(&heard[1].kind, EventKind::Finished { error: Some(error), .. } if &**error == "some reason"));
    assert_eq!(events.lost(), 0);
    drop(jobs);
    assert!(events.recv().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_slow_subscriber_loses_events_with_a_count_and_slows_no_job() {
    let jobs = auto(&["brisk"]).await;
    let mut events = jobs.runtime().events();
    jobs.advance("10s").await;
    assert_eq!(counts(&jobs, "brisk"), (10_000, 10_000, 0, 0, 0));
    let told = jobs.events().len();
    assert_eq!(told, 20_000);
    jobs.shutdown().await.expect("nothing runs");
    let mut heard = 0_u64;
    let mut last = None;
    while !matches!(last, Some(EventKind::ShutdownFinished { .. })) {
        last = events.recv().await.map(|event| event.kind);
        heard += 1;
    }
    assert!(events.lost() > 0 && heard >= 1000, "{heard} heard, {} lost", events.lost());
    assert_eq!(events.lost() + heard, 20_002);
}

#[tokio::test(start_paused = true)]
async fn an_observer_sees_each_event_and_may_call_back_or_panic() {
    let seen = Arc::new(AtomicUsize::new(0));
    let observer = Arc::clone(&seen);
    let jobs = auto(&["brisk", "fails"])
        .on_event(move |event| {
            observer.fetch_add(1, Ordering::Relaxed);
            let info = job_runtime::Runtime::current().map(|runtime| runtime.jobs().len());
            assert!(event.job.as_deref() != Some("fails"), "the observer is broken: {info:?}");
        })
        .await;
    jobs.advance("10ms").await;
    assert_eq!(seen.load(Ordering::Relaxed), 20);
    jobs.runtime().trigger("fails").await.expect("it is there");
    jobs.advance("10ms").await;
    assert_eq!(seen.load(Ordering::Relaxed), 42);
    assert_eq!(counts(&jobs, "fails"), (1, 1, 0, 0, 0));
    assert_eq!(counts(&jobs, "brisk"), (20, 20, 0, 0, 0));
}

#[periodic(every = "100ms", on_overlap = "queue")]
async fn takes_150ms() {
    tokio::time::sleep(Duration::from_millis(150)).await;
}

#[tokio::test(start_paused = true)]
async fn an_end_tells_duration_and_lateness() {
    let jobs = auto(&["takes_150ms"]).await;
    jobs.advance("400ms").await;
    let ends: Vec<(Duration, Duration)> = jobs.events().iter().filter_map(end).collect();
    let ms = Duration::from_millis;
    assert_eq!(ends, [(ms(150), ms(0)), (ms(150), ms(50))]);
}

fn end(event: &Event) -> Option<(Duration, Duration)> {
    if let EventKind::Finished { duration, lateness, .. } = event.kind { Some((duration, lateness)) } else { None }
}
