//! A program whose jobs all stand in a library.

mod support;

use linked_jobs as _;

#[tokio::main]
async fn main() -> job_runtime::Result {
    job_runtime::run_all().shutdown_on(support::input_ends()).await
}
