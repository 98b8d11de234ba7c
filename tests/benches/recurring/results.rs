//! The reports of all cells, to be looked up and set in relation.

use crate::cell::{Cell, Contender, Phase};
use crate::figures::Range;
use crate::report::{Metric, Report};

#[derive(Default)]
pub(crate) struct Results {
    cells: Vec<(Cell, Report)>,
    broken: bool,
}

impl Results {
    /// Adds to what is there when the cell was measured before.
    pub(crate) fn add(&mut self, cell: Cell, report: Option<Report>) {
        let Some(report) = report else {
            self.broken = true;
            return;
        };
        match self.cells.iter_mut().find(|(known, _)| *known == cell) {
            Some((_, sum)) => sum.append(report),
            None => self.cells.push((cell, report)),
        }
    }

    /// Whether every cell gave a report.
    pub(crate) fn complete(&self) -> bool {
        !self.broken
    }

    pub(crate) fn of(&self, phase: Phase) -> impl Iterator<Item = &(Cell, Report)> {
        self.cells.iter().filter(move |(cell, _)| cell.phase == phase)
    }

    pub(crate) fn range(&self, phase: Phase, jobs: u32, contender: Contender, metric: Metric) -> Option<Range> {
        let (_, report) = self.of(phase).find(|(cell, _)| cell.jobs == jobs && cell.contender == contender)?;
        report.range(metric)
    }

    /// How many times the floor's median this cell's median is.
    pub(crate) fn ratio(&self, cell: &Cell, floor: Contender, metric: Metric) -> Option<f64> {
        let own = self.range(cell.phase, cell.jobs, cell.contender, metric)?.median;
        let floor = self.range(cell.phase, cell.jobs, floor, metric)?.median;
        (floor > 0.0).then(|| own / floor)
    }
}
