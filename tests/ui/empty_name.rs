use job_runtime::periodic;

#[periodic(every = "10m", name = "")]
fn tick() {}

fn main() {}
