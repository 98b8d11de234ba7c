//! What becomes of an occasion: guard, overlap, waiting, the end of the run before, cancellation.

use std::sync::Arc;
use std::time::Duration;

use super::book::{Fate, Periodics};
use super::unit::{ChainStage, Tick, Unit, Waiting, deadline_of};
use crate::clock::Moment;
use crate::engine::instances::Instance;
use crate::engine::supervisor::{Answer, Core, Stop};
use crate::engine::timers::{Alarm, Topic};
use crate::event::EventKind;
use crate::job::{Keep, Run};
use crate::outcome::{MissReason, SkipReason, Trigger};
use crate::policy::missed;
use crate::policy::overlap::{self, Decision};

/// How many ticks may wait for a slow guard.
const GUARD_QUEUE: usize = 1_024;

impl Periodics {
    /// An occasion asks to become a run: first the guard, then the overlap policy.
    pub(crate) fn propose(&mut self, core: &mut Core, slot: u32, run: Arc<Run>) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        let stand_in = core.entries.get(unit.entry()).and_then(|entry| entry.guard);
        if unit.job.guard.is_none() && stand_in.is_none() {
            return self.decide(core, slot, &run);
        }
        if run.trigger == Trigger::Schedule && core.is_quiet(unit.entry()) {
            return self.decline(core, slot, &run, SkipReason::Paused);
        }
        match stand_in {
            Some(true) => return self.decide(core, slot, &run),
            Some(false) => return self.decline(core, slot, &run, SkipReason::Guard),
            None => {}
        }
        let queue = &mut unit.more().guard_queue;
        if queue.len() >= GUARD_QUEUE {
            return self.decline(core, slot, &run, SkipReason::AlreadyPending);
        }
        // The next of a catch-up is older than ticks that came while the one before it was on.
        let place = queue.partition_point(|queued| (queued.nominal, queued.id) < (run.nominal, run.id));
        queue.insert(place, run);
        self.ask_next(core, slot);
    }

    /// Asks the guard for the oldest that waits for it, unless it is being asked.
    fn ask_next(&mut self, core: &mut Core, slot: u32) {
        while let Some(more) = self.units.get_mut(slot).and_then(|unit| unit.more.as_mut())
            && more.guarding.is_none()
            && let Some(run) = more.guard_queue.pop_front()
        {
            if run.trigger == Trigger::Schedule && core.is_quiet(run.entry) {
                self.decline(core, slot, &run, SkipReason::Paused);
            } else {
                more.guarding = Some(core.ask_guard(run));
            }
        }
    }

    pub(super) fn decide(&mut self, core: &mut Core, slot: u32, run: &Arc<Run>) {
        if self.may_start(core, slot, run)
            && let Some(unit) = self.units.get_mut(slot)
        {
            let place = core.start(Arc::clone(run));
            unit.started(run, place);
        }
    }

    /// The guard of a run answered; true when it goes on in its task.
    pub(crate) fn guard_answered(&mut self, core: &mut Core, run: &Arc<Run>, slot: u32, answer: Answer) -> bool {
        let unit_slot = run.unit;
        // The guard counts as being asked until its answer is acted upon, so that what follows from that waits its
        // turn.
        let goes_on = match answer {
            Answer::Yes if self.may_start(core, unit_slot, run) => {
                if let Some(unit) = self.units.get_mut(unit_slot) {
                    unit.started(run, slot);
                }
                core.start_in_place(run, slot);
                true
            }
            Answer::Yes => {
                core.leave_guard(run, slot);
                false
            }
            Answer::No => {
                core.leave_guard(run, slot);
                self.decline(core, unit_slot, run, SkipReason::Guard);
                false
            }
            Answer::Stopped => {
                self.declined(core, unit_slot, run);
                false
            }
        };
        if let Some(more) = self.units.get_mut(unit_slot).and_then(|unit| unit.more.as_mut()) {
            more.guarding = None;
        }
        self.ask_next(core, unit_slot);
        self.after_nothing(core, unit_slot);
        self.free(core, unit_slot);
        goes_on
    }

    /// Whether a run may start now; when not, what becomes of it is done here.
    fn may_start(&mut self, core: &mut Core, slot: u32, run: &Arc<Run>) -> bool {
        self.expire(core, slot, core.now.moment);
        let Some(unit) = self.units.get_mut(slot) else { return false };
        if unit.is_leaving() {
            self.decline(core, slot, run, SkipReason::Cancelled);
            return false;
        }
        if run.trigger == Trigger::Schedule && core.is_quiet(unit.entry()) {
            self.decline(core, slot, run, SkipReason::Paused);
            return false;
        }
        if is_expired(run, core.now.moment) {
            core.miss(run, MissReason::StartDeadline);
            self.declined(core, slot, run);
            return false;
        }
        match overlap::decide(unit.job.options.overlap(unit.job.state.is_some()), unit.situation(run)) {
            Decision::Start => return true,
            Decision::Skip(reason) => self.decline(core, slot, run, reason),
            Decision::Wait => self.wait(core, slot, run, false),
            Decision::Stop => return self.stop_previous(core, slot, run),
            Decision::Replace => self.replace(core, slot, run),
        }
        false
    }

    /// Stops what is on; true when nothing runs, between two runs of a catch-up, so that the run may start at once.
    fn stop_previous(&mut self, core: &mut Core, slot: u32, run: &Arc<Run>) -> bool {
        if self.units.get(slot).is_some_and(|unit| unit.chain_stage() != ChainStage::Before) {
            let running = self.runs_of(core, slot).first().and_then(|running| core.run_id(*running));
            self.supersede_chain(core, slot, running);
        }
        let idle = self.units.get(slot).is_some_and(|unit| unit.active == 0);
        if !idle {
            self.wait(core, slot, run, true);
        }
        idle
    }

    /// Lets a run wait until nothing of its unit is running, after asking what runs to stop if `stop` says so.
    fn wait(&mut self, core: &mut Core, slot: u32, run: &Arc<Run>, stop: bool) {
        let running = if stop { self.runs_of(core, slot) } else { Vec::new() };
        let Some(unit) = self.units.get_mut(slot) else { return };
        let stopping = if stop {
            for previous in &running {
                core.request_stop(*previous, Stop::Cancelled("stopped, because a new run is about to start".into()));
            }
            running.first().and_then(|previous| core.run_id(*previous))
        } else {
            None
        };
        unit.more().waiting = Some(Waiting { run: Arc::clone(run), stopping });
        arm_deadline(core, unit, slot, run);
    }

    /// Gives up what waits, if it could not start by its deadline.
    pub(super) fn expire(&mut self, core: &mut Core, slot: u32, now: Moment) {
        let Some(more) = self.units.get_mut(slot).and_then(|unit| unit.more.as_mut()) else { return };
        if let Some(Waiting { run, .. }) = more.waiting.take_if(|waiting| is_expired(&waiting.run, now)) {
            core.miss(&run, MissReason::StartDeadline);
            self.declined(core, slot, &run);
        }
    }

    pub(super) fn replace(&mut self, core: &mut Core, slot: u32, run: &Arc<Run>) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        if let Some(waiting) = &mut unit.more().waiting {
            let older = std::mem::replace(&mut waiting.run, Arc::clone(run));
            let running = waiting.stopping;
            core.skip(&older, SkipReason::Superseded, running);
            forget_deadline(core, &older);
            arm_deadline(core, unit, slot, run);
            if unit.is_in_chain(&older) {
                unit.more().chain_run = None;
                self.supersede_chain(core, slot, running);
            }
        }
    }

    fn decline(&mut self, core: &mut Core, slot: u32, run: &Arc<Run>, reason: SkipReason) {
        let running = match (reason, self.units.get(slot)) {
            (SkipReason::StillRunning | SkipReason::AlreadyPending | SkipReason::MaxRunning, Some(unit)) => {
                let newest = Some(unit.newest).filter(|newest| core.is_run_of(*newest, unit.entry(), slot));
                newest.or_else(|| self.runs_of(core, slot).pop()).and_then(|newest| core.run_id(newest))
            }
            _ => None,
        };
        core.skip(run, reason, running);
        self.declined(core, slot, run);
    }

    /// What follows when an occasion ends without a run.
    pub(super) fn declined(&mut self, core: &mut Core, slot: u32, run: &Run) {
        if self.units.get(slot).is_some_and(|unit| unit.is_in_chain(run)) {
            self.next_in_chain(core, slot);
            self.start_waiting(core, slot);
        }
        self.after_nothing(core, slot);
    }

    /// A run of a unit is over: what waited for that?
    pub(crate) fn run_ended(&mut self, core: &mut Core, run: &Run) {
        let slot = run.unit;
        let Some(unit) = self.units.get_mut(slot) else { return };
        unit.active -= 1;
        if unit.is_in_chain(run) {
            unit.more().chain_stage = ChainStage::Between;
            self.next_in_chain(core, slot);
        }
        self.start_waiting(core, slot);
        self.after_nothing(core, slot);
        self.free(core, slot);
    }

    /// What waits starts when nothing runs any more, and not in the middle of a catch-up.
    fn start_waiting(&mut self, core: &mut Core, slot: u32) {
        let Some(unit) = self.units.get_mut(slot).filter(|unit| unit.active == 0) else { return };
        if unit.chain_stage() == ChainStage::Between {
            return;
        }
        let Some(Waiting { run, stopping }) = unit.more.as_mut().and_then(|more| more.waiting.take()) else { return };
        forget_deadline(core, &run);
        if let Some(previous) = stopping {
            core.post(Some(&run.job), Some(run.id), EventKind::StoppedPrevious { previous });
        }
        self.decide(core, slot, &run);
    }

    /// Ends everything of a unit that waits.
    pub(crate) fn drop_undecided(&mut self, core: &mut Core, slot: u32, fate: Fate) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        let entry = unit.entry();
        let Some(more) = &mut unit.more else { return };
        let waiting = more.waiting.take().map(|waiting| waiting.run);
        let delayed = more.delayed.drain(..).map(|(_, run)| run);
        let runs: Vec<Arc<Run>> = more.guard_queue.drain(..).chain(delayed).collect();
        let chain: Vec<Tick> = more.chain.drain(..).collect();
        if let Some(run) = &waiting {
            forget_deadline(core, run);
        }
        for run in runs.into_iter().chain(waiting) {
            end(core, &run, fate);
        }
        match (fate, chain.first(), chain.last()) {
            (Fate::Shutdown, Some(first), Some(last)) => {
                let count = u64::try_from(chain.len()).unwrap_or(u64::MAX);
                core.miss_span(entry, MissReason::Shutdown, count, first.scheduled_at, last.scheduled_at);
            }
            _ => {
                for tick in chain {
                    let run = self.occasion(core, slot, Trigger::Schedule, tick, Duration::ZERO, Keep::Nothing);
                    if let Some(run) = run {
                        end(core, &run, fate);
                    }
                }
            }
        }
    }

    /// Cancels one run that waits.
    pub(crate) fn cancel_undecided(&mut self, core: &mut Core, run: &Arc<Run>, reason: &str) {
        let Some(more) = self.units.get_mut(run.unit).and_then(|unit| unit.more.as_mut()) else { return };
        let before = more.delayed.len() + more.guard_queue.len();
        more.delayed.retain(|(_, delayed)| delayed.id != run.id);
        more.guard_queue.retain(|queued| queued.id != run.id);
        let waiting = more.waiting.take_if(|waiting| waiting.run.id == run.id).is_some();
        if waiting {
            forget_deadline(core, run);
        }
        if waiting || more.delayed.len() + more.guard_queue.len() < before {
            core.skip_because(run, SkipReason::Cancelled, None, reason.into());
            self.declined(core, run.unit, run);
        }
    }
}

pub(super) fn is_expired(run: &Run, now: Moment) -> bool {
    run.trigger == Trigger::Schedule && missed::expired(now.since(run.ready), run.job.options.start_deadline)
}

/// Wakes up just after the start deadline of a run that waits, so that its miss is told in time.
fn arm_deadline(core: &mut Core, unit: &Unit, slot: u32, run: &Run) {
    if let Some(at) = deadline_of(run) {
        core.arm(Alarm::new(at, Topic::Waiting, slot, unit.stamp));
    }
}

fn end(core: &mut Core, run: &Arc<Run>, fate: Fate) {
    match fate {
        Fate::Cancelled => core.skip(run, SkipReason::Cancelled, None),
        Fate::Shutdown => core.miss(run, MissReason::Shutdown),
    }
}

/// Gives up the alarm of a run that waits no more.
fn forget_deadline(core: &mut Core, run: &Run) {
    if deadline_of(run).is_some() {
        core.disarm();
    }
}
