use job_runtime::service;

#[service(restart = "temporary", max_restarts = 3, max_seconds = 5, backoff = "1s..5m", on_give_up = "pause")]
async fn warm_up() {}

fn main() {}
