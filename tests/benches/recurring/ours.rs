//! The library, in the two ways it offers many schedules: instances of one template, and jobs added at run time.

use std::time::{Duration, Instant};

use job_runtime::{Periodic, Runtime, Schedule, periodic};

use crate::grid::Grid;
use crate::recorder::{fire, recorder};

/// One for each user; the period is the cell's, see [`start`].
#[periodic(every = "1s")]
async fn tick(slot: u32) {
    fire(slot);
}

/// Starts the runtime with nothing to do yet. `aligned` makes every tick fall on a multiple of the period.
pub(crate) async fn start(period: Duration, aligned: bool) -> Runtime {
    job_runtime::run_all()
        .only(["tick"])
        .configure("tick", move |job| job.every(period)?.align(aligned))
        .start()
        .await
        .expect("the runtime starts")
}

/// One instance of the template per slot.
pub(crate) fn instances(grid: &Grid) {
    register(grid, |slot| {
        tick::start(slot).expect("each slot is started once");
    });
}

/// One job of its own, with a name, per slot.
pub(crate) fn added(grid: &Grid, runtime: &Runtime, aligned: bool) {
    let schedule = Schedule::every(grid.period()).expect("a period is a valid schedule");
    register(grid, |slot| {
        let job = Periodic::new(format!("tick-{slot}"), schedule.clone(), move |_cx| async move { fire(slot) });
        let job = if aligned { job.configure(|job| job.align(true)).expect("an interval can be aligned") } else { job };
        runtime.add(job).expect("each name is added once");
    });
}

/// A schedule's anchor is the moment it is registered, so spreading them means registering each at its time.
fn register(grid: &Grid, start: impl Fn(u32)) {
    for slot in grid.slots() {
        if grid.is_spread() {
            wait_until(grid.anchor(slot));
            recorder().anchor(slot, Instant::now());
        }
        start(slot);
    }
}

/// Exact to the microsecond, where a sleep is not. Keeps a core busy, before anything is measured.
fn wait_until(time: Instant) {
    let nearly = time.saturating_duration_since(Instant::now() + Duration::from_millis(1));
    if !nearly.is_zero() {
        std::thread::sleep(nearly);
    }
    while Instant::now() < time {
        std::hint::spin_loop();
    }
}
