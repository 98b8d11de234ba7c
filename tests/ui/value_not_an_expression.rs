use job_runtime::periodic;

#[periodic(every = (1 +), enabled = 3 > 2 > 1, name == "tick")]
fn tick() {}

fn main() {}
