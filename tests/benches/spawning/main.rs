//! Jobs on demand against bare tokio tasks: the rate of spawning, memory while they wait, and a million of them.
//!
//! ```text
//! cargo bench -p job-tests --bench spawning                       # everything, about a minute
//! cargo bench -p job-tests --bench spawning -- --only million     # the cells whose name has this in it
//! cargo bench -p job-tests --bench spawning -- --quick            # a few seconds, to see that it runs
//! ```
//!
//! A *cell* is one contender, one phase, and handles that are dropped or kept. It is measured several times, each
//! time in a process of its own, and the contenders take turns. Reads `/proc`, hence Linux only.

#![allow(
    clippy::disallowed_methods,
    reason = "the floor is tokio without the library, and a measurement reads the clock"
)]
#![allow(clippy::unused_async, reason = "a job is async; the least one has nothing to wait for")]

#[path = "../figures/mod.rs"]
mod figures;
#[path = "../kernel/mod.rs"]
mod kernel;

mod bars;
mod cell;
mod contender;
mod plan;
mod report;
mod table;
mod tally;
mod trial;

use std::process::ExitCode;

use crate::cell::Cell;
use crate::plan::Plan;

const USAGE: &str = "usage: spawning [--quick] [--only <part of phase/handles/contender>]";

enum Command {
    /// What a user asks for: every cell of the plan, again and again, each time in a process of its own.
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
    // Taking down a hundred thousand tasks would measure nothing.
    std::process::exit(0)
}

fn compare(plan: &Plan) -> ExitCode {
    println!("{}\n", kernel::machine());
    let results = plan.run();
    println!("{}", table::rates(&results));
    println!("{}", table::memory(&results));
    println!("{}", table::million(&results));
    println!("{}", bars::table(&results));
    if results.complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
