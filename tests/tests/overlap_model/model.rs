//! The reference: what must happen in a history, worked out step by step over a handful of plain records.

mod decisions;
mod runs;
mod time;

use std::collections::VecDeque;

use job_runtime::{MissReason, SkipReason};

use crate::history::{Act, Action, Answer, End, History};
use crate::reasons::{MISSED, SKIPPED};
use crate::story::{Line, Look, Story, What};

/// Later than this, a tick is overdue even when it is the only one.
const OVERDUE: u64 = 30_000;

/// What the model says of a history; nothing when two things in it happen in the same millisecond, neither because
/// of the other, so that either may be first.
pub fn foretell(history: &History) -> Option<Story> {
    let mut model = Model::new(history);
    for action in &history.actions {
        model.act(*action);
        let look = model.look();
        model.story.looks.push(look);
    }
    model.story.paused = model.paused;
    (!model.tied).then_some(model.story)
}

/// A reason to run.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Occasion {
    number: u64,
    nominal: u64,
    by_hand: bool,
}

/// Why a run is asked to stop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    TimedOut,
    Cancelled,
    Shutdown,
}

/// A run that is on.
struct Run {
    occasion: Occasion,
    attempt: u64,
    due: u64,
    started: u64,
    /// The task of its attempt; none while it waits for the next one.
    task: Option<usize>,
    asked: Option<Why>,
    /// Cancelled while it was stopping already.
    last: bool,
    /// Its timeout, the end of its grace, or its next attempt.
    alarm: Option<u64>,
}

struct Waiting {
    occasion: Occasion,
    stopping: Option<u64>,
}

/// A task, as tokio sees it.
struct Task {
    occasion: Occasion,
    work: Work,
    dropped: bool,
}

#[derive(Clone, Copy)]
enum Work {
    Ask,
    Guard { until: Option<u64>, answer: Answer },
    Call,
    Body { until: Option<u64>, act: Act },
    CleanUp { until: u64, end: End },
    Over,
}

/// What is next: somebody's alarm, or a task that has slept enough.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    Tick,
    Deadline,
    Run(u64),
    Task(usize),
}

struct Model<'a> {
    history: &'a History,
    story: Story,
    now: u64,
    tied: bool,
    due: u64,
    ran: u64,
    skipped: Vec<SkipReason>,
    missed: Vec<MissReason>,
    occasions: u64,
    next: Option<u64>,
    paused: bool,
    quiet: bool,
    runs: Vec<Run>,
    waiting: Option<Waiting>,
    guarding: Option<Occasion>,
    /// Whether what follows from an answer is being decided.
    answering: bool,
    guard_queue: Vec<Occasion>,
    /// The rest of a catch-up, and the occasion of it that is being tried or is on.
    chain: VecDeque<u64>,
    in_chain: Option<u64>,
    /// Whether a run of it has started, so that it counts as on until its end.
    chain_is_on: bool,
    tasks: Vec<Task>,
    ready: VecDeque<usize>,
    /// Tasks that begin, and runs that are asked to stop, once a decision is through.
    launches: Vec<usize>,
    stops: VecDeque<u64>,
    calls: usize,
    asks: usize,
    /// The deadline of the shutdown, once there is one.
    closing: Option<u64>,
    abandoned: bool,
    over: bool,
}

impl<'a> Model<'a> {
    fn new(history: &'a History) -> Self {
        let config = &history.config;
        Self {
            history,
            story: Story::default(),
            now: 0,
            tied: false,
            due: 0,
            ran: 0,
            skipped: Vec::new(),
            missed: Vec::new(),
            occasions: 0,
            next: Some(config.initial_delay.unwrap_or(config.every)),
            paused: !config.enabled,
            quiet: false,
            runs: Vec::new(),
            waiting: None,
            guarding: None,
            answering: false,
            guard_queue: Vec::new(),
            chain: VecDeque::new(),
            in_chain: None,
            chain_is_on: false,
            tasks: Vec::new(),
            ready: VecDeque::new(),
            launches: Vec::new(),
            stops: VecDeque::new(),
            calls: 0,
            asks: 0,
            closing: None,
            abandoned: false,
            over: false,
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Advance(length) => self.go_on(self.now + length),
            Action::Stall(length) => self.stall(length),
            Action::Trigger => {
                self.due += 1;
                let occasion = self.occasion(self.now, true);
                self.propose(occasion);
            }
            Action::Pause => {
                self.paused = true;
                self.tell(What::Paused);
            }
            Action::Resume => {
                if std::mem::take(&mut self.paused) {
                    self.tell(What::Resumed);
                }
            }
            Action::Quiet => self.quiet = true,
            Action::Shutdown => self.shut_down(),
        }
        self.follow_up();
    }

    /// Time goes on, and everything happens when it is due.
    fn go_on(&mut self, target: u64) {
        self.run_ready();
        while !self.over
            && let Some((at, due)) = self.earliest().filter(|(at, _)| *at <= target)
        {
            self.now = self.now.max(at);
            self.handle(due);
            self.follow_up();
            self.run_ready();
        }
        if !self.over {
            self.now = target;
        }
    }

    /// Time jumps: first the tasks that have slept enough become ready, in the order of their times, then all
    /// alarms are seen to, in the order of theirs, and then what is ready runs.
    fn stall(&mut self, length: u64) {
        self.go_on(self.now);
        self.now += length;
        let slept = |(at, due): &(u64, Due)| matches!(due, Due::Task(_)) && *at <= self.now;
        let mut tasks: Vec<(u64, Due)> = self.all_due().into_iter().filter(slept).collect();
        tasks.sort_by_key(|(at, _)| *at);
        self.tied |= tasks.windows(2).any(|pair| pair[0].0 == pair[1].0);
        for (_, task) in tasks {
            self.handle(task);
        }
        loop {
            let alarms = self.all_due().into_iter().filter(|(_, due)| !matches!(due, Due::Task(_)));
            let alarms: Vec<(u64, Due)> = alarms.filter(|(at, _)| *at <= self.now).collect();
            let Some((at, due)) = alarms.iter().min_by_key(|(at, _)| *at).copied() else { break };
            self.tied |= !self.is_clear(alarms.iter().filter(|(other, _)| *other == at).map(|(_, due)| *due));
            self.handle(due);
            self.request_stops();
        }
        self.follow_up();
        self.go_on(self.now);
    }

    fn shut_down(&mut self) {
        let deadline = self.now + self.history.config.shutdown_timeout;
        self.closing = Some(deadline);
        self.tell(What::ShutdownStarted);
        self.next = None;
        let mut lost: Vec<u64> = self.guarding.take().into_iter().map(|occasion| occasion.nominal).collect();
        lost.extend(self.guard_queue.drain(..).map(|occasion| occasion.nominal));
        lost.extend(self.waiting.take().map(|waiting| waiting.occasion.nominal));
        for nominal in lost {
            self.miss(MissReason::Shutdown, 1, nominal, nominal);
        }
        let chain = std::mem::take(&mut self.chain);
        if let (Some(first), Some(last)) = (chain.front(), chain.back()) {
            self.miss(MissReason::Shutdown, chain.len() as u64, *first, *last);
        }
        for run in self.numbers() {
            self.stop(run, Why::Shutdown);
        }
        self.end_shutdown();
        self.follow_up();
        self.go_on(u64::MAX);
    }

    fn end_shutdown(&mut self) {
        if self.closing.is_some() && self.runs.is_empty() && !self.over {
            self.over = true;
            self.tell(What::ShutdownFinished { abandoned: self.abandoned });
        }
    }

    fn tell(&mut self, what: What) {
        self.story.lines.push(Line { at: self.now, what });
    }

    fn undecided(&self) -> u64 {
        let guards = usize::from(self.guarding.is_some()) + self.guard_queue.len();
        (guards + usize::from(self.waiting.is_some()) + self.chain.len()) as u64
    }

    fn look(&self) -> Look {
        let pending = self.undecided();
        let decided = self.ran + (self.skipped.len() + self.missed.len()) as u64;
        assert_eq!(self.due, decided + pending, "the model lost an occasion");
        Look {
            at: self.now,
            due: self.due,
            ran: self.ran,
            skipped: counted(&self.skipped, &SKIPPED),
            missed: counted(&self.missed, &MISSED),
            pending,
            running: self.runs.len() as u64,
            next: self.next,
        }
    }
}

impl Work {
    fn until(self) -> Option<u64> {
        match self {
            Self::Guard { until, .. } | Self::Body { until, .. } => until,
            Self::CleanUp { until, .. } => Some(until),
            Self::Ask | Self::Call | Self::Over => None,
        }
    }
}

impl Clone for Task {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for Task {}

/// How many of each reason there are, those without any left out.
fn counted<T: Copy + PartialEq>(reasons: &[T], all: &[T]) -> Vec<(T, u64)> {
    let count = |reason: &T| reasons.iter().filter(|other| *other == reason).count() as u64;
    all.iter().map(|reason| (*reason, count(reason))).filter(|(_, count)| *count > 0).collect()
}
