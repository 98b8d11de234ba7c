use job_runtime::periodic;

const NONE: u32 = 0;

#[periodic(every = "10m", max_running = 0, max_attempts = 0, pause_after = NONE + NONE)]
fn tick() {}

fn main() {}
