use job_runtime::periodic;

use std::time::Duration;

const NOTHING: Duration = Duration::ZERO;

#[periodic(every = "0s", timeout = "0ms", initial_delay = "0s")]
fn by_text() {}

#[periodic(every = NOTHING, timeout = Duration::from_secs(0))]
fn by_value() {}

fn main() {}
