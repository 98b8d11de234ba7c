use job_runtime::periodic;

#[periodic(every = "10m", on_missed = "all(0)")]
fn none() {}

#[periodic(every = "10m", on_missed = "all(many)")]
fn words() {}

#[periodic(every = "10m", on_missed = "all(20")]
fn open() {}

fn main() {}
