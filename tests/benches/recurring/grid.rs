//! When each schedule of a cell ought to tick.

use std::time::{Duration, Instant, SystemTime};

use crate::cell::{Cell, Phase};

/// Lets a runtime's threads come up and lie down before anything is read.
const SETTLE: Duration = Duration::from_millis(500);

#[derive(Clone, Copy)]
pub(crate) struct Grid {
    cell: Cell,
    /// Slot 0's anchor: slot k is registered a `k / jobs` part of the period later in [`Phase::Spread`].
    base: Instant,
}

impl Grid {
    pub(crate) fn new(cell: Cell) -> Self {
        let base = match cell.phase {
            Phase::Spread => Instant::now() + Duration::from_millis(5),
            Phase::Herd => next_multiple(cell.period),
            Phase::Register | Phase::Idle => Instant::now(),
        };
        Self { cell, base }
    }

    pub(crate) fn slots(&self) -> std::ops::Range<u32> {
        0..self.cell.jobs
    }

    pub(crate) fn period(&self) -> Duration {
        self.cell.period
    }

    pub(crate) fn is_spread(&self) -> bool {
        self.cell.phase == Phase::Spread
    }

    /// A tick of this slot is one of these plus a multiple of the period.
    pub(crate) fn anchor(&self, slot: u32) -> Instant {
        if self.is_spread() { self.base + self.cell.period * slot / self.cell.jobs } else { self.base }
    }

    /// The floors' first tick, which is where a job registered at its anchor has its own.
    pub(crate) fn first_tick(&self, slot: u32) -> Instant {
        self.anchor(slot) + self.cell.period
    }

    /// From here on every schedule has ticked once, and no herd is cut in two.
    pub(crate) fn measure_from(&self) -> Instant {
        match self.cell.phase {
            Phase::Spread => self.base + 2 * self.cell.period,
            Phase::Herd => self.base + 2 * self.cell.period + self.cell.period / 2,
            Phase::Register | Phase::Idle => Instant::now() + SETTLE,
        }
    }
}

/// The next multiple of `period` since the epoch, which is where `align` puts a tick.
fn next_multiple(period: Duration) -> Instant {
    let now = Instant::now();
    let epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("the clock is set");
    let to_go = period.as_nanos() - epoch.as_nanos() % period.as_nanos();
    now + Duration::from_nanos(u64::try_from(to_go).expect("at most a period"))
}
