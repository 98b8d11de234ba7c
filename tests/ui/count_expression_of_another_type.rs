use job_runtime::periodic;

const LIMIT: usize = 3;

#[periodic(every = "10m", max_running = LIMIT, max_attempts = 3u64)]
fn tick() {}

fn main() {}
