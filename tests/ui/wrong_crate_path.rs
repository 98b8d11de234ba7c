use job_runtime::periodic;

#[periodic(every = "10m", crate = my_jobs)]
fn tick() {}

fn main() {}
