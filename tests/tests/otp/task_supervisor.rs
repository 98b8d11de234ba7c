//! `Task.Supervisor`: work that is started on demand, and not again. Here that is `#[job]`.

use std::convert::Infallible;
use std::time::Duration;

use job_runtime::{Context, Outcome, job};

use crate::stage::{auto, ms};

#[job]
async fn crashes() {
    panic!("as told");
}

#[tokio::test(start_paused = true)]
async fn task_supervisor_starts_a_child_that_crashes_once() {
    let jobs = auto(&["crashes"]).await;
    drop(crashes::spawn());
    jobs.advance("1h").await;
    let outcomes: Vec<_> = jobs.runs("crashes").iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, [Some(Outcome::Panicked)]);
}

/// `async` links the caller to the task and `async_nolink` does not: a handle never takes its holder along.
#[tokio::test(start_paused = true)]
async fn task_supervisor_async_nolink_is_a_handle_that_tells_of_the_crash() {
    let _jobs = auto(&["crashes"]).await;
    let error = crashes::spawn().await.expect_err("it panics");
    assert!(error.is_panicked() && error.to_string().contains("as told, at "), "{error}");
}

#[job]
async fn deaf(cx: &Context) {
    let _ = cx;
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn task_supervisor_gives_a_child_five_seconds_to_stop() {
    let jobs = auto(&["deaf"]).await;
    let handle = deaf::spawn();
    jobs.advance("1s").await;
    let error = jobs.shutdown().await.expect_err("it does not end");
    assert!(error.is_abandoned() && handle.await.expect_err("it was dropped").is_interrupted(), "{error}");
    assert_eq!(jobs.runs("deaf")[0].finished_at.map(ms), Some(6_000));
}

#[job(max_running = 1, max_pending = 2)]
async fn bounded(length: u64) -> Result<u64, Infallible> {
    tokio::time::sleep(Duration::from_millis(length)).await;
    Ok(length)
}

/// `{:error, :max_children}`. Here what is over `max_running` waits, and what is over `max_pending` is refused.
#[tokio::test(start_paused = true)]
async fn task_supervisor_max_children_is_a_refusal() {
    let jobs = auto(&["bounded"]).await;
    let accepted: Vec<_> = (0..3).map(|_| bounded::try_spawn(100).expect("there is room")).collect();
    let error = bounded::try_spawn(100).expect_err("one runs and two wait");
    assert!(error.is_refused(), "{error}");
    jobs.advance("100ms").await;
    bounded::try_spawn(100).expect("there is room again");
    for handle in accepted {
        assert_eq!(handle.await.expect("it ends"), 100);
    }
}

/// `max_concurrency` bounds how many run at once; `ordered: true` is to await the handles in order.
#[tokio::test(start_paused = true)]
async fn task_supervisor_async_stream_is_bounded_and_ordered() {
    let jobs = auto(&["bounded"]).configure("bounded", |job| job.max_running(2)?.max_pending(10)).await;
    let handles: Vec<_> = [300, 100, 200, 50].map(bounded::spawn).into_iter().collect();
    let mut outputs = Vec::new();
    for handle in handles {
        outputs.push(handle.await.expect("it ends"));
    }
    assert_eq!(outputs, [300, 100, 200, 50]);
    let times: Vec<_> = jobs.runs("bounded").iter().map(|run| ms(run.started_at)).collect();
    assert_eq!(times, [0, 0, 100, 300]);
}

#[job(timeout = "5s")]
async fn slow() {
    std::future::pending().await
}

/// `on_timeout: :kill_task`; by default `async_stream` takes the caller along, which no handle does.
#[tokio::test(start_paused = true)]
async fn task_supervisor_timeout_ends_the_task_and_not_its_caller() {
    let jobs = auto(&["slow"]).await;
    let error = slow::spawn().await.expect_err("it takes too long");
    assert!(error.is_timed_out(), "{error}");
    assert_eq!(jobs.runs("slow")[0].finished_at.map(ms), Some(5_000));
}
