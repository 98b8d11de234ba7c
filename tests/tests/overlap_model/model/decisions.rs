//! From a tick to a run: what is missed, what the guard says, and what the policy makes of it.

use job_runtime::{MissReason, SkipReason, Trigger};

use super::{Model, OVERDUE, Occasion, Run, Waiting, Work};
use crate::history::{Answer, Missed, Overlap};
use crate::story::What;

impl Model<'_> {
    pub(super) fn tick(&mut self) {
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
    pub(super) fn after_nothing(&mut self) {
        let config = &self.history.config;
        let idle = self.runs.is_empty() && self.undecided() == 0 && !self.answering;
        if config.shifted && idle && self.next.is_none() && self.closing.is_none() {
            self.next = Some(self.now + config.every);
        }
    }

    /// Several overdue ticks run one after another, the oldest first. When others still do, these are ticks that come
    /// due while a run is on: they come after the others where the policy lets a tick start or wait.
    pub(super) fn catch_up(&mut self, ticks: &[u64]) {
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

    pub(super) fn next_in_chain(&mut self) {
        self.in_chain = None;
        let Some(nominal) = self.chain.pop_front() else {
            self.chain_is_on = false;
            return;
        };
        let occasion = self.occasion(nominal, false);
        self.in_chain = Some(occasion.number);
        self.propose(occasion);
    }

    pub(super) fn occasion(&mut self, nominal: u64, by_hand: bool) -> Occasion {
        self.occasions += 1;
        Occasion { number: self.occasions, nominal, by_hand }
    }

    pub(super) fn propose(&mut self, occasion: Occasion) {
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
    pub(super) fn ask_next(&mut self) {
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

    pub(super) fn answered(&mut self, task: usize, occasion: Occasion, answer: Answer) {
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

    pub(super) fn decide(&mut self, occasion: Occasion) {
        if self.may_start(occasion) {
            let task = self.launch(occasion, Work::Call);
            self.begin(occasion, task);
        }
    }

    pub(super) fn begin(&mut self, occasion: Occasion, task: usize) {
        self.ran += 1;
        self.chain_is_on |= self.in_chain == Some(occasion.number);
        self.runs.push(Run {
            occasion,
            attempt: 1,
            due: occasion.nominal,
            started: self.now,
            task: Some(task),
            asked: None,
            last: false,
            alarm: None,
        });
        let trigger = if occasion.by_hand { Trigger::Manual } else { Trigger::Schedule };
        self.attempt_started(occasion.number, trigger);
    }

    pub(super) fn may_start(&mut self, occasion: Occasion) -> bool {
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
        let between = self.chain_is_on && !in_chain && self.in_chain.is_none_or(|number| self.run(number).is_none());
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
    pub(super) fn stop_previous(&mut self, occasion: Occasion) -> bool {
        if self.chain_is_on {
            self.supersede_chain(self.runs.first().map(|run| run.occasion.number));
        }
        let Some(previous) = self.runs.first().map(|run| run.occasion.number) else { return true };
        self.stops.extend(self.numbers());
        self.waiting = Some(Waiting { occasion, stopping: Some(previous) });
        false
    }

    pub(super) fn replace(&mut self, occasion: Occasion) {
        let Some(waiting) = self.waiting.as_mut() else { return };
        let older = std::mem::replace(&mut waiting.occasion, occasion);
        let stopping = waiting.stopping;
        self.superseded(older, stopping);
        if self.in_chain == Some(older.number) {
            self.in_chain = None;
            self.supersede_chain(stopping);
        }
    }

    /// A catch-up counts as one run: it is stopped, or replaced, as a whole.
    pub(super) fn supersede_chain(&mut self, running: Option<u64>) {
        let number = self.in_chain;
        if let Some(index) = self.guard_queue.iter().position(|occasion| Some(occasion.number) == number) {
            let occasion = self.guard_queue.remove(index);
            self.superseded(occasion, running);
            self.in_chain = None;
            self.chain_is_on = false;
        }
        for nominal in std::mem::take(&mut self.chain) {
            let occasion = self.occasion(nominal, false);
            self.superseded(occasion, running);
        }
    }

    pub(super) fn superseded(&mut self, occasion: Occasion, running: Option<u64>) {
        self.skipped.push(SkipReason::Superseded);
        self.tell(What::Skipped { run: occasion.number, reason: SkipReason::Superseded, running });
    }

    pub(super) fn is_paused_for(&self, occasion: Occasion) -> bool {
        (self.paused || self.quiet) && !occasion.by_hand
    }

    pub(super) fn skip(&mut self, occasion: Occasion, reason: SkipReason, running: Option<u64>) {
        self.skipped.push(reason);
        self.tell(What::Skipped { run: occasion.number, reason, running });
        self.declined(occasion);
    }

    pub(super) fn miss_one(&mut self, occasion: Occasion, reason: MissReason) {
        self.miss(reason, 1, occasion.nominal, occasion.nominal);
        self.declined(occasion);
    }

    pub(super) fn miss(&mut self, reason: MissReason, count: u64, from: u64, to: u64) {
        self.missed.extend((0..count).map(|_| reason));
        self.tell(What::Missed { reason, count, from, to });
    }

    pub(super) fn declined(&mut self, occasion: Occasion) {
        if self.in_chain == Some(occasion.number) {
            self.next_in_chain();
            self.start_waiting();
        }
        self.after_nothing();
    }
}
