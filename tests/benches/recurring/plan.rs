//! Which cells are measured, in which order and company.

use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::cell::{Cell, Contender, Phase};
use crate::report::Report;
use crate::results::Results;

/// Cells of one group are measured at the same time, groups one after another.
pub(crate) struct Plan {
    groups: Vec<Vec<Cell>>,
}

/// One comparison: a cell for each contender.
struct Comparison {
    phase: Phase,
    jobs: u32,
    period: Duration,
    windows: u32,
    window: Duration,
}

impl Plan {
    /// The cells whose `phase/jobs/contender` contains `only`.
    pub(crate) fn new(quick: bool, only: &str) -> Self {
        let comparisons = if quick { quick_comparisons() } else { full_comparisons() };
        let mut groups: Vec<Vec<Cell>> = comparisons.iter().flat_map(Comparison::groups).collect();
        for group in &mut groups {
            group.retain(|cell| cell.to_string().contains(only));
        }
        groups.retain(|group| !group.is_empty());
        Self { groups }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub(crate) fn run(&self) -> Results {
        let mut results = Results::default();
        for group in &self.groups {
            for (cell, report) in run_together(group) {
                results.add(cell, report);
            }
        }
        results
    }
}

impl Comparison {
    fn new(phase: Phase, jobs: u32, period_ms: u64, windows: u32, window_ms: u64) -> Self {
        let (period, window) = (Duration::from_millis(period_ms), Duration::from_millis(window_ms));
        Self { phase, jobs, period, windows, window }
    }

    /// Sleepers do not disturb one another, so the idle contenders share their minute.
    fn groups(&self) -> Vec<Vec<Cell>> {
        let cells = Contender::ALL.map(|contender| self.cell(contender));
        if self.phase == Phase::Idle {
            vec![cells.to_vec()]
        } else {
            cells.into_iter().map(|cell| vec![cell]).collect()
        }
    }

    fn cell(&self, contender: Contender) -> Cell {
        let Self { phase, jobs, period, windows, window } = *self;
        Cell { phase, jobs, contender, period, windows, window }
    }
}

fn full_comparisons() -> Vec<Comparison> {
    let mut comparisons = vec![
        Comparison::new(Phase::Spread, 10, 1_000, 3, 5_000),
        Comparison::new(Phase::Spread, 1_000, 1_000, 3, 5_000),
        Comparison::new(Phase::Spread, 10_000, 1_000, 3, 5_000),
        Comparison::new(Phase::Spread, 100_000, 1_000, 5, 5_000),
        Comparison::new(Phase::Spread, 1_000_000, 10_000, 3, 10_000),
        Comparison::new(Phase::Herd, 10_000, 1_000, 3, 5_000),
        Comparison::new(Phase::Herd, 100_000, 1_000, 3, 5_000),
    ];
    // A process registers once, so here the processes are the windows.
    for _ in 0..3 {
        comparisons.push(Comparison::new(Phase::Register, 10_000, 1_000, 1, 0));
        comparisons.push(Comparison::new(Phase::Register, 100_000, 1_000, 1, 0));
        comparisons.push(Comparison::new(Phase::Register, 1_000_000, 10_000, 1, 0));
    }
    comparisons.push(Comparison::new(Phase::Idle, 1, 600_000, 1, 60_000));
    comparisons
}

fn quick_comparisons() -> Vec<Comparison> {
    vec![
        Comparison::new(Phase::Spread, 10, 200, 3, 400),
        Comparison::new(Phase::Spread, 1_000, 200, 3, 400),
        Comparison::new(Phase::Herd, 1_000, 200, 3, 400),
        Comparison::new(Phase::Register, 10_000, 1_000, 1, 0),
        Comparison::new(Phase::Idle, 1, 600_000, 1, 10_000),
    ]
}

fn run_together(cells: &[Cell]) -> Vec<(Cell, Option<Report>)> {
    let children: Vec<(Cell, Child)> = cells.iter().map(|cell| (*cell, start(cell))).collect();
    children.into_iter().map(|(cell, child)| (cell, finish(child))).collect()
}

fn start(cell: &Cell) -> Child {
    eprintln!("measuring {cell}");
    let myself = std::env::current_exe().expect("a running program has a path");
    Command::new(myself)
        .arg("--cell")
        .args(cell.arguments())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program can be started again")
}

/// `None` when the child broke down; its own message is on stderr.
fn finish(child: Child) -> Option<Report> {
    let Output { status, stdout, .. } = child.wait_with_output().expect("a child can be waited for");
    if !status.success() {
        eprintln!("  broke down: {status}");
        return None;
    }
    Report::parse(&String::from_utf8_lossy(&stdout))
}
