//! Recurring jobs against two floors: CPU, lateness, memory, registration and idle wake-ups, as Markdown.
//!
//! ```text
//! cargo bench -p job-tests --bench recurring                        # everything, about a quarter of an hour
//! cargo bench -p job-tests --bench recurring -- --only spread/100000   # the cells whose name has this in it
//! cargo bench -p job-tests --bench recurring -- --quick             # half a minute, to see that it runs
//! ```
//!
//! A *cell* is one contender, one phase and one number of schedules. Every cell is measured in a process of its
//! own, so that memory and CPU are its alone; the contenders of a comparison follow one another directly.
//! Reads `/proc`, hence Linux only.

#![allow(
    clippy::disallowed_methods,
    reason = "the floors are tokio without the library, and a measurement reads the clock"
)]
#![allow(clippy::unused_async, reason = "a job is async; this one has nothing to wait for")]

#[path = "../figures/mod.rs"]
mod figures;
#[path = "../kernel/mod.rs"]
mod kernel;

mod bars;
mod cell;
mod floors;
mod grid;
mod measure;
mod ours;
mod plan;
mod recorder;
mod report;
mod results;
mod table;
mod trial;

use std::process::ExitCode;

use crate::cell::Cell;
use crate::plan::Plan;

const USAGE: &str = "usage: recurring [--quick] [--only <part of phase/schedules/contender>]";

enum Command {
    /// What a user asks for: every cell of the plan, each in a process of its own.
    Compare(Plan),
    /// What a child process is asked for.
    Measure(Cell),
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match command(&arguments) {
        Some(Command::Compare(plan)) => compare(&plan),
        Some(Command::Measure(cell)) => measure(cell),
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn command(arguments: &[String]) -> Option<Command> {
    if let [flag, rest @ ..] = arguments
        && flag == "--cell"
    {
        return Cell::from_arguments(rest).map(Command::Measure);
    }
    let (mut quick, mut only) = (false, String::new());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--bench" => {} // cargo adds it
            "--quick" => quick = true,
            "--only" => only.clone_from(rest.next()?),
            _ => return None,
        }
    }
    let plan = Plan::new(quick, &only);
    (!plan.is_empty()).then_some(Command::Compare(plan))
}

fn measure(cell: Cell) -> ExitCode {
    print!("{}", trial::run(cell));
    // Taking down a million timers would measure nothing.
    std::process::exit(0)
}

fn compare(plan: &Plan) -> ExitCode {
    println!("{}\n", kernel::machine());
    let results = plan.run();
    println!("{}", table::fires(&results));
    println!("{}", table::registration(&results));
    println!("{}", table::idle(&results));
    println!("{}", bars::table(&results));
    if results.complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
