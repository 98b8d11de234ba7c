//! Jobs that stand in a library of their own, for the program that links it.

use job_runtime::periodic;

/// Says that it ran.
#[periodic(every = "1h", initial_delay = "0s")]
pub async fn from_a_library() {
    println!("ran from_a_library");
}
