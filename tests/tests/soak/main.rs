//! A thousand jobs of every kind at once, half of which fail, while everything is done to them that can be done: the
//! books balance at each look, every handle answers, memory does not grow, and nothing is left at the end.
//!
//! ```text
//! cargo test -p job-tests --test soak                                             # a minute, as in every run of the tests
//! SOAK_SECONDS=600 cargo test --release -p job-tests --test soak -- --nocapture   # ten minutes, and what it saw
//! SOAK_SEED=7 …                                                                   # what is done to them in another order
//! ```
//!
//! It runs in real time, and asserts on none. Reads `/proc`, hence Linux only.

#![cfg(target_os = "linux")]

#[path = "../patience/mod.rs"]
mod patience;
#[path = "../overlap_model/random.rs"]
mod random;

mod answers;
mod fate;
mod jobs;
mod memory;
mod remains;
mod storm;
mod told;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use job_runtime::{JobInfo, Kind, Runtime, run_all};

use answers::Answers;
use memory::Memory;
use storm::Storm;
use told::Told;

/// How many looks there are in a second.
const LOOKS: u32 = 4;
/// How long anything may take before it counts as hung; far more than it needs.
const PATIENCE: Duration = Duration::from_secs(60);

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
}

#[test]
fn a_thousand_jobs_in_a_storm_keep_their_books_and_leave_nothing() {
    let length = Duration::from_secs(setting("SOAK_SECONDS", 60));
    let seed = setting("SOAK_SEED", 1);
    println!("{} s, seed {seed}", length.as_secs());
    fate::keep_quiet();
    patience::within(length + 4 * PATIENCE, move || {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
        tokio.expect("a tokio runtime").block_on(soak(length, seed));
    });
}

async fn soak(length: Duration, seed: u64) {
    let told = Arc::new(Told::default());
    let runtime = start(Arc::clone(&told)).await;
    jobs::populate(&runtime);
    let answers = Arc::new(Answers::default());
    let over = Arc::new(AtomicBool::new(false));
    let storm = Storm::begin(&runtime, &answers, &over, seed);

    let memory = watch(&runtime, length, &told).await;
    // The storm goes on while the runtime shuts down.
    let ended = in_time("the shutdown has no end", runtime.shutdown()).await;
    storm.end().await;
    in_time("a handle never answers", answers.complete()).await;

    ended.expect("whatever is asked to stop does so in time");
    told.assert_paired();
    println!("{told}\n{answers}\n{memory}");
    told.assert_half_failed();
    answers.assert_varied();
    memory.assert_level();
    let names = assert_books(&runtime, true);
    drop(runtime);
    in_time("a task is left", remains::no_task()).await;
    in_time("a thread is left", remains::no_thread(&names)).await;
}

async fn in_time<T>(or_else: &str, what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect(or_else)
}

async fn start(told: Arc<Told>) -> Runtime {
    let runtime = run_all().on_event(move |event| told.hear(event)).start().await;
    runtime.expect("the runtime starts")
}

/// Looks at everything, again and again, and weighs the process.
async fn watch(runtime: &Runtime, length: Duration, told: &Told) -> Memory {
    let mut memory = Memory::new(length);
    let mut looks = tokio::time::interval(Duration::from_secs(1) / LOOKS);
    let begun = looks.tick().await;
    loop {
        let since = looks.tick().await - begun;
        if since > length {
            println!("{} jobs at the last look", at_work(runtime));
            return memory;
        }
        assert_books(runtime, false);
        memory.weigh(since, told.ended());
    }
}

/// Instances, jobs that are one, and what is spawned.
fn at_work(runtime: &Runtime) -> usize {
    let count = |job: JobInfo| if job.kind == Kind::Job { job.running } else { job.instances };
    runtime.jobs().into_iter().map(count).sum()
}

/// Every occasion of every job is accounted for, in the end as decided. Gives the names of the jobs.
fn assert_books(runtime: &Runtime, ended: bool) -> Vec<String> {
    let jobs = runtime.jobs();
    for job in &jobs {
        let books = job.accounting;
        let sum = books.ran + books.skipped + books.missed + books.pending;
        assert_eq!(books.due, sum, "{}: {books:?}", job.name);
        assert!(!ended || (books.pending, job.running) == (0, 0), "{} has not ended: {job:?}", job.name);
    }
    assert!(!jobs.is_empty(), "there are jobs to look at");
    jobs.iter().map(|job| job.name.to_string()).collect()
}
