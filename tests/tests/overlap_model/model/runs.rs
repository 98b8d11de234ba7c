//! The life of a run: its attempts, how it is stopped, and what follows its end.

use job_runtime::{Outcome, Trigger};

use super::{Model, Run, Waiting, Why, Work};
use crate::history::{Act, End, Grace};
use crate::story::What;

impl Model<'_> {
    pub(super) fn numbers(&self) -> Vec<u64> {
        self.runs.iter().map(|run| run.occasion.number).collect()
    }

    pub(super) fn run(&self, number: u64) -> Option<&Run> {
        self.runs.iter().find(|run| run.occasion.number == number)
    }

    pub(super) fn run_mut(&mut self, number: u64) -> Option<&mut Run> {
        self.runs.iter_mut().find(|run| run.occasion.number == number)
    }

    pub(super) fn attempt_started(&mut self, number: u64, trigger: Trigger) {
        let alarm = self.history.config.timeout.map(|timeout| self.now + timeout);
        let Some(run) = self.run_mut(number) else { return };
        run.alarm = alarm;
        let (attempt, scheduled_at, lateness) = (run.attempt, run.occasion.nominal, run.started - run.due);
        self.tell(What::Started { run: number, attempt, trigger, scheduled_at, lateness });
    }

    pub(super) fn run_alarm(&mut self, number: u64) {
        let Some(run) = self.run_mut(number) else { return };
        run.alarm = None;
        match (run.task, run.asked) {
            (None, _) => self.next_attempt(number),
            (Some(_), None) => self.stop(number, Why::TimedOut),
            (Some(_), Some(_)) => self.drop_task(number),
        }
    }

    pub(super) fn next_attempt(&mut self, number: u64) {
        let now = self.now;
        let Some(occasion) = self.run(number).map(|run| run.occasion) else { return };
        let task = self.launch(occasion, Work::Call);
        let Some(run) = self.run_mut(number) else { return };
        run.attempt += 1;
        run.started = now;
        run.task = Some(task);
        self.attempt_started(number, Trigger::Retry);
    }

    pub(super) fn stop(&mut self, number: u64, why: Why) {
        let config = &self.history.config;
        let (now, closing) = (self.now, self.closing);
        let Some(run) = self.run_mut(number) else { return };
        let Some(task) = run.task else {
            let outcome = if why == Why::Shutdown { Outcome::Interrupted } else { Outcome::Cancelled };
            let attempt = run.attempt + 1;
            self.tell(What::NotRetried { run: number, attempt, outcome });
            return self.run_ended(number);
        };
        if run.asked.is_some() {
            // It stops already; no attempt follows where it is cancelled, and the shutdown's deadline holds for it.
            run.last |= why == Why::Cancelled;
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

    pub(super) fn drop_task(&mut self, number: u64) {
        self.abandoned |= self.closing.is_some();
        let Some(run) = self.run_mut(number) else { return };
        run.alarm = None;
        if let Some(task) = run.task {
            self.tasks[task].dropped = true;
            self.wake(task);
        }
    }

    /// An attempt is over: it returned or panicked, or it was dropped.
    pub(super) fn attempt_ended(&mut self, number: u64, end: Option<End>) {
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
        let (attempt, last) = (run.attempt, run.last);
        let (duration, lateness) = (now - run.started, run.started - run.due);
        self.tell(What::Finished { run: number, outcome, attempt, duration, lateness });
        let failed = matches!(outcome, Outcome::Failed | Outcome::Panicked | Outcome::TimedOut);
        if !failed || last || attempt >= config.max_attempts || self.closing.is_some() {
            return self.run_ended(number);
        }
        self.tell(What::Retrying { run: number, attempt: attempt + 1, delay: config.backoff });
        let Some(run) = self.run_mut(number) else { return };
        run.due = now + config.backoff;
        run.alarm = Some(run.due);
    }

    pub(super) fn run_ended(&mut self, number: u64) {
        self.runs.retain(|run| run.occasion.number != number);
        if self.in_chain == Some(number) {
            self.next_in_chain();
        }
        self.start_waiting();
        self.after_nothing();
        self.end_shutdown();
    }

    /// What waits starts when nothing runs any more, and not in the middle of a catch-up.
    pub(super) fn start_waiting(&mut self) {
        if !self.runs.is_empty() || self.chain_is_on {
            return;
        }
        let Some(Waiting { occasion, stopping }) = self.waiting.take() else { return };
        if let Some(previous) = stopping {
            self.tell(What::StoppedPrevious { run: occasion.number, previous });
        }
        self.decide(occasion);
    }
}
