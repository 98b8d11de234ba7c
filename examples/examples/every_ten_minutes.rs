//! A job that works every ten minutes; `JOB_DEMO_JOB_EVERY=1s` in the environment shows it at work at once.
use job_runtime::periodic;

#[periodic(every = "10m")]
async fn demo_job() {
    println!("DemoJob working ...");
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    job_runtime::run_all().await
}
