use job_runtime::periodic;

#[periodic(every = "10m", enabled = std::env::var("ON"), align = 3 + 4)]
fn tick() {}

fn main() {}
