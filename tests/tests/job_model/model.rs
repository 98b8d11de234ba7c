//! The reference: what must happen in a history, worked out step by step over a handful of plain records.

use std::collections::VecDeque;

use job_runtime::{JobState, MissReason, Outcome, SkipReason, Trigger};

use crate::history::{Act, Action, End, Grace, History, Say, Sort, When};
use crate::story::{Given, Line, Look, Story, What};

/// What the model says of a history; nothing when two things in it happen in the same millisecond, neither because
/// of the other, so that either may be first.
pub fn foretell(history: &History) -> Option<Story> {
    let mut model = Model::new(history);
    for action in &history.actions {
        model.act(action);
        let look = model.look();
        model.story.looks.push(look);
    }
    model.story.given = model.runs.iter().map(|run| run.given).collect();
    (!model.tied).then_some(model.story)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    TimedOut,
    Cancelled,
    Shutdown,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Waits for its time.
    Scheduled,
    /// Waits for a place.
    Queued,
    Body(Body),
    /// Dropped, but its task does not know yet.
    Dropped,
    /// Waits for its next attempt.
    Retry,
    Over(JobState),
}

/// How far the task of an attempt is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    New,
    Works { until: Option<u64>, act: Act },
    CleansUp { until: u64, end: End, say: Say },
}

struct Run {
    acts: Vec<Act>,
    calls: usize,
    nominal: u64,
    stage: Stage,
    attempt: u64,
    due: u64,
    started: u64,
    asked: Option<Why>,
    /// Cancelled while it was stopping already.
    last: bool,
    /// Its time, its timeout, the end of its grace, or its next attempt.
    alarm: Option<u64>,
    given: Given,
}

impl Run {
    fn is_on(&self) -> bool {
        matches!(self.stage, Stage::Body(_) | Stage::Dropped | Stage::Retry)
    }

    /// When its task has slept enough.
    fn wakes(&self) -> Option<u64> {
        match self.stage {
            Stage::Body(Body::Works { until, .. }) => until,
            Stage::Body(Body::CleansUp { until, .. }) => Some(until),
            _ => None,
        }
    }

    fn state(&self) -> JobState {
        match self.stage {
            Stage::Scheduled => JobState::Scheduled,
            Stage::Queued => JobState::Available,
            Stage::Body(_) | Stage::Dropped => JobState::Running,
            Stage::Retry => JobState::Retryable,
            Stage::Over(state) => state,
        }
    }
}

/// What an attempt's end came to: returned, panicked or dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    Back(End, Say),
    Dropped,
}

struct Model<'a> {
    history: &'a History,
    story: Story,
    now: u64,
    tied: bool,
    paused: bool,
    runs: Vec<Run>,
    queue: VecDeque<usize>,
    /// Tasks that are polled next.
    ready: VecDeque<usize>,
    ran: u64,
    skipped: Vec<SkipReason>,
    missed: u64,
    closing: Option<u64>,
    abandoned: bool,
    over: bool,
}

impl<'a> Model<'a> {
    fn new(history: &'a History) -> Self {
        Self {
            history,
            story: Story::default(),
            now: 0,
            tied: false,
            paused: !history.config.enabled,
            runs: Vec::new(),
            queue: VecDeque::new(),
            ready: VecDeque::new(),
            ran: 0,
            skipped: Vec::new(),
            missed: 0,
            closing: None,
            abandoned: false,
            over: false,
        }
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Spawn(when, acts) => self.spawn(*when, acts),
            Action::Cancel(back) => {
                if let Some(run) = self.runs.len().checked_sub(back + 1) {
                    self.cancel(run);
                }
            }
            Action::Advance(length) => self.go_on(self.now + length),
            Action::Pause => {
                self.paused = true;
                self.tell(What::Paused);
            }
            Action::Resume => {
                if std::mem::take(&mut self.paused) {
                    self.tell(What::Resumed);
                    self.start_waiting();
                }
            }
            Action::Shutdown => self.shut_down(),
        }
    }

    // ---- before the start

    fn spawn(&mut self, when: When, acts: &[Act]) {
        let nominal = match when {
            When::Now => self.now,
            When::After(length) => self.now + length,
            When::At(length) => self.now.saturating_add_signed(length).max(self.now),
        };
        let run = self.runs.len();
        self.runs.push(Run {
            acts: acts.to_vec(),
            calls: 0,
            nominal,
            stage: Stage::Queued,
            attempt: 1,
            due: nominal,
            started: 0,
            asked: None,
            last: false,
            alarm: None,
            given: Given::Nothing,
        });
        let at_once = nominal == self.now && self.queue.is_empty() && self.has_room();
        let scheduled = self.runs.iter().filter(|run| run.stage == Stage::Scheduled).count();
        let is_full = (self.queue.len() + scheduled) as u64 >= self.history.config.max_pending;
        if self.closing.is_some() || (!at_once && is_full) {
            self.skip(run, SkipReason::Refused, Given::Refused);
        } else if nominal > self.now {
            self.runs[run].stage = Stage::Scheduled;
            self.runs[run].alarm = Some(nominal);
        } else {
            self.offer(run);
        }
    }

    fn skip(&mut self, run: usize, reason: SkipReason, given: Given) {
        self.skipped.push(reason);
        if !self.over {
            self.tell(What::Skipped { run: number(run), reason });
        }
        self.end(run, JobState::Cancelled, given);
    }

    fn end(&mut self, run: usize, state: JobState, given: Given) {
        let run = &mut self.runs[run];
        (run.stage, run.given, run.alarm) = (Stage::Over(state), given, None);
    }

    fn has_room(&self) -> bool {
        let most = if self.history.config.sort == Sort::Serial { Some(1) } else { self.history.config.max_running };
        let on = self.runs.iter().filter(|run| run.is_on()).count() as u64;
        !self.paused && self.closing.is_none() && most.is_none_or(|most| on < most)
    }

    fn offer(&mut self, run: usize) {
        self.runs[run].stage = Stage::Queued;
        self.runs[run].alarm = None;
        self.queue.push_back(run);
        self.start_waiting();
    }

    fn start_waiting(&mut self) {
        while self.has_room()
            && let Some(run) = self.queue.pop_front()
        {
            self.ran += 1;
            self.start_attempt(run, Trigger::Spawn);
        }
    }

    // ---- attempts

    fn start_attempt(&mut self, number_of: usize, trigger: Trigger) {
        let (now, timeout) = (self.now, self.history.config.timeout);
        let run = &mut self.runs[number_of];
        run.stage = Stage::Body(Body::New);
        (run.started, run.alarm) = (now, timeout.map(|timeout| now + timeout));
        let (attempt, scheduled_at, lateness) = (run.attempt, run.nominal, now - run.due);
        self.tell(What::Started { run: number(number_of), attempt, trigger, scheduled_at, lateness });
        self.ready.push_back(number_of);
    }

    /// A task has its turn.
    fn poll(&mut self, run: usize) {
        match self.runs[run].stage {
            Stage::Dropped => self.conclude(run, Came::Dropped),
            Stage::Body(Body::New) => {
                let calls = self.runs[run].calls;
                self.runs[run].calls += 1;
                let act = self.runs[run].acts[calls % self.runs[run].acts.len()];
                let until = act.length.map(|length| self.now + length);
                self.runs[run].stage = Stage::Body(Body::Works { until, act });
                self.poll(run);
            }
            Stage::Body(Body::Works { until, act }) => {
                if until.is_some_and(|until| until <= self.now) {
                    self.conclude(run, Came::Back(act.end, act.say));
                } else if let (Some(_), Some((length, end))) = (self.runs[run].asked, act.heeds) {
                    let until = self.now + length;
                    self.runs[run].stage = Stage::Body(Body::CleansUp { until, end, say: act.say });
                    self.poll(run);
                }
            }
            Stage::Body(Body::CleansUp { until, end, say }) => {
                if until <= self.now {
                    self.conclude(run, Came::Back(end, say));
                }
            }
            Stage::Scheduled | Stage::Queued | Stage::Retry | Stage::Over(_) => {}
        }
    }

    fn conclude(&mut self, number_of: usize, came: Came) {
        let run = &mut self.runs[number_of];
        let asked = run.asked.take();
        let say = match came {
            Came::Back(End::Ok | End::Err, say) => say,
            Came::Back(End::Panic, _) | Came::Dropped => Say::Nothing,
        };
        let (outcome, given) = judge(asked, came, say);
        let (attempt, duration, lateness) = (run.attempt, self.now - run.started, run.started - run.due);
        let last = run.last;
        self.tell(What::Finished { run: number(number_of), outcome, attempt, duration, lateness });
        match self.further(attempt, outcome, say).filter(|_| !last) {
            Some((attempt, delay)) => {
                let run = &mut self.runs[number_of];
                (run.attempt, run.due, run.stage) = (attempt, self.now + delay, Stage::Retry);
                run.alarm = Some(self.now + delay);
                self.tell(What::Retrying { run: number(number_of), attempt, delay });
            }
            None => self.finish(number_of, outcome, given),
        }
    }

    fn further(&self, attempt: u64, outcome: Outcome, say: Say) -> Option<(u64, u64)> {
        if self.closing.is_some() || matches!(outcome, Outcome::Cancelled | Outcome::Interrupted) {
            return None;
        }
        let left = attempt < self.history.config.max_attempts;
        match say {
            Say::Cancel => None,
            Say::Snooze(delay) => Some((attempt, delay)),
            Say::RetryAfter(delay) if left => Some((attempt + 1, delay)),
            Say::RetryAfter(_) => None,
            Say::Nothing if left && outcome != Outcome::Completed => Some((attempt + 1, self.history.config.backoff)),
            Say::Nothing => None,
        }
    }

    fn finish(&mut self, run: usize, outcome: Outcome, given: Given) {
        let state = match outcome {
            Outcome::Completed => JobState::Completed,
            Outcome::Failed | Outcome::Panicked | Outcome::TimedOut => JobState::Discarded,
            _ => JobState::Cancelled,
        };
        self.end(run, state, given);
        self.start_waiting();
        self.end_shutdown();
    }

    // ---- stopping

    fn cancel(&mut self, run: usize) {
        match self.runs[run].stage {
            Stage::Scheduled => self.skip(run, SkipReason::Cancelled, Given::Cancelled),
            Stage::Queued => {
                self.queue.retain(|queued| *queued != run);
                self.skip(run, SkipReason::Cancelled, Given::Cancelled);
            }
            Stage::Body(_) | Stage::Dropped | Stage::Retry => self.stop(run, Why::Cancelled),
            Stage::Over(_) => {}
        }
    }

    fn not_retried(&mut self, run: usize, outcome: Outcome, given: Given) {
        let attempt = self.runs[run].attempt;
        self.tell(What::NotRetried { run: number(run), attempt, outcome });
        self.finish(run, outcome, given);
    }

    fn stop(&mut self, run: usize, why: Why) {
        match self.runs[run].stage {
            Stage::Retry if why == Why::Shutdown => self.not_retried(run, Outcome::Interrupted, Given::Interrupted),
            Stage::Retry => self.not_retried(run, Outcome::Cancelled, Given::Cancelled),
            Stage::Body(_) if self.runs[run].asked.is_some() => {
                self.runs[run].last |= why == Why::Cancelled;
                self.shorten_grace(run);
            }
            Stage::Body(_) => {
                self.runs[run].asked = Some(why);
                self.wake(run);
                self.give_grace(run);
            }
            Stage::Dropped => self.runs[run].last |= why == Why::Cancelled,
            Stage::Scheduled | Stage::Queued | Stage::Over(_) => {}
        }
    }

    /// Puts the task of a run among the ready ones, if it is not there and minds to be asked.
    fn wake(&mut self, run: usize) {
        let minds = matches!(self.runs[run].stage, Stage::Body(Body::Works { act: Act { heeds: Some(_), .. }, .. }));
        if minds && !self.ready.contains(&run) {
            self.ready.push_back(run);
        }
    }

    fn grace(&self) -> Option<u64> {
        match self.history.config.job_shutdown {
            Grace::Length(length) => Some(self.now + length),
            Grace::BrutalKill => Some(self.now),
            Grace::Infinity => None,
        }
    }

    fn give_grace(&mut self, run: usize) {
        let can_end = self.closing.is_some() || self.history.config.hears();
        let end = if can_end { self.grace() } else { Some(self.now) };
        let end = [end, self.closing].into_iter().flatten().min();
        if end.is_some_and(|end| end <= self.now) { self.drop_now(run) } else { self.runs[run].alarm = end }
    }

    fn shorten_grace(&mut self, run: usize) {
        let Some(deadline) = self.closing else { return };
        let end = self.grace().map_or(deadline, |end| end.min(deadline));
        if self.runs[run].alarm.is_none_or(|alarm| alarm > end) {
            self.runs[run].alarm = Some(end);
        }
    }

    fn drop_now(&mut self, run: usize) {
        self.abandoned |= self.closing.is_some();
        (self.runs[run].stage, self.runs[run].alarm) = (Stage::Dropped, None);
        if !self.ready.contains(&run) {
            self.ready.push_back(run);
        }
    }

    fn shut_down(&mut self) {
        if self.closing.is_some() {
            return;
        }
        self.closing = Some(self.now + self.history.config.shutdown_timeout);
        self.tell(What::ShutdownStarted);
        for run in 0..self.runs.len() {
            if matches!(self.runs[run].stage, Stage::Scheduled | Stage::Queued) {
                let nominal = self.runs[run].nominal;
                self.missed += 1;
                self.tell(What::Missed { reason: MissReason::Shutdown, count: 1, from: nominal, to: nominal });
                self.end(run, JobState::Cancelled, Given::Interrupted);
            }
        }
        self.queue.clear();
        for run in 0..self.runs.len() {
            self.stop(run, Why::Shutdown);
        }
        self.end_shutdown();
        self.go_on(u64::MAX);
    }

    fn end_shutdown(&mut self) {
        if self.closing.is_some() && !self.over && !self.runs.iter().any(Run::is_on) {
            self.over = true;
            self.tell(What::ShutdownFinished { abandoned: self.abandoned });
        }
    }

    // ---- time

    /// Time goes on, and everything happens when it is due.
    fn go_on(&mut self, target: u64) {
        self.run_ready();
        while !self.over
            && let Some(at) = self.earliest().filter(|at| *at <= target)
        {
            self.now = at;
            let due: Vec<usize> = (0..self.runs.len()).filter(|run| self.is_due(*run)).collect();
            self.look_for_ties(&due);
            for run in due {
                self.come(run);
            }
            self.run_ready();
        }
        if !self.over {
            self.now = target;
        }
    }

    fn run_ready(&mut self) {
        while let Some(run) = self.ready.pop_front() {
            self.poll(run);
        }
    }

    fn earliest(&self) -> Option<u64> {
        self.runs.iter().flat_map(|run| [run.alarm, run.wakes()]).flatten().min()
    }

    fn is_due(&self, run: usize) -> bool {
        let run = &self.runs[run];
        run.alarm == Some(self.now) || run.wakes() == Some(self.now)
    }

    /// Several runs that are dropped together at the end of a shutdown are no tie: none makes room for another.
    fn look_for_ties(&mut self, due: &[usize]) {
        let both =
            due.iter().any(|run| self.runs[*run].alarm == Some(self.now) && self.runs[*run].wakes() == Some(self.now));
        let together = due.iter().all(|run| self.runs[*run].alarm == Some(self.now) && self.closing.is_some());
        self.tied |= both || (due.len() > 1 && !together);
    }

    fn come(&mut self, run: usize) {
        if self.runs[run].wakes() == Some(self.now) {
            self.ready.push_back(run);
            return;
        }
        self.runs[run].alarm = None;
        match self.runs[run].stage {
            Stage::Scheduled => self.offer(run),
            Stage::Retry => self.start_attempt(run, Trigger::Retry),
            Stage::Body(_) if self.runs[run].asked.is_none() => self.stop(run, Why::TimedOut),
            Stage::Body(_) => self.drop_now(run),
            Stage::Dropped | Stage::Queued | Stage::Over(_) => {}
        }
    }

    // ---- what is seen

    fn tell(&mut self, what: What) {
        self.story.lines.push(Line { at: self.now, what });
    }

    fn look(&self) -> Look {
        let of = |is: fn(&Run) -> bool| self.runs.iter().filter(|run| is(run)).count() as u64;
        let mut next: Vec<u64> =
            self.runs.iter().filter(|run| run.stage == Stage::Scheduled).map(|run| run.nominal).collect();
        next.sort_unstable();
        let skipped = [SkipReason::Refused, SkipReason::Cancelled]
            .map(|reason| (reason, self.skipped.iter().filter(|other| **other == reason).count() as u64));
        Look {
            at: self.now,
            due: self.runs.len() as u64,
            ran: self.ran,
            skipped: skipped.into_iter().filter(|(_, count)| *count > 0).collect(),
            missed: [(MissReason::Shutdown, self.missed)].into_iter().filter(|(_, count)| *count > 0).collect(),
            pending: of(|run| matches!(run.stage, Stage::Scheduled | Stage::Queued)),
            running: of(Run::is_on),
            paused: self.paused,
            next,
            states: self.runs.iter().map(Run::state).collect(),
        }
    }
}

fn judge(asked: Option<Why>, came: Came, say: Say) -> (Outcome, Given) {
    match (asked, came) {
        (Some(Why::TimedOut), _) => (Outcome::TimedOut, Given::TimedOut),
        (Some(Why::Cancelled), _) => (Outcome::Cancelled, Given::Cancelled),
        (Some(Why::Shutdown), Came::Back(End::Err, _)) | (_, Came::Dropped) => {
            (Outcome::Interrupted, Given::Interrupted)
        }
        (_, Came::Back(End::Panic, _)) => (Outcome::Panicked, Given::Panicked),
        (_, Came::Back(..)) if say == Say::Cancel => (Outcome::Cancelled, Given::Cancelled),
        (_, Came::Back(End::Ok, _)) => (Outcome::Completed, Given::Output),
        (_, Came::Back(End::Err, _)) => (Outcome::Failed, Given::Failed),
    }
}

fn number(run: usize) -> u64 {
    run as u64 + 1
}
