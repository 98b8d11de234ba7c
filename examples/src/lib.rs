//! A library that brings a job with it: whoever links it gets the job, as the example `library_jobs` shows.

use job_runtime::{Context, periodic};

/// Forgets the oldest entries of the library's cache.
#[periodic(every = "1s", initial_delay = "0s")]
pub async fn trim_cache(cx: &Context) {
    println!("{} of the library", cx.name());
}
