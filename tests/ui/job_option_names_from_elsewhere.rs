use job_runtime::{job, service};

#[job(retries = 5, backoff = "1s", concurrency = 3, queue_size = 100, shutdown = "1m")]
fn on_demand() {}

#[job(max_retries = 5, max_concurrency = 3, capacity = 100, maxPending = 3)]
fn again() {}

#[job(limit = 3, interval = "10m")]
fn limited() {}

#[service(intensity = 3, period = 5, shutdown = "1m", colour = "red")]
fn always() {}

fn main() {}
