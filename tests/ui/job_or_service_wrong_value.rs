use job_runtime::{job, service};

#[service(restart = "transcient", on_give_up = "stop", max_restarts = -1, max_seconds = "5s")]
fn always() {}

#[service(restart = permanent, on_give_up = GiveUp::Pause, job_shutdown = "never", name = "")]
fn words() {}

#[service(backoff = "30s..500ms", max_restarts = 0x1_0000_0000, restart = "always")]
fn backwards() {}

#[job(max_pending = 1.5, timeout = "0s", max_attempts = 3, backoff = 10, job_shutdown)]
fn on_demand() {}

fn main() {}
