use job_runtime::periodic;

#[periodic(every = "10m", on_overlap = ignore, on_missed = all(20), timeout = infinity, job_shutdown = brutal_kill)]
fn words() {}

#[periodic(every = "10m", on_overlap = Overlap::Queue, delay_mode = SHIFTED, on_missed = NEVER)]
fn paths() {}

fn main() {}
