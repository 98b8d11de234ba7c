//! Jobs that never give their thread back, on two workers or, with `FLAVOUR=current_thread`, on the main thread.

mod support;

use job_runtime::periodic;

#[periodic(every = "1h", initial_delay = "0s")]
fn endless() {
    println!("endless started");
    keep_the_thread();
}

#[periodic(every = "1h", initial_delay = "0s")]
async fn blocks() {
    println!("blocks started");
    keep_the_thread();
}

#[periodic(every = "1h", initial_delay = "0s")]
async fn blocks_too() {
    println!("blocks_too started");
    keep_the_thread();
}

/// Comes due on its own, when the workers wait for nothing but the clock.
#[periodic(every = "1h", initial_delay = "55ms")]
async fn blocks_later() {
    println!("blocks_later started");
    keep_the_thread();
}

/// Is woken by the workers' own clock, not by its schedule.
#[periodic(every = "1h", initial_delay = "0s")]
async fn blocks_after_an_await() {
    tokio::time::sleep(std::time::Duration::from_millis(55)).await;
    println!("blocks_after_an_await started");
    keep_the_thread();
}

/// Is dropped by its timeout, but keeps its thread all the same.
#[periodic(every = "1h", initial_delay = "0s", timeout = "50ms")]
async fn blocks_over_its_timeout() {
    println!("blocks_over_its_timeout started");
    keep_the_thread();
}

/// Is asked to stop by its timeout, and cannot be dropped.
#[periodic(every = "1h", initial_delay = "0s", timeout = "50ms")]
fn endless_over_its_timeout() {
    println!("endless_over_its_timeout started");
    keep_the_thread();
}

/// Comes due at the same moment as those two: when this one is timed out, so are they.
#[periodic(every = "1h", initial_delay = "0s", timeout = "60ms")]
async fn over_its_timeout() {
    println!("over_its_timeout started");
    std::future::pending().await
}

/// Never comes to its run.
#[periodic(every = "1h", initial_delay = "0s", when = keeps_its_thread)]
async fn asks_a_guard_that_blocks() {}

fn keeps_its_thread() -> bool {
    println!("asks_a_guard_that_blocks started");
    keep_the_thread();
    true
}

/// Can be dropped, but leaves a thread behind for which tokio waits.
#[periodic(every = "1h", initial_delay = "0s")]
async fn leaves_a_thread() {
    println!("leaves_a_thread started");
    let _ = tokio::task::spawn_blocking(keep_the_thread).await;
}

#[periodic(every = "10ms")]
async fn bystander() {}

fn keep_the_thread() {
    loop {
        std::thread::park();
    }
}

fn main() -> job_runtime::Result {
    let mut runtime = match std::env::var("FLAVOUR").as_deref() {
        Ok("current_thread") => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = runtime.worker_threads(2).enable_all().build().expect("a tokio runtime");
    let result = runtime.block_on(support::run(support::arguments(job_runtime::run_all()).on_event(support::tell)));
    println!("ended");
    result
}
