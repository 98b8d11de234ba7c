use job_runtime::{job, periodic, service};

#[job(every = "10m", when = || true, restart = "permanent")]
fn on_demand() {}

#[service(cron = "@daily", timeout = "1m", max_attempts = 5, max_pending = 3)]
fn always() {}

#[periodic(every = "10m", max_pending = 3, max_restarts = 3, strategy = "one_for_all")]
fn again() {}

#[job(scope = "cluster")]
fn for_all() {}

#[periodic(every = "10m", queue = "mail", priority = 3)]
fn queued() {}

#[service(unique_for = "1h", scope = "cluster")]
fn alone() {}

fn main() {
    drop(on_demand::spawn());
}
