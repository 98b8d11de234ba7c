use job_runtime::periodic;

#[periodic(every = "10 minutes", initial_delay = "5", timeout = "1.5h", jitter = "1y", splay = "")]
fn tick() {}

fn main() {}
