//! The reference: what a supervisor has to do, written plainly over lists of times, without a line of the engine.

use crate::history::{Action, Asked, Config, End, GROUPS, History, Restart, Scene, Strategy};

/// What is foretold: what happens, what is seen after each action, what comes of it all; and the actions that this was
/// foretold for, since nothing is asked of a runtime that is going down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
    pub lines: Vec<Line>,
    pub looks: Vec<String>,
    pub result: String,
}

/// Something that happened at a millisecond, to a job or to the runtime as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub at: u64,
    pub job: String,
    pub what: String,
}

/// The names of the services of a scene.
pub fn name(scene: Scene, place: usize) -> String {
    match scene {
        Scene::Alone => format!("alone_{place}"),
        Scene::Template => "instance".to_owned(),
        Scene::Group(group) => format!("member_{group}_{place}"),
    }
}

/// Tells what happens; `None` when two things happen at once, of which nobody knows which is first.
pub fn foretell(history: &History) -> Option<(Vec<Action>, Story)> {
    let mut model = Model::new(history);
    let mut done = Vec::new();
    model.begin();
    for action in &history.actions {
        let action = if model.closing.is_some() { Action::Shutdown } else { *action };
        model.act(action)?;
        done.push(action);
        let look = model.look();
        model.story.looks.push(look);
        if action == Action::Shutdown {
            break;
        }
    }
    Some((done, model.story))
}

/// One service, or one instance.
struct Unit {
    place: usize,
    job: usize,
    state: State,
    /// Every end that counted.
    ends: Vec<u64>,
    streak: u32,
    since: u64,
    /// Stopped for good; and then started again.
    leaving: bool,
    again: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Down,
    Ended,
    Waits(u64),
    On,
    /// Asked for this reason, with a grace up to here; how and when it ends.
    Stops {
        why: Why,
        until: u64,
        ends: Option<(u64, End)>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Request,
    Shutdown,
}

/// How a run was over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Over {
    ByItself(End),
    Asked(Why, End),
    Dropped(Why),
}

#[derive(Default)]
struct Job {
    there: bool,
    paused: bool,
    /// Down with its group, or about to be.
    halted: bool,
    due: u64,
    ran: u64,
    skipped: u64,
    missed: u64,
}

/// A restart of the members from a place on.
#[derive(Clone, Copy)]
struct Round {
    from: usize,
    begin: u64,
}

struct Model<'h> {
    history: &'h History,
    now: u64,
    jobs: Vec<Job>,
    units: Vec<Unit>,
    round: Option<Round>,
    /// The ends that counted for the group.
    ends: Vec<u64>,
    /// The deadline of the shutdown.
    closing: Option<u64>,
    over: bool,
    gave_up: Option<String>,
    abandoned: Vec<String>,
    /// How many runs were asked to stop, at each place.
    asked: [usize; 3],
    story: Story,
}

impl<'h> Model<'h> {
    fn new(history: &'h History) -> Self {
        let count = if history.scene == Scene::Template { 1 } else { 3 };
        let is_there = |job: usize| history.scene == Scene::Template || history.there[job];
        let job = |job| Job { there: is_there(job), paused: !history.configs[job].enabled, ..Job::default() };
        Self {
            history,
            now: 0,
            jobs: (0..count).map(job).collect(),
            units: Vec::new(),
            round: None,
            ends: Vec::new(),
            closing: None,
            over: false,
            gave_up: None,
            abandoned: Vec::new(),
            asked: [0; 3],
            story: Story::default(),
        }
    }

    fn begin(&mut self) {
        if self.history.scene == Scene::Template {
            return;
        }
        for place in (0..3).filter(|place| self.history.there[*place]) {
            self.units.push(Unit::new(place, place));
            self.launch(self.units.len() - 1, "schedule");
        }
    }

    fn config(&self, job: usize) -> &'h Config {
        &self.history.configs[job]
    }

    fn group(&self) -> Option<(Strategy, usize, u64)> {
        if let Scene::Group(group) = self.history.scene { Some(GROUPS[group]) } else { None }
    }

    fn tell(&mut self, job: Option<usize>, what: impl Into<String>) {
        let job = job.map(|job| name(self.history.scene, job)).unwrap_or_default();
        self.story.lines.push(Line { at: self.now, job, what: what.into() });
    }

    // ---- what is done from outside

    fn act(&mut self, action: Action) -> Option<()> {
        match action {
            Action::Advance(length) => return self.run_to(self.now + length),
            Action::End(place, end) => self.end_at(place, end),
            Action::Pause(place) => self.of_job(place, Self::pause_by_hand),
            Action::Resume(place) => self.of_job(place, Self::resume),
            Action::Trigger(place) => self.of_job(place, Self::trigger),
            Action::Remove(place) => self.of_job(place, Self::remove),
            Action::Start(place) => self.start(place),
            Action::Stop(place) => self.stop(place),
            Action::Shutdown => {
                self.close();
                self.run_to(u64::MAX)?;
                self.story.result = self.result();
            }
        }
        self.run_to(self.now)
    }

    fn of_job(&mut self, place: usize, act: fn(&mut Self, usize)) {
        let job = if self.history.scene == Scene::Template { 0 } else { place };
        if self.jobs[job].there {
            act(self, job);
        }
    }

    fn units_of(&self, job: usize) -> Vec<usize> {
        (0..self.units.len()).filter(|unit| self.units[*unit].job == job && !self.units[*unit].leaving).collect()
    }

    fn end_at(&mut self, place: usize, end: End) {
        let on = self.units.iter().position(|unit| unit.place == place && unit.state == State::On);
        if let Some(unit) = on {
            self.ended(unit, Over::ByItself(end));
        }
    }

    fn pause_by_hand(&mut self, job: usize) {
        self.jobs[job].paused = true;
        self.tell(Some(job), "paused");
        for unit in self.units_of(job) {
            self.bring_down(unit, "paused");
        }
        self.settle();
    }

    fn resume(&mut self, job: usize) {
        if !std::mem::take(&mut self.jobs[job].paused) {
            return;
        }
        self.tell(Some(job), "resumed");
        for unit in self.units_of(job) {
            if matches!(self.units[unit].state, State::Down | State::Stops { .. }) {
                self.units[unit].ends.clear();
                self.units[unit].streak = 0;
                self.launch(unit, "manual");
            }
        }
    }

    fn trigger(&mut self, job: usize) {
        let units = self.units_of(job);
        let idle: Vec<usize> = units.iter().copied().filter(|unit| !self.units[*unit].is_on()).collect();
        if self.jobs[job].halted || (idle.is_empty() && !units.is_empty()) {
            return self.tell(Some(job), "refused");
        }
        for unit in idle {
            if matches!(self.units[unit].state, State::Waits(_)) {
                self.jobs[job].skipped += 1;
                self.tell(Some(job), "skipped superseded");
            }
            self.jobs[job].due += 1;
            self.started(unit, "manual", self.now);
        }
    }

    fn remove(&mut self, job: usize) {
        self.jobs[job].there = false;
        for unit in self.units_of(job) {
            self.leave(unit);
        }
        self.units.iter_mut().filter(|unit| unit.job == job).for_each(|unit| unit.again = false);
        self.settle();
    }

    fn start(&mut self, place: usize) {
        if !self.jobs[0].there {
            return;
        }
        match self.units.iter_mut().find(|unit| unit.place == place) {
            None => {
                self.units.push(Unit::new(place, 0));
                self.launch(self.units.len() - 1, "manual");
            }
            Some(unit) if unit.leaving && !unit.again => unit.again = true,
            Some(_) => self.tell(Some(0), "started already"),
        }
    }

    fn stop(&mut self, place: usize) {
        let Some(unit) = self.units.iter().position(|unit| unit.place == place) else { return };
        if self.units[unit].leaving {
            self.units[unit].again = false;
        } else if self.jobs[0].there {
            self.leave(unit);
        }
        self.settle();
    }

    fn leave(&mut self, unit: usize) {
        self.bring_down(unit, "cancelled");
        self.units[unit].leaving = true;
    }

    // ---- one service

    fn launch(&mut self, unit: usize, trigger: &str) {
        let job = self.units[unit].job;
        let free = !self.jobs[job].paused && !self.jobs[job].halted && self.closing.is_none();
        if free && !self.units[unit].is_on() {
            self.jobs[job].due += 1;
            self.started(unit, trigger, self.now);
        }
    }

    /// What waited for its restart starts, unless its job was paused meanwhile.
    fn restarted(&mut self, unit: usize, at: u64) {
        let job = self.units[unit].job;
        if self.jobs[job].paused {
            self.jobs[job].skipped += 1;
            self.units[unit].state = State::Down;
            self.tell(Some(job), "skipped paused");
        } else {
            self.started(unit, "restart", at);
        }
    }

    fn started(&mut self, unit: usize, trigger: &str, nominal: u64) {
        let job = self.units[unit].job;
        self.jobs[job].ran += 1;
        self.units[unit].state = State::On;
        self.units[unit].since = self.now;
        self.tell(Some(job), format!("started by {trigger} for {nominal}"));
    }

    /// Stops a service, and takes back the restart that it waits for.
    fn bring_down(&mut self, unit: usize, reason: &str) {
        match self.units[unit].state {
            State::Waits(_) => {
                let job = self.units[unit].job;
                self.jobs[job].skipped += 1;
                self.units[unit].state = State::Down;
                self.tell(Some(job), format!("skipped {reason}"));
            }
            State::On => self.ask(unit, Why::Request),
            State::Down | State::Ended | State::Stops { .. } => {}
        }
    }

    fn ask(&mut self, unit: usize, why: Why) {
        let config = self.config(self.units[unit].job);
        let count = &mut self.asked[self.units[unit].place];
        let asked = config.asked[*count % 3];
        *count += 1;
        let ends = match asked {
            Asked::After(length, end) => Some((self.now + length, end)),
            Asked::Deaf => None,
        };
        let until = (self.now + config.grace).min(self.closing.unwrap_or(u64::MAX));
        self.units[unit].state = State::Stops { why, until, ends };
    }

    fn ended(&mut self, unit: usize, over: Over) {
        let job = self.units[unit].job;
        let outcome = over.outcome();
        let length = self.now - self.units[unit].since;
        self.tell(Some(job), format!("{outcome} after {length}"));
        if matches!(over, Over::Dropped(_)) && self.closing.is_some() {
            self.abandoned.push(name(self.history.scene, job));
        }
        self.units[unit].state = State::Down;
        self.follow_up(unit, over, outcome);
        self.settle();
    }

    fn follow_up(&mut self, unit: usize, over: Over, outcome: &str) {
        let job = self.units[unit].job;
        let kept = &self.jobs[job];
        if self.units[unit].leaving || self.closing.is_some() || kept.halted || kept.paused {
            return;
        }
        if !matches!(over, Over::ByItself(_)) {
            return self.launch(unit, "manual");
        }
        let wanted = match self.config(job).restart {
            Restart::Permanent => true,
            Restart::Transient => matches!(outcome, "failed" | "panicked"),
            Restart::Temporary => false,
        };
        if !wanted {
            self.units[unit].state = State::Ended;
            self.units[unit].leaving = self.history.scene == Scene::Template;
            return;
        }
        let delay = self.delay(unit);
        match self.group() {
            None => self.restart_alone(unit, delay),
            Some(group) => self.restart_in_group(unit, delay, group),
        }
    }

    /// The delay before the next restart: doubled with each, from the first again after a run that was up for long.
    fn delay(&mut self, unit: usize) -> u64 {
        let config = self.config(self.units[unit].job);
        let seconds = self.group().map_or(config.budget.unwrap_or((3, 5)).1, |(_, _, seconds)| seconds);
        let unit = &mut self.units[unit];
        if self.now - unit.since > seconds * 1_000 {
            unit.streak = 0;
        }
        unit.streak += 1;
        let (first, longest) = config.backoff;
        (first << (unit.streak - 1)).min(longest)
    }

    fn restart_alone(&mut self, unit: usize, delay: u64) {
        let job = self.units[unit].job;
        let (restarts, seconds) = self.config(job).budget.unwrap_or((3, 5));
        self.units[unit].ends.push(self.now);
        if counted(&self.units[unit].ends, self.now, seconds) <= restarts {
            return self.wait(unit, delay);
        }
        self.tell(Some(job), "gave up");
        if self.config(job).pauses {
            self.jobs[job].paused = true;
            self.tell(Some(job), "paused");
        } else {
            let name = name(self.history.scene, job);
            self.give_up(format!("service `{name}` used up its restarts ({restarts} in {seconds}s)"));
        }
    }

    fn restart_in_group(&mut self, unit: usize, delay: u64, (strategy, restarts, seconds): (Strategy, usize, u64)) {
        let place = self.units[unit].place;
        self.ends.push(self.now);
        if counted(&self.ends, self.now, seconds) > restarts {
            self.tell(Some(place), "gave up");
            let Scene::Group(group) = self.history.scene else { unreachable!("it is one") };
            return self.give_up(format!("group `GROUP_{group}` used up its restarts ({restarts} in {seconds}s)"));
        }
        let from = match strategy {
            Strategy::OneForOne => return self.wait(unit, delay),
            Strategy::OneForAll => 0,
            Strategy::RestForOne => place,
        };
        let begin = self.now + delay;
        let before = self.round.unwrap_or(Round { from, begin });
        self.round = Some(Round { from: from.min(before.from), begin: begin.max(before.begin) });
        self.jobs[from..].iter_mut().for_each(|job| job.halted = true);
        self.tell(Some(place), format!("restarts in {delay}"));
    }

    fn wait(&mut self, unit: usize, delay: u64) {
        let job = self.units[unit].job;
        self.jobs[job].due += 1;
        self.units[unit].state = State::Waits(self.now + delay);
        self.tell(Some(job), format!("restarts in {delay}"));
    }

    // ---- all of them

    fn give_up(&mut self, text: String) {
        self.gave_up.get_or_insert(text);
        self.close();
    }

    fn close(&mut self) {
        if self.closing.is_some() {
            return;
        }
        let deadline = self.now + self.history.shutdown_timeout;
        self.closing = Some(deadline);
        self.tell(None, "shutdown started");
        for unit in 0..self.units.len() {
            let job = self.units[unit].job;
            match self.units[unit].state {
                State::Waits(at) => {
                    self.jobs[job].missed += 1;
                    self.units[unit].state = State::Down;
                    self.tell(Some(job), format!("missed shutdown for {at}"));
                }
                State::Stops { why, until, ends } => {
                    self.units[unit].state = State::Stops { why, until: deadline.min(until), ends };
                }
                State::On if self.group().is_none() => self.ask(unit, Why::Shutdown),
                State::On | State::Down | State::Ended => {}
            }
        }
        self.settle();
    }

    /// What follows without any time going by.
    fn settle(&mut self) {
        self.let_go();
        if self.closing.is_some() {
            self.stop_the_last();
            if !self.over && self.units.iter().all(|unit| !unit.is_on()) {
                self.over = true;
                self.tell(None, format!("shutdown finished, abandoned {}", sorted(&self.abandoned)));
            }
        } else if let Some(round) = self.round {
            self.go_on_with(round);
        }
    }

    /// Those that were stopped and are down are gone, and perhaps come again.
    fn let_go(&mut self) {
        while let Some(gone) = self.units.iter().position(|unit| unit.leaving && !unit.is_on()) {
            let Unit { place, job, again, .. } = self.units.remove(gone);
            if again && self.closing.is_none() {
                self.units.push(Unit::new(place, job));
                self.launch(self.units.len() - 1, "manual");
            }
        }
    }

    /// The members of a group are asked at the shutdown when those behind them are down.
    fn stop_the_last(&mut self) {
        let member = |unit: &&Unit| unit.is_on() && !unit.leaving;
        let last = self.units.iter().filter(member).map(|unit| unit.place).max();
        let on = self.units.iter().position(|unit| Some(unit.place) == last && unit.state == State::On);
        if let Some(unit) = on {
            self.ask(unit, Why::Shutdown);
        }
    }

    fn go_on_with(&mut self, round: Round) {
        for unit in self.members(round.from).into_iter().rev() {
            self.bring_down(unit, "cancelled");
            if self.units[unit].is_on() {
                return;
            }
        }
        if round.begin <= self.now {
            self.round = None;
            self.begin_anew(round.from);
        }
    }

    /// The members of a group from a place on, without those that were removed.
    fn members(&self, from: usize) -> Vec<usize> {
        (0..self.units.len()).filter(|unit| self.units[*unit].place >= from && !self.units[*unit].leaving).collect()
    }

    fn begin_anew(&mut self, from: usize) {
        for unit in self.members(from) {
            let place = self.units[unit].place;
            self.jobs[place].halted = false;
            if self.config(place).restart == Restart::Temporary {
                self.units[unit].state = State::Ended;
            } else {
                self.launch(unit, "restart");
            }
        }
    }

    // ---- time

    /// Lets time go by; `None` when two things are due at once.
    fn run_to(&mut self, target: u64) -> Option<()> {
        loop {
            let mut due: Vec<u64> = self.units.iter().flat_map(Unit::times).collect();
            due.extend(
                self.round.filter(|_| self.closing.is_none()).map(|round| round.begin).filter(|at| *at > self.now),
            );
            due.sort_unstable();
            let Some(next) = due.first().copied().filter(|next| *next <= target) else { break };
            if self.is_ambiguous(next, due.iter().filter(|at| **at == next).count()) {
                return None;
            }
            self.now = next;
            self.pass();
        }
        if target != u64::MAX {
            self.now = target;
        }
        Some(())
    }

    /// Whether nobody knows which of the things that are due at a moment comes first, and it matters: those that end in
    /// a shutdown have nothing to do with each other, unless they do so by themselves in a group.
    fn is_ambiguous(&self, at: u64, count: usize) -> bool {
        let by_itself = |unit: &Unit| matches!(unit.state, State::Stops { ends: Some((end, _)), .. } if end == at);
        let dropped = |unit: &Unit| matches!(unit.state, State::Stops { until, .. } if until == at);
        let independent = self.closing.is_some() && (self.group().is_none() || !self.units.iter().any(by_itself));
        let either = self.units.iter().any(|unit| by_itself(unit) && dropped(unit));
        either || (count > 1 && !independent && at > self.now)
    }

    /// What is due now happens.
    fn pass(&mut self) {
        for unit in (0..self.units.len()).rev() {
            match self.units.get(unit).map(|unit| unit.state) {
                Some(State::Waits(at)) if at <= self.now => self.restarted(unit, at),
                Some(State::Stops { why, until, ends }) => match ends {
                    Some((at, end)) if at <= self.now && at < until => self.ended(unit, Over::Asked(why, end)),
                    _ if until <= self.now => self.ended(unit, Over::Dropped(why)),
                    _ => {}
                },
                _ => {}
            }
        }
        self.settle();
    }

    // ---- what is seen

    fn look(&self) -> String {
        let jobs = (0..self.jobs.len()).filter(|job| self.jobs[*job].there).map(|job| self.look_at(job));
        format!("{}: {}", self.now, jobs.collect::<Vec<_>>().join("; "))
    }

    fn look_at(&self, job: usize) -> String {
        let of: Vec<&Unit> = self.units.iter().filter(|unit| unit.job == job).collect();
        let mut next: Vec<u64> = of.iter().filter_map(|unit| unit.waits()).collect();
        next.sort_unstable();
        let running = of.iter().filter(|unit| unit.is_on()).count();
        let instances = of.iter().filter(|unit| !unit.leaving).count();
        let Job { due, ran, skipped, missed, paused, .. } = self.jobs[job];
        format!(
            "{} ({due}, {ran}, {skipped}, {missed}, {}) running {running} of {instances} paused {paused} next {next:?}",
            name(self.history.scene, job),
            next.len(),
        )
    }

    fn result(&self) -> String {
        match &self.gave_up {
            Some(text) => text.clone(),
            None if self.abandoned.is_empty() => "in order".to_owned(),
            None => "abandoned".to_owned(),
        }
    }
}

impl Unit {
    fn new(place: usize, job: usize) -> Self {
        Self { place, job, state: State::Down, ends: Vec::new(), streak: 0, since: 0, leaving: false, again: false }
    }

    fn is_on(&self) -> bool {
        matches!(self.state, State::On | State::Stops { .. })
    }

    fn waits(&self) -> Option<u64> {
        if let State::Waits(at) = self.state { Some(at) } else { None }
    }

    /// When something happens to it by itself.
    fn times(&self) -> Option<u64> {
        match self.state {
            State::Waits(at) => Some(at),
            State::Stops { until, ends, .. } => Some(ends.map_or(until, |(at, _)| at.min(until))),
            State::On | State::Down | State::Ended => None,
        }
    }
}

impl Over {
    fn outcome(self) -> &'static str {
        match self {
            Self::ByItself(End::Ok) | Self::Asked(Why::Shutdown, End::Ok) => "completed",
            Self::ByItself(End::Err) => "failed",
            Self::ByItself(End::Panic) | Self::Asked(Why::Shutdown, End::Panic) => "panicked",
            Self::ByItself(End::Cancel) | Self::Asked(Why::Request, _) | Self::Dropped(Why::Request) => "cancelled",
            Self::Asked(Why::Shutdown, _) | Self::Dropped(Why::Shutdown) => "interrupted",
        }
    }
}

/// How many of these ends are in the seconds up to now.
fn counted(ends: &[u64], now: u64, seconds: u64) -> usize {
    ends.iter().filter(|end| now - **end < seconds * 1_000).count()
}

fn sorted(names: &[String]) -> String {
    let mut names = names.to_vec();
    names.sort();
    names.dedup();
    names.join(", ")
}
