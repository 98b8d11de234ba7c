use job_runtime::periodic;

mod tick {}

#[periodic(every = "10m")]
fn tick() {}

fn main() {}
