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

fn main() {}
