use job_runtime::periodic;

use std::time::Duration;

fn period() -> Duration {
    Duration::from_secs(600)
}

#[periodic(every = period())]
fn tick() {}

fn main() {}
