//! One cell, measured in this process.

use std::time::{Duration, Instant};

use job_runtime::Runtime;

use crate::cell::{Cell, Contender, Phase};
use crate::grid::Grid;
use crate::kernel;
use crate::measure::Reading;
use crate::recorder::{self, recorder};
use crate::report::{Metric, Report};
use crate::{floors, ours};

/// Below this many schedules their memory is lost in the noise of the process's own.
const WEIGHABLE: u32 = 10_000;

/// Measures `cell`. Once in a process.
pub(crate) fn run(cell: Cell) -> Report {
    recorder::install(cell.jobs, cell.period);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("tokio's runtime can be built")
        .block_on(trial(cell))
}

/// Runs on the main thread, which is no worker and is left out of what is measured: it may block.
async fn trial(cell: Cell) -> Report {
    let aligned = cell.phase == Phase::Herd;
    let library = if cell.contender.is_ours() { Some(ours::start(cell.period, aligned).await) } else { None };
    std::thread::sleep(Duration::from_millis(100));

    let before = kernel::memory();
    let grid = Grid::new(cell);
    recorder().expect(&grid);
    let begun = Instant::now();
    register(cell, &grid, library.as_ref(), aligned);
    let registered = begun.elapsed();

    sleep_until(grid.measure_from());
    let mut report = Report::default();
    add_memory(&mut report, cell, before.resident);
    match cell.phase {
        Phase::Register => report.add(Metric::Register, registered.as_secs_f64() * 1e3),
        Phase::Spread | Phase::Herd | Phase::Idle => add_windows(&mut report, cell, &grid),
    }
    report.add(Metric::Peak, kernel::memory().peak / 1e6);
    report
}

fn register(cell: Cell, grid: &Grid, library: Option<&Runtime>, aligned: bool) {
    match (cell.contender, library) {
        (Contender::Tasks, _) => floors::tasks(grid),
        (Contender::HeapSpawn, _) => floors::heap_spawn(grid),
        (Contender::Added, Some(runtime)) => ours::added(grid, runtime, aligned),
        (Contender::Instances | Contender::Added, _) => ours::instances(grid),
    }
}

fn add_memory(report: &mut Report, cell: Cell, before: f64) {
    let memory = kernel::memory();
    report.add(Metric::Resident, memory.resident / 1e6);
    if cell.jobs >= WEIGHABLE {
        report.add(Metric::Bytes, (memory.resident - before) / f64::from(cell.jobs));
    }
}

fn add_windows(report: &mut Report, cell: Cell, grid: &Grid) {
    let from = Instant::now();
    recorder().take_lateness();
    let mut before = Reading::take();
    for window in 1..=cell.windows {
        sleep_until(from + cell.window * window);
        let after = Reading::take();
        add_window(report, &before, &after, f64::from(cell.jobs) / grid.period().as_secs_f64());
        before = after;
    }
}

/// `rate`: how many fires are due per second.
fn add_window(report: &mut Report, before: &Reading, after: &Reading, rate: f64) {
    let used = after.since(before);
    report.add(Metric::Load, used.cpu / used.seconds);
    report.add(Metric::Switches, used.switches / used.seconds);
    report.add(Metric::Threads, used.threads);
    if used.fires == 0.0 {
        return;
    }
    report.add(Metric::CpuPerFire, used.cpu / used.fires * 1e6);
    report.add(Metric::Fired, used.fires / (rate * used.seconds) * 100.0);
    let lateness = recorder().take_lateness();
    for (metric, part) in [(Metric::Median, 500), (Metric::Percentile99, 990), (Metric::Latest, 1_000)] {
        report.add(metric, lateness.quantile(part).as_secs_f64() * 1e3);
    }
}

fn sleep_until(time: Instant) {
    std::thread::sleep(time.saturating_duration_since(Instant::now()));
}
