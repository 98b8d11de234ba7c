//! The measurements as they are.

use crate::cell::{Cell, Unit};
use crate::figures::{Table, spread};
use crate::results::Results;

pub(crate) fn of(results: &Results) -> String {
    let mut table = Table::new("Measured", &["cell", "unit", "median (min–max)"]);
    for cell in Cell::ALL {
        let Some(range) = results.range(*cell) else { continue };
        let (unit, digits) = match cell.unit() {
            Unit::JobsPerSecond => ("jobs a second", 0),
            Unit::Milliseconds => ("ms", 2),
            Unit::Seconds => ("s", 2),
            Unit::PerSecond => ("a second", 2),
        };
        table.row(&[cell.name().to_owned(), unit.to_owned(), spread(Some(range), digits)]);
    }
    table.text + "\n"
}
