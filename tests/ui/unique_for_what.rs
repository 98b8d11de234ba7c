use job_runtime::job;

#[job(queue = "mail", unique_for = "0s")]
fn for_no_time() {}

#[job(queue = "mail", unique_for = "1 hour")]
fn no_duration() {}

#[job(queue = "mail", unique_for = "forever")]
fn another_word() {}

#[job(queue = "mail", unique_for = 3600)]
fn number() {}

#[job(queue = "mail", unique_for = std::time::Duration::ZERO)]
fn zero() {}

#[job(queue = "mail", unique_for = unfinished)]
fn without_quotes() {}

fn main() {}
