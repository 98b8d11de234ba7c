use job_runtime::periodic;

#[periodic(every = "10m", align = true, initial_delay = "0s")]
fn tick() {}

fn main() {}
