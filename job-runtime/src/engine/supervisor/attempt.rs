//! The life of a run over its attempts: started, timed out, asked to stop, dropped.

use std::sync::Arc;
use std::time::Duration;

use super::{Answer, Core, Life, Owner, Stage, Stop, is_live, owner};
use crate::clock::Moment;
use crate::engine::executor::{End, Launch};
use crate::engine::timers::{Alarm, Topic};
use crate::event::EventKind;
use crate::job::{Ending, Grace, Phase, Run};
use crate::outcome::{MissReason, Outcome, SkipReason, Trigger};

/// How long a dropped task may take to be gone before it counts as stuck.
const STUCK: Duration = Duration::from_secs(1);

impl Core {
    pub(super) fn started_first(&mut self, slot: u32, run: &Arc<Run>) {
        self.ledger(run.entry, |ledger| {
            ledger.ran();
            ledger.running += 1;
        });
        self.attempt_started(slot, run, run.trigger, run.lateness(self.now.moment));
    }

    pub(super) fn started_further(&mut self, slot: u32, run: &Arc<Run>) {
        self.ledger(run.entry, |ledger| ledger.running += 1);
        self.attempt_started(slot, run, Trigger::Retry, run.lateness(self.now.moment));
    }

    fn attempt_started(&mut self, slot: u32, run: &Arc<Run>, trigger: Trigger, lateness: Duration) {
        run.set_phase(Phase::Running);
        let scheduled_at = run.scheduled_at;
        let started = EventKind::Started { attempt: run.attempt(), trigger, scheduled_at, lateness };
        self.post(Some(&run.job), Some(run.id), started);
        if let Some(timeout) = run.job.options.timeout {
            self.set_alarm(slot, self.now.moment + timeout);
        }
    }

    /// Arms the one alarm of a run in place of the one before.
    pub(super) fn set_alarm(&mut self, slot: u32, at: Moment) {
        let Some(running) = self.runs.get_mut(slot) else { return };
        let before = std::mem::replace(&mut running.alarm, at);
        let stamp = running.run.stamp();
        if before != Moment::NEVER {
            self.disarm();
        }
        self.arm(Alarm::new(at, Topic::Run, slot, stamp));
    }

    pub(super) fn run_alarm(&mut self, kinds: &mut [Box<dyn Owner>], alarm: Alarm) {
        if !is_live(&self.runs, &alarm) {
            return;
        }
        let Some(running) = self.runs.get_mut(alarm.slot()) else { return };
        running.alarm = Moment::NEVER;
        match running.stage {
            Stage::Guard => {}
            Stage::Leaving => self.give_up_guard(alarm.slot()),
            Stage::Retry => self.next_attempt(alarm.slot()),
            Stage::Body if running.stopping.is_none() => self.stop(kinds, alarm.slot(), Stop::TimedOut),
            Stage::Body => self.drop_now(kinds, alarm.slot()),
            Stage::Dropped => self.leave_stuck(kinds, alarm.slot()),
        }
    }

    fn next_attempt(&mut self, slot: u32) {
        let now = self.now.moment;
        let Some(running) = self.runs.get_mut(slot) else { return };
        running.stage = Stage::Body;
        running.started = now;
        let run = Arc::clone(&running.run);
        let lateness = now.since(running.due);
        self.attempt_started(slot, &run, Trigger::Retry, lateness);
        self.rest.launches.push(Launch { slot, run, guarded: false });
    }

    /// Asks a run to stop; it is dropped when its grace is over.
    pub(crate) fn stop(&mut self, kinds: &mut [Box<dyn Owner>], slot: u32, why: Stop) {
        let Some(running) = self.runs.get_mut(slot) else { return };
        match running.stage {
            Stage::Dropped => {
                running.last |= matches!(why, Stop::Cancelled(_));
                self.await_dropped(slot);
            }
            Stage::Leaving => self.await_dropped(slot),
            Stage::Guard => self.stop_guard(kinds, slot, &why),
            Stage::Retry => self.stop_retry(kinds, slot, &why),
            Stage::Body if running.stopping.is_some() => {
                // What it is called stays as it was; but who cancels wants no further attempt.
                running.last |= matches!(why, Stop::Cancelled(_));
                self.bound_grace(slot);
            }
            Stage::Body => {
                running.stopping = Some(why);
                running.run.ask();
                self.begin_grace(kinds, slot);
            }
        }
    }

    pub(super) fn stop_guard(&mut self, kinds: &mut [Box<dyn Owner>], slot: u32, why: &Stop) {
        let Some(running) = self.runs.get_mut(slot) else { return };
        running.stage = Stage::Leaving;
        let run = Arc::clone(&running.run);
        run.set_slot(u32::MAX);
        run.abort();
        match why {
            Stop::Shutdown => self.miss(&run, MissReason::Shutdown),
            Stop::TimedOut | Stop::Cancelled(_) => self.skip(&run, SkipReason::Cancelled, None),
        }
        if let Some(owner) = owner(kinds, &run.job) {
            owner.on_answer(self, &run, slot, Answer::Stopped);
        }
        self.await_dropped(slot);
    }

    /// The task of a guard that was given up is gone.
    pub(super) fn guard_left(&mut self, slot: u32) {
        if self.vacate(slot).is_some_and(|running| running.alarm != Moment::NEVER) {
            self.disarm();
        }
    }

    /// A guard that blocks its thread is not waited for any longer.
    fn give_up_guard(&mut self, slot: u32) {
        self.stuck = true;
        self.abandon(slot);
        self.guard_left(slot);
    }

    pub(super) fn stop_retry(&mut self, kinds: &mut [Box<dyn Owner>], slot: u32, why: &Stop) {
        let (outcome, ending) = match why {
            Stop::TimedOut => (Outcome::TimedOut, Ending::TimedOut),
            Stop::Cancelled(reason) => (Outcome::Cancelled, Ending::Cancelled(Arc::clone(reason))),
            Stop::Shutdown => (Outcome::Interrupted, Ending::Interrupted),
        };
        if let Some(run) = self.runs.get(slot).map(|running| Arc::clone(&running.run)) {
            self.post(Some(&run.job), Some(run.id), EventKind::NotRetried { attempt: run.attempt(), outcome });
        }
        self.finalize(kinds, slot, outcome, ending, None, None);
    }

    /// A task that was dropped before the shutdown, and is not gone yet, is waited for like one dropped by it.
    fn await_dropped(&mut self, slot: u32) {
        if let Life::Draining { .. } = self.life {
            self.set_alarm(slot, self.now.moment + STUCK);
        }
    }

    /// Names a run among those the shutdown did not wait for.
    fn abandon(&mut self, slot: u32) {
        if let Some(running) = self.runs.get_mut(slot)
            && !std::mem::replace(&mut running.abandoned, true)
        {
            self.abandoned.push(Arc::clone(&running.run.job.name));
        }
    }

    /// A run that is stopping already does not outlast the shutdown, nor the grace it has in it.
    fn bound_grace(&mut self, slot: u32) {
        let Life::Draining { deadline } = self.life else { return };
        let Some(running) = self.runs.get(slot) else { return };
        let end = match running.run.job.options.job_shutdown {
            Grace::Length(length) => deadline.min(self.now.moment + length),
            Grace::BrutalKill => self.now.moment,
            Grace::Infinity => deadline,
        };
        if running.alarm > end {
            self.set_alarm(slot, end);
        }
    }

    fn begin_grace(&mut self, kinds: &mut [Box<dyn Owner>], slot: u32) {
        let Some(running) = self.runs.get(slot) else { return };
        let draining = matches!(running.stopping, Some(Stop::Shutdown));
        let job = &running.run.job;
        let end = match job.options.job_shutdown {
            _ if job.is_blocking() && !draining => Moment::NEVER,
            _ if !job.hears() && !draining => self.now.moment,
            Grace::BrutalKill => self.now.moment,
            Grace::Length(length) => self.now.moment + length,
            Grace::Infinity => Moment::NEVER,
        };
        let end = match self.life {
            Life::Draining { deadline } => end.min(deadline),
            Life::Open | Life::Over => end,
        };
        if end <= self.now.moment {
            self.drop_now(kinds, slot);
        } else {
            self.set_alarm(slot, end);
        }
    }

    /// Drops a run whose grace is over.
    pub(super) fn drop_now(&mut self, kinds: &mut [Box<dyn Owner>], slot: u32) {
        let draining = matches!(self.life, Life::Draining { .. });
        if draining {
            self.abandon(slot);
        }
        let Some(running) = self.runs.get_mut(slot) else { return };
        if !running.run.job.is_blocking() {
            running.stage = Stage::Dropped;
            running.run.abort();
            if draining {
                self.set_alarm(slot, self.now.moment + STUCK);
            } else {
                self.set_alarm(slot, Moment::NEVER);
            }
        } else if draining {
            self.leave_stuck(kinds, slot);
        }
    }

    /// Closes the books of a run that cannot be ended: it blocks its thread.
    fn leave_stuck(&mut self, kinds: &mut [Box<dyn Owner>], slot: u32) {
        self.stuck = true;
        self.abandon(slot);
        self.write_off(kinds, slot);
    }

    /// Closes the books of an attempt whose task is not waited for; its state is lost.
    pub(super) fn write_off(&mut self, kinds: &mut [Box<dyn Owner>], slot: u32) {
        let Some(run) = self.runs.get(slot).map(|running| Arc::clone(&running.run)) else { return };
        // A thread that has not come to its function yet does not begin with it.
        run.abort();
        self.rest.lost.extend(run.cell.clone());
        self.conclude_attempt(kinds, slot, End::Dropped);
    }
}
