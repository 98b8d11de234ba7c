//! A history: what a job is set to, what its function and guard do, and what happens to it from outside. All
//! lengths are milliseconds of virtual time.

use crate::random::Random;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    Run,
    Ignore,
    Queue,
    StopPrevious,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    One,
    Skip,
    All,
    Newest(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grace {
    Length(u64),
    BrutalKill,
    Infinity,
}

/// The options of the job, and of which kind it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub every: u64,
    pub initial_delay: Option<u64>,
    pub shifted: bool,
    pub enabled: bool,
    pub on_overlap: Overlap,
    pub max_running: Option<u64>,
    pub on_missed: Missed,
    pub start_deadline: Option<u64>,
    pub timeout: Option<u64>,
    pub job_shutdown: Grace,
    pub shutdown_timeout: u64,
    pub max_attempts: u64,
    pub backoff: u64,
    /// Whether its function takes `&Context`, and so can be asked to stop.
    pub hears: bool,
    /// Whether it has a guard.
    pub guarded: bool,
}

/// How a call of the function ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Ok,
    Err,
    Panic,
}

/// What one call of the function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
    /// How long it takes; for ever when there is none.
    pub length: Option<u64>,
    pub end: End,
    /// What it does when it is asked to stop, if it minds: how long it cleans up, and how it ends then.
    pub heeds: Option<(u64, End)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
    Panic,
}

/// What one call of the guard does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    /// How long it takes; for ever when there is none.
    pub length: Option<u64>,
    pub answer: Answer,
}

/// What is done from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Advance(u64),
    Stall(u64),
    Trigger,
    Pause,
    Resume,
    Quiet,
    /// At the end only.
    Shutdown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    pub config: Config,
    /// What the calls of function and guard do, one after another and then from the start again.
    pub acts: Vec<Act>,
    pub asks: Vec<Ask>,
    pub actions: Vec<Action>,
}

impl History {
    pub fn random(random: &mut Random) -> Self {
        let config = Config::random(random);
        let every = config.every;
        let calls = random.within(1, 8);
        Self {
            acts: (0..calls).map(|_| Act::random(random, every)).collect(),
            asks: (0..calls).map(|_| Ask::random(random, every)).collect(),
            actions: actions(random, every),
            config,
        }
    }

    pub fn act(&self, call: usize) -> Act {
        self.acts[call % self.acts.len()]
    }

    pub fn ask(&self, call: usize) -> Ask {
        self.asks[call % self.asks.len()]
    }
}

impl Config {
    /// The job that nothing is set of but its period.
    pub fn plain(every: u64) -> Self {
        Self {
            every,
            initial_delay: None,
            shifted: false,
            enabled: true,
            on_overlap: Overlap::Run,
            max_running: None,
            on_missed: Missed::One,
            start_deadline: None,
            timeout: None,
            job_shutdown: Grace::Length(5_000),
            shutdown_timeout: 25_000,
            max_attempts: 1,
            backoff: 1_000,
            hears: true,
            guarded: false,
        }
    }

    fn random(random: &mut Random) -> Self {
        // Long periods, since 30 s late is where a tick becomes overdue.
        let every = if random.percent(15) { random.within(5_000, 40_000) } else { random.within(300, 3_000) };
        let on_overlap = random.one_of(&[Overlap::Run, Overlap::Ignore, Overlap::Queue, Overlap::StopPrevious]);
        let max_attempts = if random.percent(50) { 1 } else { random.within(2, 3) };
        let length = |random: &mut Random, percent, from, to| random.percent(percent).then(|| random.within(from, to));
        let missed = [Missed::One, Missed::Skip, Missed::All, Missed::Newest(random.within(1, 4))];
        let lengths = Grace::Length(random.within(1, every * 2));
        Self {
            every,
            initial_delay: length(random, 40, 0, every * 2),
            shifted: random.percent(20),
            enabled: !random.percent(5),
            on_overlap,
            max_running: length(random, 50, 1, 3).filter(|_| on_overlap == Overlap::Run),
            on_missed: random.one_of(&missed),
            start_deadline: length(random, 30, 1, every * 3),
            timeout: length(random, 40, 1, every * 2),
            job_shutdown: random.one_of(&[lengths, lengths, Grace::BrutalKill, Grace::Infinity]),
            shutdown_timeout: random.within(1, every * 4),
            max_attempts,
            backoff: random.within(1, every * 2),
            hears: random.percent(70),
            guarded: random.percent(35),
        }
    }
}

impl Act {
    fn random(random: &mut Random, every: u64) -> Self {
        let length = match random.within(0, 99) {
            0..10 => Some(0),
            10..55 => Some(random.within(1, every)),
            55..85 => Some(random.within(every, every * 4)),
            _ => None,
        };
        let heeds = random.percent(50).then(|| (cleanup(random, every), End::random(random)));
        Self { length, end: End::random(random), heeds }
    }
}

fn cleanup(random: &mut Random, every: u64) -> u64 {
    if random.percent(30) { 0 } else { random.within(1, every * 2) }
}

impl End {
    fn random(random: &mut Random) -> Self {
        random.one_of(&[Self::Ok, Self::Ok, Self::Ok, Self::Ok, Self::Ok, Self::Err, Self::Err, Self::Panic])
    }
}

impl Ask {
    fn random(random: &mut Random, every: u64) -> Self {
        let length = match random.within(0, 99) {
            0..50 => Some(0),
            50..97 => Some(random.within(1, every * 2)),
            _ => None,
        };
        let answer = random.one_of(&[Answer::Yes, Answer::Yes, Answer::Yes, Answer::Yes, Answer::No, Answer::Panic]);
        Self { length, answer }
    }
}

fn actions(random: &mut Random, every: u64) -> Vec<Action> {
    let mut actions = Vec::new();
    for _ in 0..random.within(3, 9) {
        if random.percent(80) {
            actions.push(Action::Advance(random.within(1, every * 3)));
        }
        actions.push(match random.within(0, 99) {
            0..40 => Action::Trigger,
            40..70 => Action::Stall(random.within(1, every * 5)),
            70..83 => Action::Pause,
            83..98 => Action::Resume,
            _ => Action::Quiet,
        });
    }
    actions.push(Action::Advance(random.within(1, every * 4)));
    if random.percent(70) {
        actions.push(Action::Shutdown);
    }
    actions
}
