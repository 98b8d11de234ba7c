use job_runtime::periodic;

#[periodic(every = 1h, initial_delay = 1h30m, timeout = 250ms, jitter = 1.5h)]
fn numbers() {}

#[periodic(every = 10 m, splay = 30 seconds, max_attempts = 3, backoff = 1s..5m)]
fn spaces() {}

#[periodic(every = 10minutes)]
fn no_unit() {}

fn main() {}
