//! smoke
use std::sync::atomic::{AtomicU32, Ordering};
use job_runtime::{Context, Outcome, periodic, SkipReason, testing::TickError};
use std::time::Duration;
static RUNS: AtomicU32 = AtomicU32::new(0);

#[periodic(every = "10m")]
async fn purge() { RUNS.fetch_add(1, Ordering::Relaxed); }

#[periodic(every = "100ms", on_overlap = "ignore", when = yes)]
async fn slow(cx: &Context) -> Result<(), String> { let _ = cx; tokio::time::sleep(Duration::from_millis(250)).await; Ok(()) }
fn yes() -> bool { true }

#[periodic(every = "1h")]
fn plain(counter: &mut u32, db: &String) { *counter += db.len() as u32; }

#[periodic(every = "1h", when = |cx| cx.attempt() == 1)]
async fn sync(user: u32, seen: &mut Vec<u32>) { seen.push(user); }

#[tokio::test(start_paused = true)]
async fn month() {
    let jobs = job_runtime::testing::start().only(["purge"]).auto().await;
    let t = std::time::Instant::now();
    jobs.advance("4w2d").await;
    println!("{:?} {:?}", t.elapsed(), jobs.accounting("purge"));
    assert_eq!(jobs.runs("purge").len(), 4320);
}
#[tokio::test(start_paused = true)]
async fn ticks() {
    let jobs = job_runtime::testing::start().data(String::from("abc")).await;
    assert_eq!(jobs.tick("slow").await, Ok(Outcome::Completed));
    assert_eq!(jobs.tick_within("slow", "0ms").await, Err(TickError::TimedOut));
    assert_eq!(jobs.tick("slow").await, Err(TickError::NotStarted(SkipReason::StillRunning)));
    assert_eq!(jobs.tick("plain").await, Ok(Outcome::Completed));
    assert_eq!(plain::peek(|c| *c).await.unwrap(), Some(3));
    sync::start(7).unwrap();
    assert!(sync::start(7).is_err());
    assert_eq!(jobs.tick("sync").await, Ok(Outcome::Completed));
    assert_eq!(sync::peek(7, |s| s.clone()).await.unwrap(), Some(vec![7]));
    assert!(sync::stop(7));
    let h = slow::trigger().await.unwrap();
    println!("{:?}", h.await);
    jobs.shutdown().await.unwrap();
    println!("{:#?}", jobs.runtime().jobs());
}
