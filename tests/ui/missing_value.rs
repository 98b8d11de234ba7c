use job_runtime::periodic;

#[periodic(every, on_overlap =, timeout "30s", jitter: "1s", when(ready))]
fn tick() {}

fn main() {}
