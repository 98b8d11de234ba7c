//! The contenders: the same bodies as bare tokio tasks and as jobs on demand.

use std::fmt::Debug;
use std::time::Duration;

use job_runtime::{JobHandle, RunError, Runtime, job};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinHandle, yield_now};

use crate::tally;

#[job]
async fn nothing() {}

#[job]
async fn counting() {
    tally::count();
}

#[job]
async fn yielding() {
    yield_now().await;
}

#[job]
async fn yielding_and_counting() {
    yield_now().await;
    tally::count();
}

#[job]
async fn waiting() {
    static NEVER: Notify = Notify::const_new();
    tally::count();
    NEVER.notified().await;
}

#[job(max_pending = 2_000_000)]
async fn later() {}

/// How the bodies are spawned.
pub(crate) trait Contend: 'static {
    type Refusal: Debug;
    type Handle: Future<Output = Result<(), Self::Refusal>> + Send + 'static;

    fn nothing() -> Self::Handle;
    fn counting() -> Self::Handle;
    fn yielding() -> Self::Handle;
    fn yielding_and_counting() -> Self::Handle;
    fn waiting() -> Self::Handle;
    /// In an hour.
    fn later() -> Self::Handle;
}

/// The floor: what spawning costs without names, accounting, supervision and shutdown.
pub(crate) struct Tokio;

impl Contend for Tokio {
    type Refusal = JoinError;
    type Handle = JoinHandle<()>;

    fn nothing() -> Self::Handle {
        tokio::spawn(nothing())
    }

    fn counting() -> Self::Handle {
        tokio::spawn(counting())
    }

    fn yielding() -> Self::Handle {
        tokio::spawn(yielding())
    }

    fn yielding_and_counting() -> Self::Handle {
        tokio::spawn(yielding_and_counting())
    }

    fn waiting() -> Self::Handle {
        tokio::spawn(waiting())
    }

    fn later() -> Self::Handle {
        tokio::spawn(async {
            tokio::time::sleep(Duration::from_secs(3_600)).await;
            later().await;
        })
    }
}

/// The library.
pub(crate) struct Job;

impl Contend for Job {
    type Refusal = RunError<std::convert::Infallible>;
    type Handle = JobHandle<()>;

    fn nothing() -> Self::Handle {
        nothing::spawn()
    }

    fn counting() -> Self::Handle {
        counting::spawn()
    }

    fn yielding() -> Self::Handle {
        yielding::spawn()
    }

    fn yielding_and_counting() -> Self::Handle {
        yielding_and_counting::spawn()
    }

    fn waiting() -> Self::Handle {
        waiting::spawn()
    }

    fn later() -> Self::Handle {
        later::spawn_after(Duration::from_secs(3_600))
    }
}

/// Starts the library with nothing to do yet.
pub(crate) async fn start() -> Runtime {
    job_runtime::run_all().start().await.expect("the runtime starts")
}

/// How many runs of [`counting`] the library has in its books, once all of them have ended.
pub(crate) async fn accounted(runtime: &Runtime) -> u64 {
    loop {
        let job = runtime.job("counting").expect("it is linked");
        let books = job.accounting;
        if job.running == 0 && books.pending == 0 {
            assert_eq!(books.due, books.ran, "each one that was spawned ran: {books:?}");
            return books.ran;
        }
        yield_now().await;
    }
}
