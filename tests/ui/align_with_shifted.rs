use job_runtime::periodic;

#[periodic(every = "10m", align = true, delay_mode = "shifted")]
fn tick() {}

fn main() {}
