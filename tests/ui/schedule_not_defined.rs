use job_runtime::periodic;

#[periodic(schedule = NIGHTLY)]
fn constant() {}

#[periodic(schedule = rules::nightly("02:30"))]
fn call() {}

#[periodic(schedule = Nightly { hour: 2 })]
fn literal() {}

fn main() {}
