//! From a tick to a run: what is due, what is missed, who waits, who starts.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::unit::{Periodics, Unit, Waiting};
use crate::clock::{Moment, Now, earlier};
use crate::engine::supervisor::{Answer, Core, Stop};
use crate::engine::timers::{Alarm, Topic};
use crate::event::EventKind;
use crate::job::Run;
use crate::outcome::{MissReason, SkipReason, Trigger};
use crate::policy::delay::start_delay;
use crate::policy::missed::{self, Missed};
use crate::policy::overlap::{self, Decision, Situation};
use crate::schedule::{Timetable, next_of, span};

/// How many ticks may wait for a slow guard.
const GUARD_QUEUE: usize = 1_024;
/// How many overdue ticks of a schedule without equal periods are looked at one by one.
const WALK: usize = 100_000;

/// One nominal time, on both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tick {
    pub(crate) nominal: Moment,
    pub(crate) scheduled_at: SystemTime,
}

/// The ticks that are due, the newest of them by distance from the end.
enum Due {
    Every { count: u64, last: Moment, period: Duration },
    Aligned { count: u64, last: SystemTime, period: Duration },
    Calendar(Vec<SystemTime>),
}

/// Why what waits will never run.
#[derive(Clone, Copy)]
pub(crate) enum Fate {
    Cancelled,
    Shutdown,
}

impl Due {
    fn count(&self) -> u64 {
        match self {
            Self::Every { count, .. } | Self::Aligned { count, .. } => *count,
            Self::Calendar(times) => u64::try_from(times.len()).unwrap_or(u64::MAX),
        }
    }

    /// The tick that is `back` before the newest.
    fn tick(&self, back: u64, now: &Now) -> Tick {
        match self {
            Self::Every { last, period, .. } => {
                let nominal = last.before(*period, back);
                Tick { nominal, scheduled_at: now.wall_at(nominal) }
            }
            Self::Aligned { last, period, .. } => {
                let back = u32::try_from(back).map_or(Duration::MAX, |back| period.saturating_mul(back));
                on_wall(earlier(*last, back), now)
            }
            Self::Calendar(times) => {
                let index = usize::try_from(self.count().saturating_sub(back + 1)).unwrap_or(0);
                on_wall(times.get(index).copied().unwrap_or(now.wall), now)
            }
        }
    }
}

fn on_wall(scheduled_at: SystemTime, now: &Now) -> Tick {
    Tick { nominal: now.moment_at(scheduled_at), scheduled_at }
}

impl Periodics {
    // ---- arming

    /// Arms the first tick of a new unit.
    pub(crate) fn arm_first(&mut self, core: &mut Core, slot: u32) {
        let Some(unit) = self.units.get(slot) else { return };
        let now = core.now.moment;
        match (unit.job.options.initial_delay, unit.timetable()) {
            (Some(delay), Timetable::Every(_)) => self.set_next(core, slot, now + delay),
            _ => self.arm_after(core, slot, now),
        }
    }

    /// Arms the tick one period after `from`, or the next one on the wall clock.
    pub(crate) fn arm_after(&mut self, core: &mut Core, slot: u32, from: Moment) {
        let Some(unit) = self.units.get(slot) else { return };
        match unit.timetable() {
            Timetable::Every(period) => {
                let next = from + *period;
                self.set_next(core, slot, next);
            }
            Timetable::Aligned(_) | Timetable::Calendar(_) => {
                let done = unit.more.as_ref().and_then(|more| more.last_wall);
                let after = done.map_or(core.now.wall, |done| done.max(core.now.wall));
                let next = unit.timetable().next_wall(after);
                self.set_next_wall(core, slot, next);
            }
        }
    }

    fn set_next(&mut self, core: &mut Core, slot: u32, at: Moment) {
        if core.manual || core.is_closing() {
            return;
        }
        let Some(unit) = self.units.get_mut(slot) else { return };
        if !unit.is_leaving() {
            unit.next = at;
            core.arm(Alarm::new(at, Topic::Tick, slot, unit.stamp));
        }
    }

    fn set_next_wall(&mut self, core: &mut Core, slot: u32, next: Option<SystemTime>) {
        if core.manual || core.is_closing() {
            return;
        }
        let Some(unit) = self.units.get_mut(slot) else { return };
        let before = std::mem::replace(&mut unit.more().next_wall, next);
        if before.is_some() != next.is_some() {
            core.follow_wall(next.is_some());
        }
        match next {
            Some(next) => self.set_next(core, slot, core.now.moment_at(next)),
            None => unit.next = Moment::NEVER,
        }
    }

    /// Gives up the armed tick.
    pub(crate) fn disarm(&mut self, core: &mut Core, slot: u32) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        if std::mem::replace(&mut unit.next, Moment::NEVER) != Moment::NEVER {
            core.disarm();
        }
        if unit.more.as_mut().is_some_and(|more| more.next_wall.take().is_some()) {
            core.follow_wall(false);
        }
    }

    /// The wall clock was stepped: what follows it is armed anew, and what became due by it is handled.
    pub(crate) fn follow_step(&mut self, core: &mut Core) {
        for slot in self.units.keys() {
            let Some(next) = self.units.get(slot).and_then(|unit| unit.more.as_ref()?.next_wall) else { continue };
            core.disarm();
            if next <= core.now.wall {
                self.tick_because(core, slot, MissReason::ClockStepped);
            } else {
                // Asked anew: after a step back, times that were never done come again.
                self.arm_after(core, slot, core.now.moment);
            }
        }
    }

    // ---- a tick

    /// The armed tick of a unit is due.
    pub(crate) fn tick(&mut self, core: &mut Core, slot: u32) {
        self.tick_because(core, slot, MissReason::Stalled);
    }

    fn tick_because(&mut self, core: &mut Core, slot: u32, reason: MissReason) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        let entry = unit.entry();
        let Some(due) = take_due(unit, &core.now) else {
            // A timer may be early by the wall clock; the tick may not.
            let next = unit.more.as_ref().and_then(|more| more.next_wall);
            return self.set_next_wall(core, slot, next);
        };
        core.ledger(entry, |ledger| ledger.due(due.count()));
        let ready = self.write_off(core, slot, &due, reason);
        self.rearm(core, slot, &due);
        match ready {
            Ready::None => self.after_nothing(core, slot),
            Ready::One { overdue } => self.one(core, slot, due.tick(0, &core.now), overdue),
            Ready::Chain(count) => {
                let ticks = (0..count).rev().map(|back| due.tick(back, &core.now)).collect();
                self.chain(core, slot, ticks);
            }
        }
    }

    /// Decides by `on_missed` which of the due ticks are lost.
    fn write_off(&mut self, core: &mut Core, slot: u32, due: &Due, reason: MissReason) -> Ready {
        let Some(unit) = self.units.get(slot) else { return Ready::None };
        let policy = unit.job.options.on_missed;
        let late = core.now.moment.since(due.tick(0, &core.now).nominal);
        let verdict = missed::decide(policy, due.count(), late);
        if verdict.missed > 0 {
            let oldest = due.tick(due.count() - 1, &core.now).scheduled_at;
            let last = due.tick(verdict.run, &core.now).scheduled_at;
            core.miss_span(unit.entry(), reason, verdict.missed, oldest, last);
        }
        match verdict.run {
            0 => Ready::None,
            1 => Ready::One { overdue: verdict.overdue && !matches!(policy, Missed::Skip) },
            count => Ready::Chain(count),
        }
    }

    /// Arms the tick after those that are due; a shifted schedule waits for the run to end.
    fn rearm(&mut self, core: &mut Core, slot: u32, due: &Due) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        match due {
            Due::Every { .. } if unit.is_shifted() => unit.next = Moment::NEVER,
            Due::Every { last, period, .. } => {
                let next = *last + *period;
                self.set_next(core, slot, next);
            }
            Due::Aligned { .. } | Due::Calendar(_) => {
                let last = due.tick(0, &core.now).scheduled_at;
                unit.more().last_wall = Some(last);
                let next = unit.timetable().next_wall(last);
                self.set_next_wall(core, slot, next);
            }
        }
    }

    /// In shifted mode a tick from which no run comes arms the next one itself.
    fn after_nothing(&mut self, core: &mut Core, slot: u32) {
        let Some(unit) = self.units.get(slot) else { return };
        if unit.is_shifted() && unit.next == Moment::NEVER && unit.active == 0 && unit.undecided() == 0 {
            self.arm_after(core, slot, core.now.moment);
        }
    }

    /// A single tick, which may wait for its jitter and splay.
    fn one(&mut self, core: &mut Core, slot: u32, tick: Tick, overdue: bool) {
        let Some(run) = self.occasion(core, slot, Trigger::Schedule, tick.nominal, tick.scheduled_at, None) else {
            return;
        };
        let options = &run.job.options;
        if overdue || (options.jitter.is_zero() && options.splay.is_zero()) || core.is_paused(run.entry) {
            return self.propose(core, slot, run);
        }
        let period = self.units.get(slot).and_then(|unit| unit.timetable().period());
        let delay = start_delay(options.jitter, self.splay(&run.job), period, core.chance());
        let at = tick.nominal + delay;
        if at <= core.now.moment {
            return self.propose(core, slot, run);
        }
        if let Some(unit) = self.units.get_mut(slot) {
            unit.more().delayed.push((at, run));
            core.arm(Alarm::new(at, Topic::Waiting, slot, unit.stamp));
        }
    }

    /// A catch-up of several ticks, one after another, the oldest first.
    fn chain(&mut self, core: &mut Core, slot: u32, ticks: Vec<Tick>) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        let more = unit.more();
        let under_way = more.chain_run.is_some();
        more.chain.extend(ticks);
        if !under_way {
            self.next_in_chain(core, slot);
        }
    }

    /// Goes on with a catch-up: in a loop, because any number of its ticks may be declined at once.
    fn next_in_chain(&mut self, core: &mut Core, slot: u32) {
        let Some(more) = self.units.get_mut(slot).and_then(|unit| unit.more.as_mut()) else { return };
        more.chain_run = None;
        if std::mem::replace(&mut more.chain_moves, true) {
            return;
        }
        while let Some(run) = self.take_from_chain(core, slot) {
            if let Some(unit) = self.units.get_mut(slot) {
                unit.more().chain_run = Some(run.id);
            }
            self.propose(core, slot, Arc::clone(&run));
            if self.units.get(slot).is_some_and(|unit| unit.is_in_chain(&run)) {
                break;
            }
        }
        if let Some(unit) = self.units.get_mut(slot) {
            unit.more().chain_moves = false;
        }
    }

    fn take_from_chain(&mut self, core: &mut Core, slot: u32) -> Option<Arc<Run>> {
        let tick = self.units.get_mut(slot)?.more.as_mut()?.chain.pop_front()?;
        self.occasion(core, slot, Trigger::Schedule, tick.nominal, tick.scheduled_at, None)
    }

    /// Gives up the rest of a catch-up for a newer tick.
    fn supersede_chain(&mut self, core: &mut Core, slot: u32) {
        while let Some(run) = self.take_from_chain(core, slot) {
            core.skip(&run, SkipReason::Superseded, None);
        }
    }

    /// Something of a unit has waited long enough.
    pub(crate) fn waited(&mut self, core: &mut Core, slot: u32) {
        let now = core.now.moment;
        let Some(more) = self.units.get_mut(slot).and_then(|unit| unit.more.as_mut()) else { return };
        let (mut ready, later): (Vec<_>, Vec<_>) = more.delayed.drain(..).partition(|(at, _)| *at <= now);
        more.delayed = later;
        ready.sort_by_key(|(at, run)| (*at, run.id));
        if let Some(Waiting { run, .. }) = more.waiting.take_if(|waiting| is_expired(&waiting.run, now)) {
            core.miss(&run, MissReason::StartDeadline);
            self.declined(core, slot, &run);
        }
        for (_, run) in ready {
            self.propose(core, slot, run);
        }
    }

    // ---- the decision

    /// An occasion asks to become a run: first the guard, then the overlap policy.
    pub(crate) fn propose(&mut self, core: &mut Core, slot: u32, run: Arc<Run>) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        let stand_in = core.entries.get(unit.entry()).and_then(|entry| entry.guard);
        if unit.job.guard.is_none() || stand_in.is_some() {
            if stand_in == Some(false) {
                return self.decline(core, slot, &run, SkipReason::Guard);
            }
            return self.decide(core, slot, run);
        }
        if run.trigger == Trigger::Schedule && core.is_paused(unit.entry()) {
            return self.decline(core, slot, &run, SkipReason::Paused);
        }
        let more = unit.more();
        if !more.guarding {
            more.guarding = true;
            core.ask_guard(run);
        } else if more.guard_queue.len() < GUARD_QUEUE {
            more.guard_queue.push_back(run);
        } else {
            self.decline(core, slot, &run, SkipReason::AlreadyPending);
        }
    }

    fn decide(&mut self, core: &mut Core, slot: u32, run: Arc<Run>) {
        if self.may_start(core, slot, &run)
            && let Some(unit) = self.units.get_mut(slot)
        {
            unit.active += 1;
            unit.newest = core.start(run);
        }
    }

    /// The guard of a run answered; true when it goes on in its task.
    pub(crate) fn guard_answered(&mut self, core: &mut Core, run: &Arc<Run>, slot: u32, answer: Answer) -> bool {
        let unit_slot = run.unit;
        let Some(unit) = self.units.get_mut(unit_slot) else { return false };
        let more = unit.more();
        more.guarding = false;
        let next = more.guard_queue.pop_front();
        let goes_on = match answer {
            Answer::Yes if self.may_start(core, unit_slot, run) => {
                if let Some(unit) = self.units.get_mut(unit_slot) {
                    unit.active += 1;
                    unit.newest = slot;
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
        if let Some(next) = next {
            self.propose(core, unit_slot, next);
        }
        self.free(core, unit_slot);
        goes_on
    }

    /// Whether a run may start now; when not, what becomes of it is done here.
    fn may_start(&mut self, core: &mut Core, slot: u32, run: &Arc<Run>) -> bool {
        let Some(unit) = self.units.get_mut(slot) else { return false };
        if unit.is_leaving() {
            self.decline(core, slot, run, SkipReason::Cancelled);
            return false;
        }
        if run.trigger == Trigger::Schedule && core.is_paused(unit.entry()) {
            self.decline(core, slot, run, SkipReason::Paused);
            return false;
        }
        if is_expired(run, core.now.moment) {
            core.miss(run, MissReason::StartDeadline);
            self.declined(core, slot, run);
            return false;
        }
        let options = &unit.job.options;
        let policy = options.overlap(unit.job.state.is_some());
        // A catch-up counts as running, also while the guard of its next run is asked.
        let chain = unit.more.as_ref().is_some_and(|more| more.chain_run.is_some()) && !unit.is_in_chain(run);
        let situation = Situation {
            running: usize::try_from(unit.active.max(u32::from(chain))).unwrap_or(usize::MAX),
            // What waits behind a catch-up waits for all of it.
            waiting: unit.more.as_ref().is_some_and(|more| more.waiting.is_some())
                && (unit.active > 0 || !unit.is_in_chain(run)),
            max_running: options.max_running,
        };
        match overlap::decide(policy, situation) {
            Decision::Start => return true,
            Decision::Skip(reason) => self.decline(core, slot, run, reason),
            Decision::Wait => self.wait(core, slot, run, false),
            Decision::Stop => self.wait(core, slot, run, true),
            Decision::Replace => self.replace(core, slot, run),
        }
        false
    }

    /// Lets a run wait until nothing of its unit is running, after asking what runs to stop if `stop` says so.
    fn wait(&mut self, core: &mut Core, slot: u32, run: &Arc<Run>, stop: bool) {
        if stop && self.units.get(slot).is_some_and(|unit| !unit.is_in_chain(run)) {
            self.supersede_chain(core, slot);
        }
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

    fn replace(&mut self, core: &mut Core, slot: u32, run: &Arc<Run>) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        if let Some(waiting) = &mut unit.more().waiting {
            let older = std::mem::replace(&mut waiting.run, Arc::clone(run));
            core.skip(&older, SkipReason::Superseded, waiting.stopping);
            arm_deadline(core, unit, slot, run);
            if unit.is_in_chain(&older) {
                unit.more().chain_run = None;
                self.supersede_chain(core, slot);
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
    fn declined(&mut self, core: &mut Core, slot: u32, run: &Run) {
        if self.units.get(slot).is_some_and(|unit| unit.is_in_chain(run)) {
            self.next_in_chain(core, slot);
            self.start_waiting(core, slot);
        }
        self.after_nothing(core, slot);
    }

    // ---- the end of a run

    /// A run of a unit is over: what waited for that?
    pub(crate) fn run_ended(&mut self, core: &mut Core, run: &Run) {
        let slot = run.unit;
        let Some(unit) = self.units.get_mut(slot) else { return };
        unit.active -= 1;
        let (chain_run, waiting) =
            unit.more.as_ref().map_or((None, false), |more| (more.chain_run, more.waiting.is_some()));
        if chain_run == Some(run.id) {
            self.next_in_chain(core, slot);
        }
        if waiting {
            self.start_waiting(core, slot);
        }
        self.after_nothing(core, slot);
        self.free(core, slot);
    }

    fn start_waiting(&mut self, core: &mut Core, slot: u32) {
        let Some(unit) = self.units.get_mut(slot).filter(|unit| unit.active == 0) else { return };
        let Some(Waiting { run, stopping }) = unit.more.as_mut().and_then(|more| more.waiting.take()) else { return };
        if let Some(previous) = stopping {
            core.post(Some(&run.job), Some(run.id), EventKind::StoppedPrevious { previous });
        }
        self.decide(core, slot, run);
    }

    // ---- what will never run

    /// Ends everything of a unit that waits.
    pub(crate) fn drop_undecided(&mut self, core: &mut Core, slot: u32, fate: Fate) {
        let Some(unit) = self.units.get_mut(slot) else { return };
        let Some(more) = &mut unit.more else { return };
        let waiting = more.waiting.take().map(|waiting| waiting.run);
        let delayed = more.delayed.drain(..).map(|(_, run)| run);
        let runs: Vec<Arc<Run>> = more.guard_queue.drain(..).chain(delayed).chain(waiting).collect();
        let chain: Vec<Tick> = more.chain.drain(..).collect();
        for run in runs {
            end(core, &run, fate);
        }
        for tick in chain {
            if let Some(run) = self.occasion(core, slot, Trigger::Schedule, tick.nominal, tick.scheduled_at, None) {
                end(core, &run, fate);
            }
        }
    }

    /// Cancels one run that waits.
    pub(crate) fn cancel_undecided(&mut self, core: &mut Core, run: &Arc<Run>) {
        let Some(more) = self.units.get_mut(run.unit).and_then(|unit| unit.more.as_mut()) else { return };
        let before = more.delayed.len() + more.guard_queue.len();
        more.delayed.retain(|(_, delayed)| delayed.id != run.id);
        more.guard_queue.retain(|queued| queued.id != run.id);
        let waiting = more.waiting.take_if(|waiting| waiting.run.id == run.id).is_some();
        if waiting || more.delayed.len() + more.guard_queue.len() < before {
            self.decline(core, run.unit, run, SkipReason::Cancelled);
        }
    }

    // ---- what is to come

    /// The next ticks of a unit, at most `count`.
    pub(crate) fn upcoming(&self, core: &Core, slot: u32, count: usize) -> Vec<SystemTime> {
        let Some(unit) = self.units.get(slot) else { return Vec::new() };
        if unit.next == Moment::NEVER {
            return Vec::new();
        }
        let first = unit.more.as_ref().and_then(|more| more.next_wall).unwrap_or_else(|| core.now.wall_at(unit.next));
        let count = if unit.is_shifted() { count.min(1) } else { count };
        std::iter::successors(Some(first), |last| unit.timetable().next_wall(*last)).take(count).collect()
    }

    /// Whether the armed tick should have been handled long ago.
    pub(crate) fn is_overdue(&self, core: &Core, slot: u32) -> bool {
        let Some(unit) = self.units.get(slot).filter(|unit| unit.next != Moment::NEVER) else { return false };
        let patience = unit.timetable().period().unwrap_or_default().max(Duration::from_secs(60));
        core.now.moment.since(unit.next) > patience
    }
}

/// What is left of the due ticks after `on_missed`.
enum Ready {
    None,
    One { overdue: bool },
    Chain(u64),
}

/// The ticks of a unit that are due now; `None` when the armed one is not due by its own clock.
fn take_due(unit: &mut Unit, now: &Now) -> Option<Due> {
    let next_wall = unit.more.as_ref().and_then(|more| more.next_wall);
    let next = unit.next;
    match unit.timetable() {
        Timetable::Every(_) if unit.is_shifted() => {
            (next <= now.moment).then_some(Due::Every { count: 1, last: next, period: Duration::ZERO })
        }
        Timetable::Every(period) => {
            let span = span(next, *period, now.moment)?;
            Some(Due::Every { count: span.count, last: span.last, period: *period })
        }
        Timetable::Aligned(period) => {
            let first = next_wall.filter(|first| *first <= now.wall)?;
            let since = now.wall.duration_since(first).ok()?;
            let further = u32::try_from(since.as_nanos().checked_div(period.as_nanos())?).unwrap_or(u32::MAX);
            let last = crate::clock::later(first, period.saturating_mul(further));
            Some(Due::Aligned { count: u64::from(further) + 1, last, period: *period })
        }
        Timetable::Calendar(rule) => {
            let first = next_wall.filter(|first| *first <= now.wall)?;
            let times = std::iter::successors(Some(first), |last| next_of(&**rule, *last));
            Some(Due::Calendar(times.take_while(|time| *time <= now.wall).take(WALK).collect()))
        }
    }
}

fn is_expired(run: &Run, now: Moment) -> bool {
    run.trigger == Trigger::Schedule && missed::expired(run.lateness(now), run.job.options.start_deadline)
}

/// Wakes up just after the start deadline of a run that waits, so that its miss is told in time.
fn arm_deadline(core: &mut Core, unit: &Unit, slot: u32, run: &Run) {
    if let Some(deadline) = run.job.options.start_deadline.filter(|_| run.trigger == Trigger::Schedule) {
        let at = run.nominal + deadline + Duration::from_nanos(1);
        core.arm(Alarm::new(at, Topic::Waiting, slot, unit.stamp));
    }
}

fn end(core: &mut Core, run: &Arc<Run>, fate: Fate) {
    match fate {
        Fate::Cancelled => core.skip(run, SkipReason::Cancelled, None),
        Fate::Shutdown => core.miss(run, MissReason::Shutdown),
    }
}
