//! `crate = path` serves crates that re-export the runtime, as a path and as a string.
#![deny(warnings, unused_qualifications)]

mod my_jobs {
    pub(crate) use ::job_runtime;
}

#[my_jobs::job_runtime::periodic(every = "1m", crate = crate::my_jobs::job_runtime, when = || true)]
async fn by_path(seen: &mut u8) {
    *seen += 1;
}

#[my_jobs::job_runtime::periodic(every = "1m", crate = "my_jobs::job_runtime", initial_delay = "0s")]
fn by_text() {}

#[my_jobs::job_runtime::job(max_attempts = 2, max_pending = NONE, crate = crate::my_jobs::job_runtime)]
async fn on_demand(seen: &mut u8, to: String) -> Result<u8, String> {
    *seen += 1;
    Err(to)
}

#[my_jobs::job_runtime::job(queue = "mail", priority = NONE, crate = crate::my_jobs::job_runtime)]
async fn in_a_queue(to: String, copies: u8) -> Result<u8, String> {
    if copies == 0 { Err(to) } else { Ok(copies) }
}

#[my_jobs::job_runtime::periodic(every = "1m", scope = "cluster", crate = "my_jobs::job_runtime")]
fn for_all_nodes() {}

#[my_jobs::job_runtime::service(crate = "my_jobs::job_runtime", max_seconds = NONE + 1)]
async fn always(account: u8) {
    let _ = account;
}

my_jobs::job_runtime::group!(GROUP = [by_path, on_demand, always], crate = my_jobs::job_runtime, max_restarts = NONE);

const NONE: u32 = 0;

fn main() {
    let _ = (on_demand::spawn, in_a_queue::enqueue, for_all_nodes::trigger, GROUP.name());
}
