use job_runtime::periodic;

const PERIOD: u64 = 600;

#[periodic(every = PERIOD, jitter = PERIOD + 1, timeout = concat!("1", "s"))]
fn tick() {}

fn main() {}
