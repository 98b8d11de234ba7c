//! What child processes found out: as lines their parent reads, and all of them together.

use std::fmt;

use crate::cell::{Cell, Contender, Handles, Phase};
use crate::figures::Range;

/// One measured quantity; the unit is part of the meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    /// Thousands spawned and ended, per second.
    Rate,
    /// CPU microseconds, of all threads, for each.
    Cpu,
    /// Resident bytes for each.
    Bytes,
    /// From the first that was spawned to the end of the last.
    Seconds,
    /// Resident at most, in MB.
    Peak,
    /// Spawned, but not counted by their bodies or not in the books.
    Lost,
}

impl Metric {
    const ALL: [Self; 6] = [Self::Rate, Self::Cpu, Self::Bytes, Self::Seconds, Self::Peak, Self::Lost];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| format!("{metric:?}") == name)
    }
}

/// Values by metric.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report(Vec<(Metric, f64)>);

impl Report {
    pub(crate) fn add(&mut self, metric: Metric, value: f64) {
        self.0.push((metric, value));
    }

    /// Reads what `Display` wrote; `None` when a line is something else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        text.lines().map(parse_line).collect::<Option<Vec<_>>>().map(Self)
    }
}

fn parse_line(line: &str) -> Option<(Metric, f64)> {
    let (name, value) = line.split_once(' ')?;
    Some((Metric::named(name)?, value.parse().ok()?))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (metric, value) in &self.0 {
            writeln!(f, "{metric:?} {value}")?;
        }
        Ok(())
    }
}

/// The reports of all cells.
#[derive(Default)]
pub(crate) struct Results {
    values: Vec<(Cell, Metric, f64)>,
    broken: bool,
}

impl Results {
    pub(crate) fn add(&mut self, cell: Cell, report: Option<Report>) {
        match report {
            Some(Report(values)) => {
                self.values.extend(values.into_iter().map(|(metric, value)| (cell, metric, value)));
            }
            None => self.broken = true,
        }
    }

    /// Whether every cell gave a report each time.
    pub(crate) fn complete(&self) -> bool {
        !self.broken
    }

    pub(crate) fn cell(&self, phase: Phase, handles: Handles, contender: Contender) -> Option<Cell> {
        let mut cells = self.values.iter().map(|(cell, ..)| *cell);
        cells.find(|cell| cell.phase == phase && cell.handles == handles && cell.contender == contender)
    }

    pub(crate) fn range(&self, cell: Cell, metric: Metric) -> Option<Range> {
        let of_cell = self.values.iter().filter(|(known, of, _)| *known == cell && *of == metric);
        Range::of(of_cell.map(|(.., value)| *value))
    }

    /// How many times the floor's median this cell's median is.
    pub(crate) fn ratio(&self, cell: Cell, metric: Metric) -> Option<f64> {
        let floor = self.range(Cell { contender: Contender::Tokio, ..cell }, metric)?.median;
        let own = self.range(cell, metric)?.median;
        (floor > 0.0).then(|| own / floor)
    }
}
