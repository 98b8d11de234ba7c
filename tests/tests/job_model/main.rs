//! Jobs on demand, their bounds and their books, checked against a reference: random histories of spawning, cancelling,
//! pausing and shutting down are foretold by a plain model, run on the engine, and compared event by event.
//!
//! `SEED=… cargo test --test job_model` runs the one history of that seed.

mod engine;
mod history;
mod model;
#[path = "../overlap_model/random.rs"]
mod random;
#[path = "../reasons/mod.rs"]
mod reasons;
mod shrink;
mod story;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use history::History;
use random::Random;
use story::Story;

/// How many histories are compared, on how many threads.
const HISTORIES: u64 = 10_000;
const THREADS: u64 = 2;
/// How many histories share a tokio runtime.
const SHARED: usize = 1_000;

/// How often a kind of thing must have happened in all histories, so that they are worth something.
const OFTEN: u64 = 100;

/// How often each kind of thing happened.
type Tally = BTreeMap<(&'static str, &'static str), u64>;

/// What happens in histories.
const KINDS: [(&str, &str); 20] = [
    ("started", "spawn"),
    ("started", "retry"),
    ("finished", "completed"),
    ("finished", "failed"),
    ("finished", "panicked"),
    ("finished", "timed_out"),
    ("finished", "cancelled"),
    ("finished", "interrupted"),
    ("skipped", "refused"),
    ("skipped", "cancelled"),
    ("missed", "shutdown"),
    ("retrying", ""),
    ("not_retried", "cancelled"),
    ("not_retried", "interrupted"),
    ("paused", ""),
    ("resumed", ""),
    ("shutdown_started", ""),
    ("shutdown_finished", ""),
    ("shutdown_finished", "abandoned"),
    ("given", "nothing"),
];

#[test]
fn engine_and_model_agree() {
    be_silent_about_planned_panics();
    if let Ok(seed) = std::env::var("SEED") {
        let seed = seed.parse().expect("SEED is a number");
        check(&paused(), seed, &mut Tally::new()).unwrap_or_else(|difference| panic!("{difference}"));
        return;
    }
    let results: Vec<Result<Tally, String>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || check_all(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it catches panics")).collect()
    });
    let mut all = Tally::new();
    for result in results {
        let tally = result.unwrap_or_else(|difference| panic!("{difference}"));
        tally.into_iter().for_each(|(kind, count)| *all.entry(kind).or_default() += count);
    }
    for kind in KINDS {
        let count = all.remove(&kind).unwrap_or_default();
        assert!(count >= OFTEN, "{kind:?} happened {count} times in all histories");
    }
    assert!(all.is_empty(), "nobody thought of {all:?}");
}

/// Checks every history of a thread; the first difference, if there is one.
fn check_all(thread: u64) -> Result<Tally, String> {
    let mut tally = Tally::new();
    let seeds: Vec<u64> = (0..HISTORIES).filter(|seed| seed % THREADS == thread).collect();
    for seeds in seeds.chunks(SHARED) {
        let tokio = paused();
        seeds.iter().try_for_each(|seed| check(&tokio, *seed, &mut tally))?;
    }
    Ok(tally)
}

fn paused() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().expect("a runtime is made")
}

/// Compares engine and model over the history of a seed; the difference in words, in the shortest history found.
fn check(tokio: &tokio::runtime::Runtime, seed: u64, tally: &mut Tally) -> Result<(), String> {
    let (history, foretold) = history_of(seed);
    foretold.lines.iter().for_each(|line| *tally.entry(line.what.kind()).or_default() += 1);
    let open = foretold.given.iter().filter(|given| **given == story::Given::Nothing).count() as u64;
    if open > 0 {
        *tally.entry(("given", "nothing")).or_default() += open;
    }
    if difference(tokio, &history, foretold).is_none() {
        return Ok(());
    }
    let differs = |history: &History| difference(&paused(), history, model::foretell(history)?);
    let short = shrink::shrink(history, |history| differs(history).is_some());
    let difference = differs(&short).unwrap_or_else(|| "it depends on the history before".to_owned());
    Err(format!("SEED={seed}: engine and model differ over this history:\n{short:#?}\n{difference}"))
}

/// The first history of a seed in which no two things happen at the same time by chance, and what the model says.
fn history_of(seed: u64) -> (History, Story) {
    let mut random = Random::new(seed);
    loop {
        let history = History::random(&mut random);
        if let Some(foretold) = model::foretell(&history) {
            return (history, foretold);
        }
    }
}

fn difference(tokio: &tokio::runtime::Runtime, history: &History, foretold: Story) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(|| tokio.block_on(engine::play(history)))) {
        Ok(told) => compare(&foretold.normal(), &told.normal()),
        Err(panic) => Some(format!("the engine, or its test kit, panicked: {}", text(&*panic))),
    }
}

fn compare(foretold: &Story, told: &Story) -> Option<String> {
    if foretold == told {
        return None;
    }
    let lines = side_by_side(&foretold.lines, &told.lines);
    let looks = side_by_side(&foretold.looks, &told.looks);
    let given = side_by_side(&foretold.given, &told.given);
    Some(format!("events:\n{lines}seen after each action:\n{looks}what the handles gave:\n{given}"))
}

fn side_by_side<T: Debug + PartialEq>(foretold: &[T], told: &[T]) -> String {
    let mut text = String::new();
    for index in 0..foretold.len().max(told.len()) {
        let written = match (foretold.get(index), told.get(index)) {
            (Some(foretold), Some(told)) if foretold == told => writeln!(text, "    both   {told:?}"),
            (foretold, told) => {
                let of = |side: Option<&T>| side.map_or_else(|| "nothing".to_owned(), |side| format!("{side:?}"));
                writeln!(text, "  ! model  {}\n  ! engine {}", of(foretold), of(told))
            }
        };
        written.expect("a text takes everything");
    }
    text
}

fn text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a text")
}

/// Panics by the thousand belong to the histories; only others are told of.
fn be_silent_about_planned_panics() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if text(info.payload()) != engine::PLANNED {
            tell(info);
        }
    }));
}
