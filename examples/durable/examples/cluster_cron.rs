//! A schedule that processes share: run this in two terminals, and each tick comes in one of them.
use std::time::{SystemTimeError, UNIX_EPOCH};

use job_runtime::{Context, periodic};

/// Each second, in one of all processes that are there. Which one is left to chance; when one ends, the others go on.
/// Those of the last twenty ticks at which none was there are made up for.
#[periodic(cron = "* * * * * *", scope = "cluster", on_missed = "all(20)")]
async fn report(cx: &Context) -> Result<(), SystemTimeError> {
    let tick = cx.scheduled_at().duration_since(UNIX_EPOCH)?.as_secs();
    println!("tick {tick} comes in process {}", std::process::id());
    Ok(())
}

/// On several machines they share a PostgreSQL: `JOBS_STORE=postgres://…` goes before the file.
#[tokio::main]
async fn main() -> job_runtime::Result {
    let file = std::env::temp_dir().join("cluster_cron.db");
    job_runtime::run_all().store(format!("sqlite://{}", file.display())).await
}
