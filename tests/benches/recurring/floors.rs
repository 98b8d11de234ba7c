//! The floors: what recurring work costs with tokio alone, without names, policies, accounting or shutdown.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use tokio::time::Instant;

use crate::grid::Grid;
use crate::recorder::fire;

type Deadlines = BinaryHeap<Reverse<(Instant, u32)>>;

/// One task per job.
pub(crate) fn tasks(grid: &Grid) {
    for slot in grid.slots() {
        tokio::spawn(repeat(slot, grid.first_tick(slot).into(), grid.period()));
    }
}

async fn repeat(slot: u32, first: Instant, period: Duration) {
    let mut interval = tokio::time::interval_at(first, period);
    loop {
        interval.tick().await;
        fire(slot);
    }
}

/// One task for all jobs, and one for each fire.
pub(crate) fn heap_spawn(grid: &Grid) {
    let deadlines = grid.slots().map(|slot| Reverse((grid.first_tick(slot).into(), slot))).collect();
    tokio::spawn(drive(deadlines, grid.period()));
}

async fn drive(mut deadlines: Deadlines, period: Duration) {
    while let Some(Reverse((next, _))) = deadlines.peek().copied() {
        tokio::time::sleep_until(next).await;
        spawn_due(&mut deadlines, period, Instant::now());
    }
}

fn spawn_due(deadlines: &mut Deadlines, period: Duration, now: Instant) {
    while let Some(mut earliest) = deadlines.peek_mut() {
        let Reverse((due, slot)) = *earliest;
        if due > now {
            break;
        }
        tokio::spawn(async move { fire(slot) });
        *earliest = Reverse((due + period, slot));
    }
}
