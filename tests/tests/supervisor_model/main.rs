//! Services, groups and the supervisor, checked against a reference: random histories are foretold by a plain model,
//! run on the engine, and compared event by event.
//!
//! `SEED=… cargo test -p job-tests --test supervisor_model` runs the one history of that seed, and
//! `cargo test --release -p job-tests --test supervisor_model -- --ignored` two hundred thousand of them.

mod engine;
mod history;
mod model;
#[path = "../overlap_model/random.rs"]
mod random;

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use history::{Action, History, Scene};
use model::{Line, Story};
use random::Random;

/// How many histories are compared, on how many threads.
const HISTORIES: u64 = 10_000;
const MANY: u64 = 200_000;
const THREADS: u64 = 2;
/// How many histories share a tokio runtime.
const SHARED: usize = 500;
/// How often a kind of thing must have happened in all histories, so that they are worth something.
const OFTEN: u64 = 50;

/// How often each kind of thing happened.
type Tally = BTreeMap<String, u64>;

#[test]
fn engine_and_model_agree() {
    be_silent_about_planned_panics();
    match std::env::var("SEED") {
        Ok(seed) => {
            let seed = seed.parse().expect("SEED is a number");
            check(&paused(), seed, &mut Tally::new()).unwrap_or_else(|difference| panic!("{difference}"));
        }
        Err(_) => agree_over(0..HISTORIES),
    }
}

#[test]
#[ignore = "it takes minutes"]
fn engine_and_model_agree_over_many_histories() {
    be_silent_about_planned_panics();
    agree_over(HISTORIES..HISTORIES + MANY);
}

fn agree_over(seeds: std::ops::Range<u64>) {
    let results: Vec<Result<Tally, String>> = thread::scope(|scope| {
        let part = |thread| seeds.clone().filter(move |seed| seed % THREADS == thread).collect::<Vec<_>>();
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || check_all(&part(thread)))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it catches panics")).collect()
    });
    let mut all = Tally::new();
    for result in results {
        let tally = result.unwrap_or_else(|difference| panic!("{difference}"));
        tally.into_iter().for_each(|(kind, count)| *all.entry(kind).or_default() += count);
    }
    for kind in KINDS {
        let count = all.get(kind).copied().unwrap_or_default();
        assert!(count >= OFTEN, "`{kind}` happened {count} times in all histories: {all:#?}");
    }
}

/// What happens in histories, by its first words.
const KINDS: [&str; 20] = [
    "started by schedule",
    "started by manual",
    "started by restart",
    "completed",
    "failed",
    "panicked",
    "cancelled",
    "interrupted",
    "skipped cancelled",
    "skipped paused",
    "missed shutdown",
    "restarts in",
    "gave up",
    "paused",
    "resumed",
    "refused",
    "shutdown finished",
    "shutdown finished, abandoned",
    "a group began anew",
    "a group gave up",
];

fn check_all(seeds: &[u64]) -> Result<Tally, String> {
    let mut tally = Tally::new();
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
    let history = history_of(seed);
    let (actions, foretold) = model::foretell(&history).expect("it is foretold");
    count(&history, &foretold, tally);
    if difference(tokio, &history, &actions, foretold).is_none() {
        return Ok(());
    }
    let differs = |history: &History| {
        let (actions, foretold) = model::foretell(history)?;
        difference(&paused(), history, &actions, foretold)
    };
    let short = shrink(history, |history| differs(history).is_some());
    let difference = differs(&short).expect("it is shrunk to one that differs");
    Err(format!("SEED={seed}: engine and model differ over this history:\n{short:#?}\n{difference}"))
}

/// The first history of a seed in which no two things happen at the same time by chance.
fn history_of(seed: u64) -> History {
    let mut random = Random::new(seed);
    loop {
        let history = History::random(&mut random);
        if model::foretell(&history).is_some() {
            return history;
        }
    }
}

fn count(history: &History, story: &Story, tally: &mut Tally) {
    let mut note = |kind: &str| *tally.entry(kind.to_owned()).or_default() += 1;
    for line in &story.lines {
        for kind in KINDS.iter().filter(|kind| line.what.starts_with(**kind)) {
            let is_bare = **kind == *"shutdown finished, abandoned" && line.what.ends_with("abandoned ");
            if !is_bare {
                note(kind);
            }
        }
    }
    if matches!(history.scene, Scene::Group(2..))
        && story.lines.iter().any(|line| line.what.starts_with("started by restart"))
    {
        note("a group began anew");
    }
    if story.result.starts_with("group") {
        note("a group gave up");
    }
}

fn difference(
    tokio: &tokio::runtime::Runtime,
    history: &History,
    actions: &[Action],
    foretold: Story,
) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(|| tokio.block_on(engine::play(history, actions)))) {
        Ok(told) => compare(normal(foretold, history), normal(told, history)),
        Err(panic) => Some(format!("the engine, or its test kit, panicked: {}", text(&*panic))),
    }
}

/// What happens in one instant to services that have nothing to do with each other has no order. In a group it has, but
/// restarts are missed all at once, and so is dropped what is left at the deadline. Refusals are told apart from
/// events.
fn normal(mut story: Story, history: &History) -> Story {
    let apart = |line: &Line| line.what == "refused" || line.what == "started already";
    let (mut own, mut lines): (Vec<Line>, Vec<Line>) = story.lines.into_iter().partition(apart);
    let started = lines.iter().find(|line| line.what == "shutdown started").map(|line| line.at);
    let deadline = started.map(|at| at + history.shutdown_timeout);
    let grouped = matches!(history.scene, Scene::Group(_));
    let missed = |line: &Line| line.what.starts_with("missed");
    let unordered = |line: &Line| !grouped || missed(line) || Some(line.at) == deadline;
    let beside = |one: &Line, other: &Line| one.at == other.at && unordered(one) && unordered(other);
    lines.chunk_by_mut(beside).for_each(<[Line]>::sort);
    lines.append(&mut own);
    story.lines = lines;
    story
}

fn compare(foretold: Story, told: Story) -> Option<String> {
    if foretold == told {
        return None;
    }
    let line = |line: &Line| format!("{} {} {}", line.at, line.job, line.what);
    let lines = side_by_side(
        &foretold.lines.iter().map(line).collect::<Vec<_>>(),
        &told.lines.iter().map(line).collect::<Vec<_>>(),
    );
    let looks = side_by_side(&foretold.looks, &told.looks);
    Some(format!("events:\n{lines}seen after each action:\n{looks}model {}, engine {}", foretold.result, told.result))
}

fn side_by_side(foretold: &[String], told: &[String]) -> String {
    let mut text = String::new();
    for index in 0..foretold.len().max(told.len()) {
        match (foretold.get(index), told.get(index)) {
            (Some(foretold), Some(told)) if foretold == told => text.push_str(&format!("    both   {told}\n")),
            (foretold, told) => {
                let of = |side: Option<&String>| side.cloned().unwrap_or_else(|| "nothing".to_owned());
                text.push_str(&format!("  ! model  {}\n  ! engine {}\n", of(foretold), of(told)));
            }
        }
    }
    text
}

/// The shortest history found that still shows a difference, by leaving out one action after another.
fn shrink(history: History, shows: impl Fn(&History) -> bool) -> History {
    let mut shortest = history;
    loop {
        let without = |index: usize| {
            let mut shorter = shortest.clone();
            shorter.actions.remove(index);
            shorter
        };
        let last = shortest.actions.len().saturating_sub(1);
        match (0..last).rev().map(without).find(|history| shows(history)) {
            Some(shorter) => shortest = shorter,
            None => return shortest,
        }
    }
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
