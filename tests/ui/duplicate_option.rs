use job_runtime::periodic;

#[periodic(every = "10m", jitter = "1s", every = "20m")]
fn tick() {}

fn main() {}
