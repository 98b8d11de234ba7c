use job_runtime::{job, service};

const NONE: u32 = 0;

#[job(max_attempts = 0, max_running = NONE, max_pending = NONE)]
fn on_demand() {}

#[job(max_pending = 0)]
fn nothing_waits() {}

#[service(max_restarts = 0, max_seconds = 0)]
fn always() {}

#[service(max_restarts = NONE, max_seconds = NONE)]
fn as_often_as_constants_say() {}

fn main() {}
