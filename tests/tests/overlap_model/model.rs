//! The reference: what must happen in a history, worked out step by step over a handful of plain records.

use std::collections::VecDeque;

use job_runtime::{MissReason, Outcome, SkipReason, Trigger};

use crate::history::{Act, Action, Answer, End, Grace, History, Missed, Overlap};
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

    // ---- from outside

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
        lost.extend(self.chain.drain(..));
        for nominal in lost {
            self.miss(MissReason::Shutdown, 1, nominal, nominal);
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

    // ---- time

    fn all_due(&self) -> Vec<(u64, Due)> {
        let mut all: Vec<(u64, Due)> = self.next.map(|at| (at, Due::Tick)).into_iter().collect();
        if let (Some(waiting), Some(deadline)) = (&self.waiting, self.history.config.start_deadline)
            && !waiting.occasion.by_hand
        {
            all.push((waiting.occasion.nominal + deadline + 1, Due::Deadline));
        }
        all.extend(self.runs.iter().filter_map(|run| Some((run.alarm?, Due::Run(run.occasion.number)))));
        let sleeping = self.tasks.iter().enumerate().filter(|(_, task)| !task.dropped);
        all.extend(sleeping.filter_map(|(index, task)| Some((task.work.until()?, Due::Task(index)))));
        all
    }

    fn earliest(&mut self) -> Option<(u64, Due)> {
        let all = self.all_due();
        let (at, due) = all.iter().min_by_key(|(at, _)| *at).copied()?;
        self.tied |= !self.is_clear(all.iter().filter(|(other, _)| *other == at).map(|(_, due)| *due));
        Some((at, due))
    }

    /// Whether it is clear which of what is due in one millisecond is first, or does not matter: the grace of
    /// several runs is over at once when they were asked to stop by shutdown.
    fn is_clear(&self, due: impl Iterator<Item = Due> + Clone) -> bool {
        due.clone().count() == 1 || self.closing.is_some() && due.clone().all(|due| matches!(due, Due::Run(_)))
    }

    fn handle(&mut self, due: Due) {
        match due {
            Due::Tick => self.tick(),
            Due::Deadline => {
                let Some(waiting) = self.waiting.take() else { return };
                self.miss_one(waiting.occasion, MissReason::StartDeadline);
            }
            Due::Run(number) => self.run_alarm(number),
            Due::Task(index) => self.wake(index),
        }
    }

    /// What a decision has set going.
    fn follow_up(&mut self) {
        self.request_stops();
        let launches = std::mem::take(&mut self.launches);
        self.ready.extend(launches);
    }

    fn request_stops(&mut self) {
        while let Some(run) = self.stops.pop_front() {
            self.stop(run, Why::Cancelled);
        }
    }

    // ---- tasks

    fn wake(&mut self, task: usize) {
        if !self.ready.contains(&task) && !self.launches.contains(&task) {
            self.ready.push_back(task);
        }
    }

    fn run_ready(&mut self) {
        while let Some(task) = self.ready.pop_front() {
            self.poll(task);
            self.follow_up();
        }
    }

    fn launch(&mut self, occasion: Occasion, work: Work) -> usize {
        self.tasks.push(Task { occasion, work, dropped: false });
        self.launches.push(self.tasks.len() - 1);
        self.tasks.len() - 1
    }

    /// Lets a task do what it can do now.
    fn poll(&mut self, index: usize) {
        let Task { occasion, work, dropped } = self.tasks[index];
        if dropped {
            self.tasks[index].work = Work::Over;
            if matches!(work, Work::Call | Work::Body { .. } | Work::CleanUp { .. }) {
                self.attempt_ended(occasion.number, None);
            }
            return;
        }
        match work {
            Work::Ask => {
                let ask = self.history.ask(self.asks);
                self.asks += 1;
                let until = ask.length.map(|length| self.now + length);
                self.tasks[index].work = Work::Guard { until, answer: ask.answer };
                self.poll(index);
            }
            Work::Guard { until, answer } if until.is_some_and(|until| until <= self.now) => {
                self.tasks[index].work = Work::Over;
                self.answered(index, occasion, answer);
            }
            Work::Call => {
                let act = self.history.act(self.calls);
                self.calls += 1;
                let until = act.length.map(|length| self.now + length);
                self.tasks[index].work = Work::Body { until, act };
                self.poll(index);
            }
            Work::Body { until, act } if until.is_some_and(|until| until <= self.now) => {
                self.tasks[index].work = Work::Over;
                self.attempt_ended(occasion.number, Some(act.end));
            }
            Work::Body { act: Act { heeds: Some((length, end)), .. }, .. } if self.is_heard(occasion.number) => {
                self.tasks[index].work = Work::CleanUp { until: self.now + length, end };
                self.poll(index);
            }
            Work::CleanUp { until, end } if until <= self.now => {
                self.tasks[index].work = Work::Over;
                self.attempt_ended(occasion.number, Some(end));
            }
            Work::Guard { .. } | Work::Body { .. } | Work::CleanUp { .. } | Work::Over => {}
        }
    }

    fn is_heard(&self, number: u64) -> bool {
        self.history.config.hears && self.run(number).is_some_and(|run| run.asked.is_some())
    }

    // ---- ticks

    fn tick(&mut self) {
        let config = &self.history.config;
        let Some(first) = self.next.take() else { return };
        let mut due = vec![first];
        if !config.shifted {
            due.extend((1..).map(|count| first + count * config.every).take_while(|at| *at <= self.now));
            self.next = due.last().map(|last| last + config.every);
        }
        let count = due.len();
        self.due += count as u64;
        let late = self.now - due[count - 1];
        let kept = match config.on_missed {
            _ if count == 1 && late <= OVERDUE => count,
            Missed::One => 1,
            Missed::Skip => usize::from(late <= OVERDUE),
            Missed::All => count,
            Missed::Newest(newest) => count.min(usize::try_from(newest).expect("it is small")),
        };
        let lost = count - kept;
        if lost > 0 {
            self.miss(MissReason::Stalled, lost as u64, due[0], due[lost - 1]);
        }
        match due[lost..] {
            [] => self.after_nothing(),
            [nominal] => {
                let occasion = self.occasion(nominal, false);
                self.propose(occasion);
            }
            ref ticks => self.catch_up(ticks),
        }
    }

    /// In shifted mode, a tick from which no run comes arms the next one itself.
    fn after_nothing(&mut self) {
        let config = &self.history.config;
        let idle = self.runs.is_empty() && self.undecided() == 0 && !self.answering;
        if config.shifted && idle && self.next.is_none() && self.closing.is_none() {
            self.next = Some(self.now + config.every);
        }
    }

    /// Several overdue ticks run one after another, the oldest first. When others still do, these are ticks that come
    /// due while a run is on: they come after the others where the policy lets a tick start or wait.
    fn catch_up(&mut self, ticks: &[u64]) {
        let under_way = self.in_chain.is_some();
        let taken_in = match self.history.config.on_overlap {
            Overlap::Run => true,
            Overlap::Queue => self.waiting.is_none(),
            Overlap::Ignore | Overlap::StopPrevious => false,
        };
        if !under_way {
            self.chain.extend(ticks);
            self.next_in_chain();
        } else if taken_in {
            self.chain.extend(ticks);
        } else {
            for nominal in ticks {
                let occasion = self.occasion(*nominal, false);
                self.propose(occasion);
            }
        }
    }

    fn next_in_chain(&mut self) {
        self.in_chain = None;
        let Some(nominal) = self.chain.pop_front() else {
            self.chain_is_on = false;
            return;
        };
        let occasion = self.occasion(nominal, false);
        self.in_chain = Some(occasion.number);
        self.propose(occasion);
    }

    fn occasion(&mut self, nominal: u64, by_hand: bool) -> Occasion {
        self.occasions += 1;
        Occasion { number: self.occasions, nominal, by_hand }
    }

    // ---- decisions

    fn propose(&mut self, occasion: Occasion) {
        if !self.history.config.guarded {
            self.decide(occasion);
        } else if self.is_paused_for(occasion) {
            self.skip(occasion, SkipReason::Paused, None);
        } else {
            self.guard_queue.push(occasion);
            self.ask_next();
        }
    }

    /// The guard is asked for one occasion at a time, in the order of their nominal times.
    fn ask_next(&mut self) {
        if self.guarding.is_some() || self.answering {
            return;
        }
        self.guard_queue.sort_by_key(|occasion| (occasion.nominal, occasion.number));
        while self.guarding.is_none() && !self.guard_queue.is_empty() {
            let occasion = self.guard_queue.remove(0);
            if self.is_paused_for(occasion) {
                self.skip(occasion, SkipReason::Paused, None);
            } else {
                self.guarding = Some(occasion);
                self.launch(occasion, Work::Ask);
            }
        }
    }

    fn answered(&mut self, task: usize, occasion: Occasion, answer: Answer) {
        // It was stopped before it could answer.
        if self.guarding != Some(occasion) {
            return;
        }
        self.guarding = None;
        self.answering = true;
        if answer == Answer::Panic {
            self.tell(What::GuardPanicked { run: occasion.number });
        }
        let mut goes_on = false;
        if answer != Answer::Yes {
            self.skip(occasion, SkipReason::Guard, None);
        } else if self.may_start(occasion) {
            self.begin(occasion, task);
            goes_on = true;
        }
        self.answering = false;
        self.ask_next();
        self.after_nothing();
        self.follow_up();
        if goes_on {
            self.tasks[task].work = Work::Call;
            self.poll(task);
        }
    }

    fn decide(&mut self, occasion: Occasion) {
        if self.may_start(occasion) {
            let task = self.launch(occasion, Work::Call);
            self.begin(occasion, task);
        }
    }

    fn begin(&mut self, occasion: Occasion, task: usize) {
        self.ran += 1;
        self.chain_is_on |= self.in_chain == Some(occasion.number);
        self.runs.push(Run {
            occasion,
            attempt: 1,
            due: occasion.nominal,
            started: self.now,
            task: Some(task),
            asked: None,
            alarm: None,
        });
        let trigger = if occasion.by_hand { Trigger::Manual } else { Trigger::Schedule };
        self.attempt_started(occasion.number, trigger);
    }

    fn may_start(&mut self, occasion: Occasion) -> bool {
        let config = &self.history.config;
        let is_late = |occasion: Occasion, now: u64| {
            !occasion.by_hand && config.start_deadline.is_some_and(|deadline| now - occasion.nominal > deadline)
        };
        if let Some(waiting) = self.waiting.take_if(|waiting| is_late(waiting.occasion, self.now)) {
            self.miss_one(waiting.occasion, MissReason::StartDeadline);
        }
        if self.is_paused_for(occasion) {
            self.skip(occasion, SkipReason::Paused, None);
            return false;
        }
        if is_late(occasion, self.now) {
            self.miss_one(occasion, MissReason::StartDeadline);
            return false;
        }
        let newest = self.runs.last().map(|run| run.occasion.number);
        let in_chain = self.in_chain == Some(occasion.number);
        // A catch-up is on also while the guard of its next run is asked.
        let between = self.chain_is_on && !in_chain && !self.in_chain.is_some_and(|number| self.run(number).is_some());
        let running = self.runs.len() as u64 + u64::from(between);
        match config.on_overlap {
            Overlap::Run => match config.max_running {
                Some(limit) if running >= limit => {
                    self.skip(occasion, SkipReason::MaxRunning, newest);
                    false
                }
                _ => true,
            },
            _ if running == 0 && (self.waiting.is_none() || in_chain) => true,
            Overlap::Ignore => {
                self.skip(occasion, SkipReason::StillRunning, newest);
                false
            }
            Overlap::Queue if self.waiting.is_some() => {
                self.skip(occasion, SkipReason::AlreadyPending, newest);
                false
            }
            Overlap::Queue => {
                self.waiting = Some(Waiting { occasion, stopping: None });
                false
            }
            Overlap::StopPrevious if self.waiting.is_some() => {
                self.replace(occasion);
                false
            }
            Overlap::StopPrevious => self.stop_previous(occasion),
        }
    }

    /// Stops what is on; true when nothing runs, so that the occasion may start at once.
    fn stop_previous(&mut self, occasion: Occasion) -> bool {
        if self.chain_is_on {
            self.supersede_chain();
        }
        let Some(previous) = self.runs.first().map(|run| run.occasion.number) else { return true };
        self.stops.extend(self.numbers());
        self.waiting = Some(Waiting { occasion, stopping: Some(previous) });
        false
    }

    fn replace(&mut self, occasion: Occasion) {
        let Some(waiting) = self.waiting.as_mut() else { return };
        let older = std::mem::replace(&mut waiting.occasion, occasion);
        let stopping = waiting.stopping;
        self.superseded(older, stopping);
        if self.in_chain == Some(older.number) {
            self.in_chain = None;
            self.supersede_chain();
        }
    }

    /// A catch-up counts as one run: it is stopped, or replaced, as a whole.
    fn supersede_chain(&mut self) {
        let number = self.in_chain;
        if let Some(index) = self.guard_queue.iter().position(|occasion| Some(occasion.number) == number) {
            let occasion = self.guard_queue.remove(index);
            self.superseded(occasion, None);
            self.in_chain = None;
            self.chain_is_on = false;
        }
        for nominal in std::mem::take(&mut self.chain) {
            let occasion = self.occasion(nominal, false);
            self.superseded(occasion, None);
        }
    }

    fn superseded(&mut self, occasion: Occasion, running: Option<u64>) {
        self.skipped.push(SkipReason::Superseded);
        self.tell(What::Skipped { run: occasion.number, reason: SkipReason::Superseded, running });
    }

    fn is_paused_for(&self, occasion: Occasion) -> bool {
        (self.paused || self.quiet) && !occasion.by_hand
    }

    fn skip(&mut self, occasion: Occasion, reason: SkipReason, running: Option<u64>) {
        self.skipped.push(reason);
        self.tell(What::Skipped { run: occasion.number, reason, running });
        self.declined(occasion);
    }

    fn miss_one(&mut self, occasion: Occasion, reason: MissReason) {
        self.miss(reason, 1, occasion.nominal, occasion.nominal);
        self.declined(occasion);
    }

    fn miss(&mut self, reason: MissReason, count: u64, from: u64, to: u64) {
        self.missed.extend((0..count).map(|_| reason));
        self.tell(What::Missed { reason, count, from, to });
    }

    fn declined(&mut self, occasion: Occasion) {
        if self.in_chain == Some(occasion.number) {
            self.next_in_chain();
            self.start_waiting();
        }
        self.after_nothing();
    }

    // ---- runs

    fn numbers(&self) -> Vec<u64> {
        self.runs.iter().map(|run| run.occasion.number).collect()
    }

    fn run(&self, number: u64) -> Option<&Run> {
        self.runs.iter().find(|run| run.occasion.number == number)
    }

    fn run_mut(&mut self, number: u64) -> Option<&mut Run> {
        self.runs.iter_mut().find(|run| run.occasion.number == number)
    }

    fn attempt_started(&mut self, number: u64, trigger: Trigger) {
        let alarm = self.history.config.timeout.map(|timeout| self.now + timeout);
        let Some(run) = self.run_mut(number) else { return };
        run.alarm = alarm;
        let (attempt, scheduled_at, lateness) = (run.attempt, run.occasion.nominal, run.started - run.due);
        self.tell(What::Started { run: number, attempt, trigger, scheduled_at, lateness });
    }

    fn run_alarm(&mut self, number: u64) {
        let Some(run) = self.run_mut(number) else { return };
        run.alarm = None;
        match (run.task, run.asked) {
            (None, _) => self.next_attempt(number),
            (Some(_), None) => self.stop(number, Why::TimedOut),
            (Some(_), Some(_)) => self.drop_task(number),
        }
    }

    fn next_attempt(&mut self, number: u64) {
        let now = self.now;
        let Some(occasion) = self.run(number).map(|run| run.occasion) else { return };
        let task = self.launch(occasion, Work::Call);
        let Some(run) = self.run_mut(number) else { return };
        run.attempt += 1;
        run.started = now;
        run.task = Some(task);
        self.attempt_started(number, Trigger::Retry);
    }

    fn stop(&mut self, number: u64, why: Why) {
        let config = &self.history.config;
        let (now, closing) = (self.now, self.closing);
        let Some(run) = self.run_mut(number) else { return };
        let Some(task) = run.task else { return self.run_ended(number) };
        if run.asked.is_some() {
            // It stops already; the shutdown's deadline holds for it too.
            if let Some(deadline) = closing {
                run.alarm = Some(run.alarm.map_or(deadline, |alarm| alarm.min(deadline)));
            }
            return;
        }
        run.asked = Some(why);
        let end = match config.job_shutdown {
            _ if !config.hears && why != Why::Shutdown => Some(now),
            Grace::BrutalKill => Some(now),
            Grace::Length(length) => Some(now + length),
            Grace::Infinity => None,
        };
        let end = end.into_iter().chain(closing).min();
        run.alarm = end;
        if config.hears && matches!(self.tasks[task].work, Work::Body { act: Act { heeds: Some(_), .. }, .. }) {
            self.wake(task);
        }
        if end.is_some_and(|end| end <= now) {
            self.drop_task(number);
        }
    }

    fn drop_task(&mut self, number: u64) {
        self.abandoned |= self.closing.is_some();
        let Some(run) = self.run_mut(number) else { return };
        run.alarm = None;
        if let Some(task) = run.task {
            self.tasks[task].dropped = true;
            self.wake(task);
        }
    }

    /// An attempt is over: it returned or panicked, or it was dropped.
    fn attempt_ended(&mut self, number: u64, end: Option<End>) {
        let now = self.now;
        let config = &self.history.config;
        let Some(run) = self.run_mut(number) else { return };
        let outcome = match (run.asked, end) {
            (Some(Why::TimedOut), _) => Outcome::TimedOut,
            (Some(Why::Cancelled), _) => Outcome::Cancelled,
            (Some(Why::Shutdown), Some(End::Err)) | (_, None) => Outcome::Interrupted,
            (_, Some(End::Ok)) => Outcome::Completed,
            (_, Some(End::Err)) => Outcome::Failed,
            (_, Some(End::Panic)) => Outcome::Panicked,
        };
        run.task = None;
        run.asked = None;
        run.alarm = None;
        let attempt = run.attempt;
        let (duration, lateness) = (now - run.started, run.started - run.due);
        self.tell(What::Finished { run: number, outcome, attempt, duration, lateness });
        let failed = matches!(outcome, Outcome::Failed | Outcome::Panicked | Outcome::TimedOut);
        if !failed || attempt >= config.max_attempts || self.closing.is_some() {
            return self.run_ended(number);
        }
        self.tell(What::Retrying { run: number, attempt: attempt + 1, delay: config.backoff });
        let Some(run) = self.run_mut(number) else { return };
        run.due = now + config.backoff;
        run.alarm = Some(run.due);
    }

    fn run_ended(&mut self, number: u64) {
        self.runs.retain(|run| run.occasion.number != number);
        if self.in_chain == Some(number) {
            self.next_in_chain();
        }
        self.start_waiting();
        self.after_nothing();
        self.end_shutdown();
    }

    /// What waits starts when nothing runs any more, and not in the middle of a catch-up.
    fn start_waiting(&mut self) {
        if !self.runs.is_empty() || self.chain_is_on {
            return;
        }
        let Some(Waiting { occasion, stopping }) = self.waiting.take() else { return };
        if let Some(previous) = stopping {
            self.tell(What::StoppedPrevious { run: occasion.number, previous });
        }
        self.decide(occasion);
    }

    // ---- what is seen

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

pub const SKIPPED: [SkipReason; 8] = [
    SkipReason::StillRunning,
    SkipReason::AlreadyPending,
    SkipReason::Superseded,
    SkipReason::MaxRunning,
    SkipReason::Guard,
    SkipReason::Paused,
    SkipReason::Refused,
    SkipReason::Cancelled,
];

pub const MISSED: [MissReason; 5] = [
    MissReason::Stalled,
    MissReason::ClockStepped,
    MissReason::Downtime,
    MissReason::StartDeadline,
    MissReason::Shutdown,
];

/// How many of each reason there are, those without any left out.
fn counted<T: Copy + PartialEq>(reasons: &[T], all: &[T]) -> Vec<(T, u64)> {
    let count = |reason: &T| reasons.iter().filter(|other| *other == reason).count() as u64;
    all.iter().map(|reason| (*reason, count(reason))).filter(|(_, count)| *count > 0).collect()
}
