//! Jobs that end as they are asked to, late or never; each says what it hears.

mod support;

use std::time::Duration;

use job_runtime::{Context, periodic};

#[periodic(every = "1h", initial_delay = "0s", job_shutdown = "infinity")]
async fn orderly(cx: &Context) {
    println!("orderly started");
    cx.cancelled().await;
    println!("orderly was asked");
    support::input_ends().await;
    println!("orderly ended");
}

#[periodic(every = "1h", initial_delay = "0s", job_shutdown = "infinity")]
async fn unaware() {
    println!("unaware started");
    support::input_ends().await;
    println!("unaware ended");
}

#[periodic(every = "1h", initial_delay = "0s", job_shutdown = "100ms")]
async fn deaf(cx: &Context) {
    println!("deaf started");
    cx.cancelled().await;
    println!("deaf was asked");
    std::future::pending().await
}

#[periodic(every = "10ms", initial_delay = "0s")]
async fn ticking() {}

#[periodic(every = "1h", initial_delay = "0s", job_shutdown = "infinity")]
async fn working(cx: &Context) {
    while !cx.is_cancelled() {
        println!("working");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("working ended");
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    support::run(support::arguments(job_runtime::run_all()).on_event(support::tell)).await
}
