use job_runtime::periodic;

#[periodic(every = "10m", when = is_leader)]
fn tick() {}

fn main() {}
