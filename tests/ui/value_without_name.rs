use job_runtime::periodic;

#[periodic("10m")]
fn tick() {}

#[periodic(every = "10m", "ignore", max_runing = 3)]
fn tock() {}

fn main() {}
