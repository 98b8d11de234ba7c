//! Two stores are asked the same, at random, and have to answer the same: for tests of stores.

mod draw;
mod nodes;
mod people;
mod rows;
mod shown;
mod ticks;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use self::draw::Draw;
use self::shown::Shown;
use super::row::{Claim, Row};
use super::shown::Filter;
use super::store::{Asked, Notice, Store};
use crate::clock::machine_time;

/// What is asked of two stores that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// Both take the time they are given, so that it can pass at will, and what they note of it is compared.
    Given,
    /// One has a clock of its own: what happens does not depend on how much time passes, and times are not compared.
    Own,
}

/// How many things are asked.
const STEPS: usize = 400;
/// After how many of them all rows are compared.
const GLANCE: usize = 10;

/// Asks two empty stores the same things at random, beginning with a seed that gives the same ones again.
///
/// # Panics
/// When they answer differently, or tell other changes; with what was asked before.
pub(super) async fn agree(one: &dyn Store, other: &dyn Store, time: Time, seed: u64) {
    let mut pair = Pair::new([one, other], time, seed);
    for step in 1..=STEPS {
        pair.step().await;
        if step % GLANCE == 0 {
            pair.look_at_all().await;
        }
    }
}

/// So many seeds, or the one that the environment has in `SEED`, to have a failure again.
pub(super) fn seeds(count: u64) -> Range<u64> {
    match std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..count,
    }
}

/// Two stores, what is known of what is in them, and what was asked.
struct Pair<'s> {
    stores: [&'s dyn Store; 2],
    told: [Arc<Mutex<Vec<Notice>>>; 2],
    draw: Draw,
    now: SystemTime,
    shown: Shown,
    /// Claims that were given, those that are over included.
    claims: Vec<Held>,
    nodes: Vec<nodes::Member>,
    schedules: HashMap<Arc<str>, ticks::Standing>,
    history: Vec<String>,
    seed: u64,
}

/// A row that was claimed, as each of the two gave it.
#[derive(Clone)]
struct Held {
    rows: [Row; 2],
    node: i64,
}

impl Held {
    fn claim(&self, side: usize) -> Claim {
        self.rows[side].claim
    }
}

impl<'s> Pair<'s> {
    fn new(stores: [&'s dyn Store; 2], time: Time, seed: u64) -> Self {
        let told = stores.map(|store| {
            let told: Arc<Mutex<Vec<Notice>>> = Arc::default();
            let listener = Arc::clone(&told);
            store.tell(Arc::new(move |notice| listener.lock().expect("no panic").push(notice)));
            told
        });
        let now = match time {
            Time::Given => SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_000_000),
            Time::Own => whole_micros(machine_time()),
        };
        Self {
            stores,
            told,
            draw: Draw::new(seed),
            now,
            shown: Shown::new(time),
            claims: Vec::new(),
            nodes: Vec::new(),
            schedules: HashMap::new(),
            history: Vec::new(),
            seed,
        }
    }

    /// Asks one thing at random.
    async fn step(&mut self) {
        self.pass_time();
        match self.draw.below(100) {
            0..20 => self.insert().await,
            20..38 => self.claim().await,
            38..56 => self.settle().await,
            56..58 => self.note_progress().await,
            58..60 => self.adopt().await,
            60..64 => self.join().await,
            64..68 => self.beat().await,
            68..71 => self.rescue().await,
            71..73 => self.leave().await,
            73..77 => self.cancel().await,
            77..80 => self.retry().await,
            80..82 => self.delete().await,
            82..84 => self.pause().await,
            84..85 => self.tidy().await,
            85..87 => self.enrol().await,
            87..91 => self.tick().await,
            91..93 => self.trigger().await,
            93..95 => self.admit().await,
            95..98 => self.proceed().await,
            98..99 => self.marks().await,
            _ => self.look().await,
        }
    }

    fn is_given(&self) -> bool {
        self.shown.time == Time::Given
    }

    fn pass_time(&mut self) {
        if self.is_given() {
            let passed = self.draw.one_of(&[0, 0, 1, 1_000, 1_000_000, 1_000_000, 10_000_000, 3_600_000_000]);
            self.now += Duration::from_micros(passed);
        } else {
            self.now = whole_micros(machine_time());
        }
    }

    /// Asks both the same, each in terms of its own rows.
    async fn ask<T>(&mut self, what: String, ask: impl Fn(&'s dyn Store, usize) -> Asked<'s, T>) -> [T; 2] {
        self.history.push(what);
        let mut answers = Vec::new();
        for (side, store) in self.stores.into_iter().enumerate() {
            match ask(store, side).await {
                Ok(answer) => answers.push(answer),
                Err(fault) => self.fail(&format!("{} failed: {fault}", store.describe())),
            }
        }
        let answers = <[T; 2]>::try_from(answers);
        answers.unwrap_or_else(|_| unreachable!("each was asked"))
    }

    /// The two answers, as texts, are the same; and so is what was told.
    fn same(&mut self, answers: &[String; 2]) {
        self.history.push(format!("    -> {}", answers[0]));
        let told = [0, 1].map(|side| {
            let told = std::mem::take(&mut *self.told[side].lock().expect("no panic"));
            told.into_iter().map(|notice| self.shown.notice(side, &notice)).collect::<BTreeSet<_>>()
        });
        self.compare(&answers[0], &answers[1]);
        self.compare(&format!("told {:?}", told[0]), &format!("told {:?}", told[1]));
    }

    fn compare(&self, one: &str, other: &str) {
        if one != other {
            let [first, second] = self.stores.map(Store::describe);
            let only = |one: &str, other: &str| {
                let lines = one.lines().filter(|line| !other.lines().any(|other| other == *line));
                lines.collect::<Vec<_>>().join("\n")
            };
            let (only_one, only_other) = (only(one, other), only(other, one));
            self.fail(&format!("only {first} says:\n{only_one}\nonly {second} says:\n{only_other}"));
        }
    }

    fn fail(&self, text: &str) -> ! {
        let from = self.history.len().saturating_sub(60);
        panic!("seed {}\n{}\n{text}", self.seed, self.history[from..].join("\n"));
    }

    async fn look_at_all(&mut self) {
        let (filter, now) = (Filter { limit: u32::MAX, ..Filter::default() }, self.now);
        let mut texts = [String::new(), String::new()];
        for (side, store) in self.stores.into_iter().enumerate() {
            let rows = store.rows(&filter, now).await.unwrap_or_else(|fault| self.fail(&fault.text));
            texts[side] = self.shown.rows(side, &rows);
        }
        self.compare(&texts[0], &texts[1]);
    }
}

/// What all stores can keep of a time.
fn whole_micros(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    time - Duration::from_nanos(u64::from(since.subsec_nanos() % 1_000))
}

#[tokio::test]
async fn a_store_agrees_with_one_of_its_kind() {
    use super::memory::Memory;
    for seed in seeds(4) {
        for time in [Time::Given, Time::Own] {
            agree(&Memory::default(), &Memory::default(), time, seed).await;
        }
    }
}
