//! The smallest program: one function that runs every second, until Ctrl-C.
use job_runtime::{Context, periodic};

#[periodic(every = "1s")]
async fn hello(cx: &Context) {
    println!("hello, this is run {}", cx.id());
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    job_runtime::run_all().await
}
