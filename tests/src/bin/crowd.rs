//! Many jobs due at one moment, of which the first to start keeps its thread.

use std::sync::atomic::{AtomicBool, Ordering};

use job_runtime::{Context, Periodic, Result, Schedule, periodic};

/// How many come due together.
const CROWD: usize = 40;

static TAKEN: AtomicBool = AtomicBool::new(false);

/// There is always one job to find.
#[periodic(every = "1h")]
async fn found() {}

async fn member(cx: Context) {
    if TAKEN.swap(true, Ordering::SeqCst) {
        println!("a member ran");
    } else {
        println!("{} keeps its thread", cx.name());
        loop {
            std::thread::park();
        }
    }
}

fn main() -> Result {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("tokio");
    runtime.block_on(async {
        let jobs = job_runtime::run_all().start().await?;
        for number in 0..CROWD {
            let job = Periodic::new(format!("member-{number}"), Schedule::every("1h")?, member);
            jobs.add(job.configure(|job| job.initial_delay("50ms"))?)?;
        }
        jobs.join().await
    })
}
