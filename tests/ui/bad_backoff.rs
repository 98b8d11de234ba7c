use job_runtime::periodic;

#[periodic(every = "10m", max_attempts = 3, backoff = "1s..never")]
fn unknown_end() {}

#[periodic(every = "10m", max_attempts = 3, backoff = "5m..1s")]
fn backwards() {}

#[periodic(every = "10m", max_attempts = 3, backoff = 10)]
fn bare_number() {}

fn main() {}
