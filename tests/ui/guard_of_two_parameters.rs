use job_runtime::periodic;

#[periodic(every = "10m", when = |cx, db| true)]
fn tick() {}

fn main() {}
