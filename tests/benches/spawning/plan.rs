//! Which cells are measured, how often and in which order.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::cell::{Cell, Contender, Handles, Phase};
use crate::report::{Report, Results};

/// Cells and how often each is measured.
pub(crate) struct Plan {
    cells: Vec<Cell>,
    rounds: u32,
}

impl Plan {
    /// The cells whose `phase/handles/contender` contains `only`.
    pub(crate) fn new(quick: bool, only: &str) -> Self {
        let (rounds, scale, window) = if quick { (1, 10, 50) } else { (7, 1, 200) };
        let jobs = |phase| match phase {
            Phase::Nothing | Phase::Yielding => 1_000,
            Phase::Waiting | Phase::Later => 100_000 / scale,
            Phase::Million => 1_000_000 / scale,
        };
        let window = Duration::from_millis(window);
        let mut cells = Vec::new();
        for phase in Phase::ALL {
            for handles in Handles::ALL {
                let cell = |contender| Cell { phase, handles, contender, jobs: jobs(phase), window };
                cells.extend(Contender::ALL.map(cell));
            }
        }
        cells.retain(|cell| cell.to_string().contains(only));
        Self { cells, rounds }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Measures all cells in turn, round after round: what else the machine does meets all of them alike.
    pub(crate) fn run(&self) -> Results {
        let mut results = Results::default();
        for round in 1..=self.rounds {
            eprintln!("round {round} of {}", self.rounds);
            for cell in &self.cells {
                results.add(*cell, measure(*cell));
            }
        }
        results
    }
}

/// `None` when the child broke down; its own message is on stderr.
fn measure(cell: Cell) -> Option<Report> {
    let myself = std::env::current_exe().expect("a running program has a path");
    let child = Command::new(myself).arg("--cell").args(cell.arguments()).stderr(Stdio::inherit()).output();
    let Output { status, stdout, .. } = child.expect("this program can be started again");
    if !status.success() {
        eprintln!("{cell} broke down: {status}");
        return None;
    }
    Report::parse(&String::from_utf8_lossy(&stdout))
}
