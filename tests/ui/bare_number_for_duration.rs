use job_runtime::periodic;

#[periodic(every = 600, initial_delay = 0, timeout = 1.5, jitter = -1)]
fn tick() {}

fn main() {}
