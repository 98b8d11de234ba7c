use job_runtime::periodic;

#[periodic(evrey = "10m")]
fn tick() {}

fn main() {}
