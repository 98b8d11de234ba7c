//! A program without a job: the library that has some is not linked.

#[tokio::main]
async fn main() -> job_runtime::Result {
    job_runtime::run_all().await
}
