use job_runtime::periodic;

#[periodic(interval = "10m", retries = 3, guard = || true)]
fn synonyms() {}

#[periodic(every = "10m", on-overlap = "ignore", maxRunning = 3, time_zone = "UTC")]
fn spelling() {}

fn main() {}
