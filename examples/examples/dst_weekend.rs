//! The two Sundays on which Berlin's clocks change, hour by hour on fake clocks in a moment: what ran, and when.
use std::time::Duration;

use job_runtime::{periodic, testing};

/// Once each night, also where the clocks leave half past two out, or show it twice.
#[periodic(cron = "30 2 * * *", tz = "Europe/Berlin")]
async fn nightly() {}

/// Whenever the clocks show half past two: never, or twice.
#[periodic(cron = "30 2 * * *", tz = "Europe/Berlin", dst = "literal")]
async fn nightly_literal() {}

/// Each real hour, because hours have a `*` here.
#[periodic(cron = "0 * * * *", tz = "Europe/Berlin")]
async fn hourly() {}

/// From midnight to midnight; prints the runs of each job, its first ones with the local time of their tick.
async fn sunday(midnight: &str, hours: u64) {
    println!("a Sunday of {hours} hours");
    let jobs = testing::start().auto().at(midnight).await;
    let planned = jobs.runtime().jobs();
    jobs.advance(Duration::from_secs(hours * 3_600)).await;
    for job in planned {
        let runs = jobs.runs(&job.name);
        println!("  {}, {}; runs: {}", job.name, job.schedule.as_deref().unwrap_or_default(), runs.len());
        for (tick, local) in job.next.iter().zip(job.next_local()) {
            if runs.iter().any(|run| run.scheduled_at == *tick) {
                println!("    {local}");
            }
        }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() {
    sunday("2026-03-29T00:00:00+01:00[Europe/Berlin]", 23).await;
    sunday("2026-10-25T00:00:00+02:00[Europe/Berlin]", 25).await;
}
