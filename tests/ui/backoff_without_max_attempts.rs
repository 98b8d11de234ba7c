use job_runtime::periodic;

#[periodic(every = "10m", backoff = "1s..5m")]
fn tick() {}

fn main() {}
