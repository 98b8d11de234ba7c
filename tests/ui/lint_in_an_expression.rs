#![deny(unused_variables, deprecated)]

use job_runtime::periodic;

use std::time::Duration;

#[deprecated]
const OLD: Duration = Duration::from_secs(1);

#[periodic(
    every = OLD,
    jitter = { let unused = 1; OLD },
    max_attempts = { let unused = 2; 3 },
    enabled = { let unused = 3; true },
    when = || { let unused = 4; true }
)]
fn tick() {}

fn main() {}
