//! The measurements as Markdown tables; a ratio is to the floor of the same run.

use crate::cell::{Cell, Contender, Handles, Phase};
use crate::figures::{Table, grouped, number, spread};
use crate::report::{Metric, Results};

/// How fast batches are spawned and end.
pub(crate) fn rates(results: &Results) -> String {
    let columns = ["body", "handles", "contender", "thousands per s", "× tokio", "CPU µs each", "× tokio"];
    let mut table = Table::new("Spawning, in batches of 1,000", &columns);
    for cell in cells(results, &Phase::RATES) {
        table.row(&[
            cell.phase.to_string(),
            cell.handles.to_string(),
            name(cell.contender),
            spread(results.range(cell, Metric::Rate), 0),
            number(results.ratio(cell, Metric::Rate), 2),
            spread(results.range(cell, Metric::Cpu), 2),
            number(results.ratio(cell, Metric::Cpu), 2),
        ]);
    }
    table.text
}

/// What waits, and what it weighs.
pub(crate) fn memory(results: &Results) -> String {
    let mut table = Table::new("Memory", &["jobs", "each", "handles", "contender", "B each", "× tokio"]);
    for cell in cells(results, &Phase::MEMORY) {
        table.row(&[
            grouped(cell.jobs),
            cell.phase.to_string(),
            cell.handles.to_string(),
            name(cell.contender),
            spread(results.range(cell, Metric::Bytes), 0),
            number(results.ratio(cell, Metric::Bytes), 2),
        ]);
    }
    table.text
}

/// Everything at once.
pub(crate) fn million(results: &Results) -> String {
    let columns = ["spawned", "handles", "contender", "s", "× tokio", "peak MB", "× tokio", "lost"];
    let mut table = Table::new("All at once", &columns);
    for cell in cells(results, &[Phase::Million]) {
        table.row(&[
            grouped(cell.jobs),
            cell.handles.to_string(),
            name(cell.contender),
            spread(results.range(cell, Metric::Seconds), 2),
            number(results.ratio(cell, Metric::Seconds), 2),
            spread(results.range(cell, Metric::Peak), 0),
            number(results.ratio(cell, Metric::Peak), 2),
            number(results.range(cell, Metric::Lost).map(|range| range.max), 0),
        ]);
    }
    table.text
}

fn cells(results: &Results, phases: &[Phase]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for phase in phases {
        for handles in Handles::ALL {
            cells.extend(Contender::ALL.into_iter().filter_map(|contender| results.cell(*phase, handles, contender)));
        }
    }
    cells
}

/// Ours stand out.
fn name(contender: Contender) -> String {
    match contender {
        Contender::Tokio => "floor: tokio".to_owned(),
        Contender::Job => "**job**".to_owned(),
    }
}
