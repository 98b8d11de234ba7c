//! Which cells are measured, how often and in which order.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use private_postgres::Server;

use crate::cell::{Cell, Place, Scale};
use crate::results::Results;

pub(crate) struct Plan {
    cells: Vec<Cell>,
    scale: Scale,
}

/// Where the cells have what they measure.
struct Ground {
    server: OnceCell<Server>,
    folder: PathBuf,
    fresh: u32,
}

impl Plan {
    /// The cells whose name contains `only`.
    pub(crate) fn new(scale: Scale, only: &str) -> Self {
        let cells = Cell::ALL.iter().copied().filter(|cell| cell.name().contains(only)).collect();
        Self { cells, scale }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Measures all cells in turn, round after round: what else the machine does meets all of them alike.
    pub(crate) fn run(&self) -> Results {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("queue-bench");
        let mut ground = Ground { server: OnceCell::new(), folder, fresh: 0 };
        let mut results = Results::default();
        let rounds = |cell: &Cell| if self.scale == Scale::Full { cell.rounds() } else { 1 };
        let most = self.cells.iter().map(rounds).max().unwrap_or_default();
        for round in 1..=most {
            for cell in self.cells.iter().filter(|cell| rounds(cell) >= round) {
                eprintln!("round {round} of {}: {}", rounds(cell), cell.name());
                let store = ground.store(cell.place());
                results.add(*cell, measure(*cell, self.scale, &store));
            }
        }
        let _ = std::fs::remove_dir_all(&ground.folder);
        results
    }
}

impl Ground {
    /// An empty store.
    fn store(&mut self, place: Place) -> String {
        self.fresh += 1;
        match place {
            Place::Postgres => self.server.get_or_init(Server::start).database(&format!("bench{}", self.fresh)),
            Place::Sqlite => {
                let folder = self.folder.join(self.fresh.to_string());
                let _ = std::fs::remove_dir_all(&folder);
                std::fs::create_dir_all(&folder).expect("a folder");
                format!("sqlite://{}", folder.join("jobs.db").display())
            }
        }
    }
}

/// `None` when the child broke down; its own message is on stderr.
fn measure(cell: Cell, scale: Scale, store: &str) -> Option<f64> {
    let program = std::env::current_exe().expect("it runs");
    let child =
        Command::new(program).args(["--cell", cell.name(), scale.word(), store]).stderr(Stdio::inherit()).output();
    let output = child.expect("it can be started");
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
