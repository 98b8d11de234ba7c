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

#[my_jobs::job_runtime::service(crate = "my_jobs::job_runtime", max_seconds = NONE + 1)]
async fn always(account: u8) {
    let _ = account;
}

my_jobs::job_runtime::group!(GROUP = [by_path, on_demand, always], crate = my_jobs::job_runtime, max_restarts = NONE);

const NONE: u32 = 0;

fn main() {
    let _ = (on_demand::spawn, GROUP.name());
}
