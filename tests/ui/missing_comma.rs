use job_runtime::periodic;

#[periodic(every = "10m" max_attempts = 3 backof = "1s")]
fn tick() {}

fn main() {}
