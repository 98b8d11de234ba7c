//! A guard that goes by the time: it looks every minute whether it is midnight. `cron = "@daily"` says so in a word.
use std::time::{SystemTime, UNIX_EPOCH};

use job_runtime::{Context, periodic};

/// With `align` the ticks are at full minutes, so exactly one a day has the minute 0.
#[periodic(every = "1m", align = true, when = is_midnight)]
async fn some_cleanup() {
    println!("midnight: cleaning up");
}

fn is_midnight(cx: &Context) -> bool {
    let minute = minute_of_day(cx.scheduled_at());
    println!("minute {minute} of the day");
    minute == 0
}

/// In UTC.
fn minute_of_day(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 60 % (24 * 60))
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    println!("looking every minute; JOB_SOME_CLEANUP_EVERY=1s looks more often");
    job_runtime::run_all().await
}
