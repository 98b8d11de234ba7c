//! Control that must reach the right job, and only it: after a removal, a new schedule, a cancellation.

use std::sync::atomic::{AtomicU32, Ordering};

use job_runtime::testing::TickError;
use job_runtime::{Context, Periodic, Schedule, SkipReason, periodic, testing};

#[periodic(every = "1h")]
async fn removed() {}

#[periodic(every = "1h")]
async fn each(_user: u32) {}

static ATTEMPTS: AtomicU32 = AtomicU32::new(0);

#[periodic(every = "1h", timeout = "100ms", job_shutdown = "300ms", max_attempts = 50, backoff = "50ms")]
async fn stubborn(cx: &Context) {
    ATTEMPTS.fetch_add(1, Ordering::Relaxed);
    cx.cancelled().await;
    std::future::pending::<()>().await;
}

#[periodic(every = "1h")]
async fn raises_again() {
    let _ = std::panic::catch_unwind(|| panic!("caught by the job itself"));
    std::panic::resume_unwind(Box::new("raised again"));
}

#[tokio::test(start_paused = true)]
async fn the_type_of_a_removed_job_controls_no_other() {
    let jobs = testing::start().only(["removed"]).await;
    assert!(jobs.runtime().remove("removed"));
    let every = Schedule::every("1h").expect("a schedule");
    jobs.runtime().add(Periodic::new("other", every, |_: Context| async {})).expect("the name is free");
    assert!(removed::status().await.is_err());
    assert!(removed::pause("x").await.is_err());
    assert!(jobs.runtime().job("other").expect("it was added").paused.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_new_schedule_of_a_template_holds_for_instances_to_come() {
    let jobs = testing::start().only(["each"]).auto().await;
    each::start(1).expect("none is started");
    jobs.runtime().reschedule("each", Schedule::every("1m").expect("a schedule")).expect("it is there");
    each::start(2).expect("only another is started");
    jobs.advance("10m").await;
    assert_eq!(jobs.runs("each").len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_run_cancelled_in_the_grace_of_its_timeout_is_not_tried_again() {
    let jobs = testing::start().only(["stubborn"]).auto().await;
    let run = stubborn::trigger().await.expect("the runtime runs");
    jobs.advance("150ms").await;
    run.cancel();
    jobs.advance("10s").await;
    assert_eq!(ATTEMPTS.load(Ordering::Relaxed), 1);
    assert!(jobs.running().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_text_of_a_panic_is_its_own() {
    let jobs = testing::start().only(["raises_again"]).await;
    let _ = jobs.tick("raises_again").await;
    let error = jobs.runs("raises_again").pop().and_then(|run| run.error).expect("it panicked");
    assert_eq!(&*error, "raised again");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_ticked_and_nobody_waits_after_the_shutdown() {
    let jobs = testing::start().only(["removed"]).await;
    jobs.shutdown().await.expect("nothing runs");
    let told = jobs.events().len();
    let before = jobs.now();
    assert_eq!(jobs.tick("removed").await, Err(TickError::NotStarted(SkipReason::Refused)));
    let health = jobs.runtime().health().await;
    assert!(!health.live && !health.ready, "{health:?}");
    assert_eq!(jobs.now(), before);
    assert_eq!(jobs.events().len(), told);
}

#[periodic(every = "1h", when = async || std::future::pending::<bool>().await)]
async fn behind_an_endless_guard() {}

#[tokio::test(start_paused = true)]
async fn the_guard_of_a_removed_job_ends_beside_the_job_that_took_its_place() {
    let jobs = testing::start().only(["behind_an_endless_guard"]).await;
    let waiting = behind_an_endless_guard::trigger().await.expect("it is asked");
    jobs.advance("1s").await;
    assert!(jobs.runtime().remove("behind_an_endless_guard"));
    // The task of the guard is not gone yet.
    let every = Schedule::every("1h").expect("a schedule");
    jobs.runtime().add(Periodic::new("other", every, |_: Context| async {})).expect("the name is free");
    assert!(waiting.await.expect_err("its job is gone").is_cancelled());
    jobs.advance("1s").await;
    assert_eq!(jobs.tick("other").await, Ok(job_runtime::Outcome::Completed));
    jobs.shutdown().await.expect("nothing runs");
}
