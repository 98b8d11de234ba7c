//! Services that use up their restarts, alone and in a group, in a program whose `main` returns what came of it.

mod support;

use std::error::Error;
use std::fmt;

use job_runtime::{Context, group, service};

#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bus refused")
    }
}

impl Error for Refused {}

#[service(max_restarts = 2, backoff = "1ms")]
async fn consume() -> Result<(), Refused> {
    Err(Refused)
}

#[service(max_restarts = 0)]
fn panics_on_its_thread() {
    panic!("it went wrong there");
}

#[service(backoff = "1ms")]
async fn member() -> Result<(), Refused> {
    Err(Refused)
}

group!(POOL = [beside, member], strategy = "rest_for_one", max_restarts = 1, max_seconds = 60);

#[service]
async fn beside(cx: &Context) {
    cx.cancelled().await;
    println!("beside was asked");
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    let result = support::run(support::arguments(job_runtime::run_all()).on_event(support::tell)).await;
    if let Some(error) = result.as_ref().err().filter(|error| error.is_gave_up()) {
        let own = error.source().is_some_and(|source| source.is::<Refused>());
        println!("gave up, for its own error: {own}");
    }
    result
}
