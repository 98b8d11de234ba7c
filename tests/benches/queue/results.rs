//! What was measured.

use crate::cell::Cell;
use crate::figures::Range;

/// The measurements of all cells, round after round.
#[derive(Default)]
pub(crate) struct Results(Vec<(Cell, Option<f64>)>);

impl Results {
    /// `None` where the cell broke down.
    pub(crate) fn add(&mut self, cell: Cell, measured: Option<f64>) {
        self.0.push((cell, measured));
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.0.iter().all(|(_, measured)| measured.is_some())
    }

    fn of(&self, cell: Cell) -> impl Iterator<Item = f64> {
        self.0.iter().filter(move |(other, _)| *other == cell).filter_map(|(_, measured)| *measured)
    }

    pub(crate) fn range(&self, cell: Cell) -> Option<Range> {
        Range::of(self.of(cell))
    }

    /// The median of a cell.
    pub(crate) fn median(&self, cell: Cell) -> Option<f64> {
        self.range(cell).map(|range| range.median)
    }

    /// The greatest of the medians of some cells.
    pub(crate) fn best(&self, cells: &[Cell]) -> Option<f64> {
        cells.iter().filter_map(|cell| self.median(*cell)).max_by(f64::total_cmp)
    }
}
