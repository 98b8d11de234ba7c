//! A job that prints the UNIX time, now and then once an hour; `JOB_CURRENT_UNIX_TIME_EVERY=1s` makes it hurry.
use std::time::{SystemTimeError, UNIX_EPOCH};

use job_runtime::{Context, periodic};

#[periodic(every = "1h", initial_delay = "0s")]
async fn current_unix_time(cx: &Context) -> Result<(), SystemTimeError> {
    let unix_time = cx.now().duration_since(UNIX_EPOCH)?;
    println!("Hello, the current unix timestamp is {}", unix_time.as_secs());
    Ok(())
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    job_runtime::run_all().await
}
