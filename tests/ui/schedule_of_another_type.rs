use job_runtime::{Schedule, periodic};

struct Nightly;

fn nightly() -> Schedule {
    Schedule::cron("@daily").expect("a schedule")
}

#[periodic(schedule = Nightly)]
fn no_rule() {}

#[periodic(schedule = Schedule::cron("@daily"))]
fn not_looked_at() {}

#[periodic(schedule = nightly)]
fn not_called() {}

#[periodic(schedule = std::time::Duration::from_secs(60))]
fn period() {}

fn main() {}
