use job_runtime::periodic;

#[periodic(every = "10m", name = "a,b")]
fn comma() {}

#[periodic(every = "10m", name = " a ")]
fn spaces() {}

fn main() {}
