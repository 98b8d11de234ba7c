//! Jobs in queues against the statements that any queue must make: how fast they are put in and worked off, how soon they
//! start where nothing else is to do, and what a node asks of the database meanwhile.
//!
//! ```text
//! cargo bench -p job-tests --bench queue                        # everything, about twenty minutes
//! cargo bench -p job-tests --bench queue -- --only process      # the cells whose name has this in it
//! cargo bench -p job-tests --bench queue -- --quick             # two minutes, to see that it runs
//! ```
//!
//! A *cell* is one thing that is measured, in a process of its own and with a database or file of its own; the floors
//! take turns with what is held against them. PostgreSQL is started for the run, with its settings as they are.

#![allow(
    clippy::disallowed_methods,
    reason = "the floor is tokio without the library, and a measurement reads the clock"
)]
#![allow(clippy::unused_async, reason = "a job is async; the least one has nothing to wait for")]

#[path = "../figures/mod.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod figures;
#[path = "../kernel/mod.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod kernel;

mod bars;
mod cell;
mod file;
mod jobs;
mod ours;
mod plan;
mod raw;
mod results;
mod table;

use std::process::ExitCode;

use crate::cell::{Cell, Scale};
use crate::plan::Plan;

const USAGE: &str = "usage: queue [--quick] [--only <part of the name of a cell>]";

enum Command {
    /// What a user asks for: every cell of the plan, again and again.
    Compare(Plan),
    /// What a child process is asked for.
    Measure(Cell, Scale, String),
    /// What such a child asks another for.
    BeKilled(String),
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match command(&arguments) {
        Some(Command::Compare(plan)) => compare(&plan),
        Some(Command::Measure(cell, scale, store)) => measure(cell, scale, &store),
        Some(Command::BeKilled(store)) => threads().block_on(async move {
            ours::be_killed(&store).await;
            ExitCode::FAILURE
        }),
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn command(arguments: &[String]) -> Option<Command> {
    if let [flag, cell, scale, store] = arguments
        && flag == "--cell"
    {
        return Some(Command::Measure(Cell::read(cell)?, Scale::read(scale)?, store.clone()));
    }
    if let [flag, store] = arguments
        && flag == "--be-killed"
    {
        return Some(Command::BeKilled(store.clone()));
    }
    let (mut scale, mut only) = (Scale::Full, String::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--bench" => {} // cargo adds it
            "--quick" => scale = Scale::Quick,
            "--only" => only.clone_from(rest.next()?),
            _ => return None,
        }
    }
    let plan = Plan::new(scale, &only);
    (!plan.is_empty()).then_some(Command::Compare(plan))
}

fn threads() -> tokio::runtime::Runtime {
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    threads.expect("there are threads")
}

fn measure(cell: Cell, scale: Scale, store: &str) -> ExitCode {
    let measured = threads().block_on(cell.measure(scale, store));
    println!("{measured}");
    // What is still open need not be taken down in order.
    std::process::exit(0)
}

fn compare(plan: &Plan) -> ExitCode {
    println!("{} PostgreSQL and SQLite with their defaults, `fsync` on and `synchronous=FULL`.\n", kernel::machine());
    let results = plan.run();
    print!("{}", table::of(&results));
    println!("{}", bars::table(&results));
    if results.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
