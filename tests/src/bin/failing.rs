//! Jobs that fail each time they run, beside one that does not.

mod support;

use job_runtime::periodic;

#[periodic(every = "10ms")]
async fn panics() {
    panic!("it went wrong");
}

#[periodic(every = "10ms")]
fn panics_on_its_thread() {
    panic!("it went wrong there");
}

#[periodic(every = "10ms")]
async fn fails() -> Result<(), String> {
    Err("it did not work".to_owned())
}

#[periodic(every = "10ms")]
async fn bystander() {}

#[tokio::main]
async fn main() -> job_runtime::Result {
    support::run(job_runtime::run_all().on_event(support::tell)).await
}
