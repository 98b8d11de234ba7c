use job_runtime::periodic;

#[periodic(every = "10m", max_running = 5_000_000_000, max_attempts = -1)]
fn tick() {}

fn main() {}
