use job_runtime::periodic;

#[periodic(every = PERIOD, max_attempts = TRIES, enabled = WEATHER)]
fn tick() {}

fn main() {}
