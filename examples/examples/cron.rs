//! Calendar times, each in a time zone of its own: an agenda first, as the clocks there show it, and then the jobs.
use job_runtime::{Context, periodic};

/// Once each night, also in the two of the year in which half past two is left out, or comes twice.
#[periodic(cron = "30 2 * * *", tz = "Europe/Berlin")]
async fn backup(cx: &Context) {
    println!("backing up, run {}", cx.id());
}

/// Several expressions, of which any may match.
#[periodic(cron = ["0 9 * * MON-FRI", "0 12 * * SAT"], tz = "America/New_York")]
async fn report() {
    println!("reporting");
}

/// The last workday of each month.
#[periodic(cron = "0 18 LW * *", tz = "Asia/Tokyo")]
async fn payroll() {
    println!("paying");
}

/// With six fields the first is the second.
#[periodic(cron = "*/2 * * * * *")]
async fn heartbeat() {
    println!("still here");
}

/// What comes next of each job, in its own zone.
#[periodic(every = "1h", initial_delay = "0s")]
async fn agenda(cx: &Context) {
    for job in cx.runtime().jobs() {
        println!("{}: {}", job.name, job.schedule.as_deref().unwrap_or_default());
        for tick in job.next_local() {
            println!("    {tick}");
        }
    }
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    job_runtime::run_all().await
}
