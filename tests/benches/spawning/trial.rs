//! One cell, measured in this process.

use std::time::{Duration, Instant};

use job_runtime::Runtime;

use crate::cell::{Cell, Contender, Handles, Phase};
use crate::contender::{self, Contend, Job, Tokio};
use crate::kernel::{self, float};
use crate::report::{Metric, Report};
use crate::tally;

/// For how long batches are spawned before any is measured.
const WARM_UP: Duration = Duration::from_millis(50);

/// Measures `cell`. Once in a process.
pub(crate) fn run(cell: Cell) -> Report {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    // Who spawns is a task, as in a program; the main thread is no worker.
    tokio.expect("tokio's runtime can be built").block_on(async {
        let trial = match cell.contender {
            Contender::Tokio => tokio::spawn(trial::<Tokio>(cell, None)),
            Contender::Job => tokio::spawn(trial::<Job>(cell, Some(contender::start().await))),
        };
        trial.await.expect("the trial comes to its end")
    })
}

async fn trial<C: Contend>(cell: Cell, library: Option<Runtime>) -> Report {
    match (cell.phase, cell.handles) {
        (Phase::Nothing, Handles::Dropped) => let_go(cell, C::counting).await,
        (Phase::Nothing, Handles::Kept) => awaited(cell, C::nothing).await,
        (Phase::Yielding, Handles::Dropped) => let_go(cell, C::yielding_and_counting).await,
        (Phase::Yielding, Handles::Kept) => awaited(cell, C::yielding).await,
        (Phase::Waiting, _) => {
            tally::expect(cell.jobs);
            weigh(cell, C::waiting, tally::complete()).await
        }
        (Phase::Later, _) => weigh(cell, C::later, async {}).await,
        (Phase::Million, _) => million::<C>(cell, library).await,
    }
}

/// Batches whose handles are dropped.
async fn let_go<H: Send>(cell: Cell, spawn: fn() -> H) -> Report {
    rate(cell, || async {
        tally::expect(cell.jobs);
        for _ in 0..cell.jobs {
            drop(spawn());
        }
        tally::complete().await;
    })
    .await
}

/// Batches whose handles are awaited.
async fn awaited<H, E>(cell: Cell, spawn: fn() -> H) -> Report
where
    H: Future<Output = Result<(), E>> + Send,
    E: std::fmt::Debug,
{
    rate(cell, || async {
        let handles: Vec<H> = (0..cell.jobs).map(|_| spawn()).collect();
        for handle in handles {
            handle.await.expect("its body does not fail");
        }
    })
    .await
}

/// Spawns batches one after another, a first while without measuring.
async fn rate<F: Future<Output = ()> + Send>(cell: Cell, batch: impl Fn() -> F) -> Report {
    batches(WARM_UP, &batch).await;
    let (begun, used) = (Instant::now(), cpu());
    let batches = batches(cell.window, &batch).await;
    let spawned = float(u64::from(batches)) * f64::from(cell.jobs);
    let mut report = Report::default();
    report.add(Metric::Rate, spawned / begun.elapsed().as_secs_f64() / 1e3);
    report.add(Metric::Cpu, (cpu() - used) / spawned * 1e6);
    report
}

/// Gives how many there were.
async fn batches<F: Future<Output = ()> + Send>(window: Duration, batch: &impl Fn() -> F) -> u32 {
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < window {
        batch().await;
        count += 1;
    }
    count
}

/// The CPU seconds of all threads.
fn cpu() -> f64 {
    kernel::threads().filter_map(kernel::cpu).sum()
}

/// What everything weighs that is spawned, once it is there.
async fn weigh<H: Send>(cell: Cell, spawn: fn() -> H, there: impl Future<Output = ()> + Send) -> Report {
    let before = kernel::memory().resident;
    let handles = spawn_all(cell, spawn);
    there.await;
    let mut report = Report::default();
    report.add(Metric::Bytes, (kernel::memory().resident - before) / f64::from(cell.jobs));
    drop(handles);
    report
}

/// The handles, where they are kept.
fn spawn_all<H>(cell: Cell, spawn: fn() -> H) -> Vec<H> {
    match cell.handles {
        Handles::Kept => (0..cell.jobs).map(|_| spawn()).collect(),
        Handles::Dropped => {
            for _ in 0..cell.jobs {
                drop(spawn());
            }
            Vec::new()
        }
    }
}

async fn million<C: Contend>(cell: Cell, library: Option<Runtime>) -> Report {
    let begun = Instant::now();
    tally::expect(cell.jobs);
    let handles = spawn_all(cell, C::counting);
    for handle in handles {
        handle.await.expect("its body does not fail");
    }
    tally::complete().await;
    let seconds = begun.elapsed().as_secs_f64();

    let mut done = tally::counted();
    if let Some(runtime) = library {
        done = done.min(contender::accounted(&runtime).await);
    }
    let mut report = Report::default();
    report.add(Metric::Seconds, seconds);
    report.add(Metric::Peak, kernel::memory().peak / 1e6);
    report.add(Metric::Lost, f64::from(cell.jobs) - float(done));
    report
}
