use job_runtime::job;

#[job(backoff = "1s..5m")]
fn send_mail() {}

fn main() {}
