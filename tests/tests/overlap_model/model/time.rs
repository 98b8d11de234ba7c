//! How time passes: alarms, tasks, and who is first.

use job_runtime::MissReason;

use super::{Due, Model, Occasion, Task, Why, Work};
use crate::history::Act;

impl Model<'_> {
    pub(super) fn all_due(&self) -> Vec<(u64, Due)> {
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

    pub(super) fn earliest(&mut self) -> Option<(u64, Due)> {
        let all = self.all_due();
        let (at, due) = all.iter().min_by_key(|(at, _)| *at).copied()?;
        self.tied |= !self.is_clear(all.iter().filter(|(other, _)| *other == at).map(|(_, due)| *due));
        Some((at, due))
    }

    /// Whether it is clear which of what is due in one millisecond is first, or does not matter: the grace of
    /// several runs is over at once when they were asked to stop by shutdown.
    pub(super) fn is_clear(&self, due: impl Iterator<Item = Due> + Clone) -> bool {
        due.clone().count() == 1 || self.closing.is_some() && due.clone().all(|due| matches!(due, Due::Run(_)))
    }

    pub(super) fn handle(&mut self, due: Due) {
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
    pub(super) fn follow_up(&mut self) {
        self.request_stops();
        let launches = std::mem::take(&mut self.launches);
        self.ready.extend(launches);
    }

    pub(super) fn request_stops(&mut self) {
        while let Some(run) = self.stops.pop_front() {
            self.stop(run, Why::Cancelled);
        }
    }

    pub(super) fn wake(&mut self, task: usize) {
        if !self.ready.contains(&task) && !self.launches.contains(&task) {
            self.ready.push_back(task);
        }
    }

    pub(super) fn run_ready(&mut self) {
        while let Some(task) = self.ready.pop_front() {
            self.poll(task);
            self.follow_up();
        }
    }

    pub(super) fn launch(&mut self, occasion: Occasion, work: Work) -> usize {
        self.tasks.push(Task { occasion, work, dropped: false });
        self.launches.push(self.tasks.len() - 1);
        self.tasks.len() - 1
    }

    /// Lets a task do what it can do now.
    pub(super) fn poll(&mut self, index: usize) {
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

    pub(super) fn is_heard(&self, number: u64) -> bool {
        self.history.config.hears && self.run(number).is_some_and(|run| run.asked.is_some())
    }
}
