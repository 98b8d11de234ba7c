use job_runtime::periodic;

#[periodic(
    every = true,
    on_overlap = ignore::this(1),
    max_running = "3",
    align = "yes",
    on_missed = 20,
    name = 'n',
    max_attempts = 2.5,
    enabled = 1,
    backoff = "1s".."5m",
    companion = "Tick",
    crate = 3,
    when = "is_leader",
    job_shutdown = || 1,
)]
fn tick() {}

fn main() {}
