//! A history: what a job on demand is set to, what each of its runs does, and what happens to it from outside. All
//! lengths are milliseconds of virtual time.

use crate::random::Random;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grace {
    Length(u64),
    BrutalKill,
    Infinity,
}

/// Which of the jobs it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Takes `&Context`, and so can be asked to stop.
    Hears,
    /// Takes none.
    Deaf,
    /// Has a state, and so one run at a time.
    Serial,
}

/// The options of the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub sort: Sort,
    pub enabled: bool,
    pub max_running: Option<u64>,
    pub max_pending: u64,
    pub timeout: Option<u64>,
    pub job_shutdown: Grace,
    pub shutdown_timeout: u64,
    pub max_attempts: u64,
    pub backoff: u64,
}

/// How an attempt ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Ok,
    Err,
    Panic,
}

/// What an attempt says of the next one before it ends, where it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    Nothing,
    Cancel,
    Snooze(u64),
    RetryAfter(u64),
}

/// What one attempt does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
    /// How long it takes; for ever when there is none.
    pub length: Option<u64>,
    pub say: Say,
    pub end: End,
    /// What it does when it is asked to stop, if it minds: how long it cleans up, and how it ends then.
    pub heeds: Option<(u64, End)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Now,
    After(u64),
    /// In so many milliseconds by the wall clock, or ago.
    At(i64),
}

/// What is done from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// With what its attempts do, one after another and then from the start again.
    Spawn(When, Vec<Act>),
    /// Cancels one of those that were spawned, counted from the newest.
    Cancel(usize),
    Advance(u64),
    Pause,
    Resume,
    Shutdown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    pub config: Config,
    pub actions: Vec<Action>,
}

impl History {
    pub fn random(random: &mut Random) -> Self {
        let config = Config::random(random);
        let mut actions: Vec<Action> = (0..random.within(4, 16)).map(|_| Action::random(random, &config)).collect();
        actions.push(Action::Advance(random.within(1, 5_000)));
        if random.percent(60) {
            actions.push(Action::Shutdown);
            actions.extend((0..random.within(0, 2)).map(|_| late(random, &config)));
        }
        Self { config, actions }
    }
}

impl Config {
    fn random(random: &mut Random) -> Self {
        let length = Grace::Length(random.within(1, 2_000));
        Self {
            sort: random.one_of(&[Sort::Hears, Sort::Hears, Sort::Deaf, Sort::Serial]),
            enabled: !random.percent(8),
            max_running: random.percent(75).then(|| random.within(1, 3)),
            max_pending: random.within(0, 4),
            timeout: random.percent(30).then(|| random.within(1, 3_000)),
            job_shutdown: random.one_of(&[length, length, Grace::BrutalKill, Grace::Infinity]),
            shutdown_timeout: random.within(1, 5_000),
            max_attempts: if random.percent(50) { 1 } else { random.within(2, 3) },
            backoff: random.within(1, 3_000),
        }
    }

    pub fn hears(&self) -> bool {
        self.sort != Sort::Deaf
    }
}

impl Action {
    fn random(random: &mut Random, config: &Config) -> Self {
        match random.within(0, 99) {
            0..40 => spawn(random, config),
            40..52 => Self::Cancel(usize::try_from(random.within(0, 4)).expect("it is small")),
            52..60 => Self::Pause,
            60..70 => Self::Resume,
            _ => Self::Advance(random.within(0, 3_000)),
        }
    }
}

fn spawn(random: &mut Random, config: &Config) -> Action {
    let when = match random.within(0, 9) {
        0..6 => When::Now,
        6..8 => When::After(random.within(0, 3_000)),
        _ => When::At(i64::try_from(random.within(0, 4_000)).expect("it is small") - 1_000),
    };
    Action::Spawn(when, (0..random.within(1, 4)).map(|_| Act::random(random, config)).collect())
}

/// What may still be tried after the shutdown.
fn late(random: &mut Random, config: &Config) -> Action {
    if random.percent(50) { spawn(random, config) } else { Action::Cancel(0) }
}

impl Act {
    /// An attempt that ends at once and well.
    pub fn plain() -> Self {
        Self { length: Some(0), say: Say::Nothing, end: End::Ok, heeds: None }
    }

    fn random(random: &mut Random, config: &Config) -> Self {
        let length = match random.within(0, 99) {
            0..15 => Some(0),
            15..90 => Some(random.within(1, 3_000)),
            _ => None,
        };
        let cleanup = if random.percent(30) { 0 } else { random.within(1, 2_500) };
        let heeds = (config.hears() && random.percent(50)).then(|| (cleanup, End::random(random)));
        Self { length, say: Say::random(random, config), end: End::random(random), heeds }
    }
}

impl Say {
    fn random(random: &mut Random, config: &Config) -> Self {
        if !config.hears() {
            return Self::Nothing;
        }
        match random.within(0, 99) {
            0..70 => Self::Nothing,
            70..78 => Self::Cancel,
            78..90 => Self::Snooze(random.within(1, 2_000)),
            _ => Self::RetryAfter(random.within(1, 2_000)),
        }
    }
}

impl End {
    fn random(random: &mut Random) -> Self {
        random.one_of(&[Self::Ok, Self::Ok, Self::Ok, Self::Err, Self::Err, Self::Panic])
    }
}
