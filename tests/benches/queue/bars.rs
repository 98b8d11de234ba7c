//! What the project asks of itself, held against the run.

use crate::cell::Cell;
use crate::figures::Table;
use crate::results::Results;

enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

/// A bound for a cell, as a ratio to the best of its floors, or in its own unit where it has none.
struct Bar {
    says: &'static str,
    cell: Cell,
    floors: &'static [Cell],
    bound: Bound,
}

const PROCESS: &[Cell] = &[Cell::RawProcessTwo, Cell::RawProcessFour];

const BARS: [Bar; 15] = [
    Bar::new("process, × raw", Cell::Process, PROCESS, Bound::AtLeast(0.6)),
    Bar::new("enqueue one, × raw", Cell::One, &[Cell::RawOne], Bound::AtLeast(0.8)),
    Bar::new("enqueue one by ten, × raw", Cell::Ten, &[Cell::RawTen], Bound::AtLeast(0.8)),
    Bar::new("enqueue batch, × raw", Cell::Batch, &[Cell::RawBatch], Bound::AtLeast(0.5)),
    Bar::new("idle enqueue to start, p50, × NOTIFY and claim", Cell::Start, &[Cell::RawStart], Bound::AtMost(1.5)),
    Bar::new("queries of an idle node, a second", Cell::Idle, &[], Bound::AtMost(2.0)),
    Bar::new("process, 1 M waiting, × 10 k waiting", Cell::Waiting1m, &[Cell::Waiting10k], Bound::AtLeast(0.8)),
    Bar::new("process, a transaction held open, × before", Cell::HeldAfter, &[Cell::HeldBefore], Bound::AtLeast(0.8)),
    Bar::new("a job runs after the database is back, s", Cell::Recovery, &[], Bound::AtMost(5.0)),
    Bar::new("a dead process' job runs again, s", Cell::Takeover, &[], Bound::AtMost(30.0)),
    Bar::new("SQLite: process, × raw", Cell::FileProcess, &[Cell::FileRawProcess], Bound::AtLeast(0.6)),
    Bar::new("SQLite: enqueue one, × raw", Cell::FileOne, &[Cell::FileRawOne], Bound::AtLeast(0.8)),
    Bar::new("SQLite: enqueue batch, × raw", Cell::FileBatch, &[Cell::FileRawBatch], Bound::AtLeast(0.5)),
    Bar::new("SQLite: idle enqueue to start, p50, × raw", Cell::FileStart, &[Cell::FileRawStart], Bound::AtMost(1.5)),
    Bar::new("SQLite: a dead process' job runs again, s", Cell::FileTakeover, &[], Bound::AtMost(30.0)),
];

impl Bar {
    const fn new(says: &'static str, cell: Cell, floors: &'static [Cell], bound: Bound) -> Self {
        Self { says, cell, floors, bound }
    }

    fn measured(&self, results: &Results) -> Option<f64> {
        let ours = results.median(self.cell)?;
        if self.floors.is_empty() { Some(ours) } else { results.best(self.floors).map(|floor| ours / floor) }
    }
}

impl Bound {
    fn says(&self) -> String {
        match self {
            Self::AtLeast(bound) => format!("≥ {bound}"),
            Self::AtMost(bound) => format!("≤ {bound}"),
        }
    }

    fn is_met(&self, measured: f64) -> bool {
        match self {
            Self::AtLeast(bound) => measured >= *bound,
            Self::AtMost(bound) => measured <= *bound,
        }
    }
}

/// Empty while no bar's cells were measured.
pub(crate) fn table(results: &Results) -> String {
    let mut table = Table::new("Bars", &["bar", "bound", "measured", ""]);
    for bar in &BARS {
        let Some(measured) = bar.measured(results) else { continue };
        let verdict = if bar.bound.is_met(measured) { "met" } else { "**missed**" };
        table.row(&[bar.says.to_owned(), bar.bound.says(), format!("{measured:.2}"), verdict.to_owned()]);
    }
    table.text
}
