use job_runtime::periodic;

#[periodic(every = "1m")]
fn main() {}
