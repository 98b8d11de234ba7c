//! Jobs of a library run with those of the program, once the library is linked: the `use` below is all it takes.
use job_examples as _;
use job_runtime::periodic;

#[periodic(every = "1s", initial_delay = "0s")]
async fn of_the_program() {
    println!("of_the_program");
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    job_runtime::run_all().await
}
