use job_runtime::periodic;

#[periodic(every = "10m", name = "two\nlines")]
fn tick() {}

fn main() {}
