//! Lists its jobs as they are in force, one per line, and ends.

mod support;

use job_runtime::periodic;

struct Missing;

#[periodic(every = "10m")]
async fn sweep() {}

#[periodic(every = "1h")]
async fn sweep_all() {}

#[periodic(every = "30s", on_overlap = "ignore")]
async fn poll() {}

#[periodic(every = "1h")]
async fn count(_: &mut u32) {}

#[periodic(every = "1h", name = "old-files.v2")]
async fn old_files() {}

#[periodic(every = "1h", enabled = false)]
async fn takes_what_is_missing(_: &Missing) {}

#[tokio::main]
async fn main() -> job_runtime::Result {
    let mut builder = job_runtime::run_all();
    if std::env::args().all(|argument| !argument.starts_with("only=")) {
        builder = builder.data(Missing);
    }
    let runtime = support::arguments(builder).start().await?;
    for job in runtime.jobs() {
        let paused = job.paused.map_or("in service".to_owned(), |reason| format!("paused: {reason}"));
        println!("{}: {}, {}, {paused}", job.name, job.schedule.unwrap_or_default(), job.policies.join(", "));
    }
    runtime.shutdown().await
}
