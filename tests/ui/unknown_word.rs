use job_runtime::periodic;

#[periodic(
    every = "10m",
    delay_mode = "shift",
    on_overlap = "ignroe",
    on_missed = "newest",
    timeout = "infinite",
    job_shutdown = "kill"
)]
fn tick() {}

fn main() {}
