use std::time::Duration;

use job_runtime::periodic;

const QUICK: Duration = Duration::from_micros(999);

#[periodic(every = QUICK)]
async fn finer_than_the_timers() {}

fn main() {}
