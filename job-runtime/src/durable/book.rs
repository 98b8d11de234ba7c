//! What of the jobs in a store is at work in this process.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::line::Line;
use super::office::Office;
use super::row::{Claim, Parked, Row};
use super::settle::{End, Settlement};
use super::store::Subject;
use super::tick::CLUSTER;
use crate::engine::supervisor::{Answer, Conclusion, Core, Owner, Stop};
use crate::engine::timers::{Alarm, Topic};
use crate::error::{Error, Result};
use crate::event::EventKind;
use crate::job::{Cell, Directive, Job, JobInfo, Keep, Key, Order, Run, Unknown};
use crate::outcome::{Kind, Outcome, RunId, Trigger};
use crate::panics::held;

/// How many coming ticks are shown.
const SHOWN: usize = 5;

/// All jobs of a runtime that are kept in a store.
pub(crate) struct Durable {
    pub(super) office: Arc<Office>,
    /// Rows that this process has claimed.
    pub(super) holds: HashMap<i64, Hold>,
    /// Recurring jobs of all nodes, by their numbers.
    pub(super) lines: HashMap<u32, Line>,
}

/// A row that is claimed here.
pub(super) struct Hold {
    pub(super) run: Arc<Run>,
    claim: Claim,
    max_attempts: u32,
    queue: Arc<str>,
    keyed: bool,
    solitary: bool,
}

/// A claimed row with what its job is given.
pub(super) struct Arrival {
    pub(super) row: Row,
    pub(super) given: Result<Box<dyn Any + Send>, String>,
    /// What of its output outlasts it.
    pub(super) keep: Keep,
    /// Whether its occasion is counted elsewhere, with others.
    pub(super) counted: bool,
}

impl Hold {
    pub(super) fn of(row: &Row, run: Arc<Run>) -> Self {
        Self {
            run,
            claim: row.claim,
            max_attempts: row.max_attempts,
            queue: Arc::clone(&row.queue),
            keyed: row.keyed,
            solitary: row.is_solitary(),
        }
    }

    pub(super) fn claim(&self) -> Claim {
        self.claim
    }
}

impl Durable {
    pub(crate) fn new(office: Arc<Office>) -> Self {
        Self { office, holds: HashMap::new(), lines: HashMap::new() }
    }

    /// Rows that were claimed start, unless they cannot.
    pub(super) fn arrive(&mut self, core: &mut Core, arrival: Arrival) -> Option<Arc<Run>> {
        let Arrival { row, given, keep, counted } = arrival;
        let entry = core.names.get(&*row.name).copied().filter(|_| !core.is_closing());
        let job = entry.and_then(|entry| core.job(entry)).filter(|job| job.is_stored()).cloned();
        let (Some(entry), Some(job)) = (entry, job) else {
            self.hand_back(&row, End::Released, None);
            return None;
        };
        let given = match given {
            Ok(given) => given,
            Err(error) => {
                core.post(
                    Some(&job),
                    Some(RunId::of_row(row.claim.id)),
                    EventKind::Parked { reason: error.as_str().into() },
                );
                self.hand_back(&row, End::Parked(Parked::Undecodable), Some(error.into()));
                return None;
            }
        };
        let nominal = core.now.moment_at(self.office.here(row.run_at));
        let order = Order {
            job,
            trigger: row.trigger,
            scheduled_at: row.scheduled_at,
            nominal,
            ready: nominal,
            args: None,
            cell: None,
            given: Some(given),
            keep,
            entry,
            unit: u32::MAX,
        };
        let run = Run::new(RunId::of_row(row.claim.id), row.claim.attempt, order);
        self.holds.insert(row.claim.id, Hold::of(&row, Arc::clone(&run)));
        let first = row.starts <= 1;
        if first && !counted {
            core.ledger(entry, |ledger| ledger.due(1));
        }
        if row.asking {
            core.ask_guard(Arc::clone(&run));
        } else if first {
            core.start(Arc::clone(&run));
        } else {
            core.start_further(Arc::clone(&run));
        }
        Some(run)
    }

    /// Runs a job once with these arguments, beside the store.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) fn perform(core: &mut Core, job: &Arc<Job>, given: Box<dyn Any + Send>) -> Arc<Run> {
        let (entry, now) = (job.entry(), core.now);
        core.ledger(entry, |ledger| ledger.due(1));
        let run = core.order(Order {
            job: Arc::clone(job),
            trigger: Trigger::Manual,
            scheduled_at: now.wall,
            nominal: now.moment,
            ready: now.moment,
            args: None,
            cell: None,
            given: Some(given),
            keep: Keep::Output,
            entry,
            unit: u32::MAX,
        });
        core.start(Arc::clone(&run));
        run
    }

    /// Gives a row back that did not start.
    pub(super) fn hand_back(&mut self, row: &Row, end: End, error: Option<Arc<str>>) {
        self.vacate(&row.queue, row.is_solitary());
        let outcome = if error.is_some() { Outcome::Failed } else { Outcome::Interrupted };
        let (name, awaited) = (Arc::clone(&row.name), &*row.queue == CLUSTER);
        self.office.hand_over(Settlement { claim: row.claim, end, outcome, error, keyed: row.keyed, name, awaited });
    }

    /// A place is free again.
    fn vacate(&self, queue: &str, solitary: bool) {
        self.office.desk().vacate(queue, solitary);
        self.office.fetch.notify_one();
    }

    /// A claimed row is done with here.
    pub(super) fn let_go(&mut self, id: i64, end: End, outcome: Outcome, error: Option<Arc<str>>) {
        let Some(Hold { run, claim, queue, keyed, solitary, .. }) = self.holds.remove(&id) else { return };
        let (name, awaited) = (Arc::clone(&run.job.name), &*queue == CLUSTER);
        self.office.hand_over(Settlement { claim, end, outcome, error, keyed, name, awaited });
        self.vacate(&queue, solitary);
    }

    /// What a row gives its job.
    pub(super) fn given(&self, row: &Row) -> Result<Box<dyn Any + Send>, String> {
        let job = self.office.desk().job(&row.name).cloned();
        job.map_or_else(|| Err("there is no such job".to_owned()), |job| Self::read(&job, &row.args))
    }

    /// A row waits in the store again, and is not ours any more.
    pub(super) fn forget(&mut self, id: i64) {
        if let Some(hold) = self.holds.remove(&id) {
            self.vacate(&hold.queue, hold.solitary);
        }
    }

    /// What becomes of the row of a run that has ended.
    fn verdict(&self, core: &mut Core, run: &Run, end: &Conclusion) -> End {
        let attempt = run.attempt();
        let left = run.id.row().and_then(|id| self.holds.get(&id)).is_some_and(|hold| attempt < hold.max_attempts);
        match (end.outcome, &end.directive) {
            (Outcome::Cancelled, _) => End::Cancelled,
            (Outcome::Interrupted, _) => End::Released,
            (_, Some(Directive::Snooze(delay))) => End::Snooze(*delay),
            (_, Some(Directive::RetryAfter(delay))) if left => End::Retry(*delay),
            (Outcome::Completed, _) => End::Completed,
            (Outcome::Failed | Outcome::Panicked | Outcome::TimedOut, _) if left => {
                let chance = core.chance();
                End::Retry(run.job.options.backoff().delay(attempt, chance))
            }
            (Outcome::Failed | Outcome::Panicked | Outcome::TimedOut, _) => End::Discarded,
        }
    }

    /// The lease is lost: others have what was claimed under it.
    pub(super) fn lose_all(&mut self, core: &mut Core) {
        for hold in self.holds.values() {
            if let Some(slot) = core.slot_of(&hold.run) {
                core.request_stop(slot, Stop::Cancelled("its lease was lost, and another node has it".into()));
            }
        }
    }

    /// Somebody wants a job stopped that runs here.
    pub(super) fn stop(&mut self, core: &mut Core, id: i64, reason: &str) {
        if let Some(slot) = self.holds.get(&id).and_then(|hold| core.slot_of(&hold.run)) {
            core.request_stop(slot, Stop::Cancelled(reason.into()));
        }
    }
}

impl Owner for Durable {
    fn owns(&self, job: &Job) -> bool {
        job.is_stored()
    }

    fn topics(&self) -> &'static [Topic] {
        &[]
    }

    fn admit(&mut self, core: &mut Core, entry: u32) {
        let Some(job) = core.job(entry).cloned() else { return };
        core.unit_added(entry);
        let mut desk = self.office.desk();
        desk.take_in(&job, &self.office.settings);
        drop(desk);
        if job.kind == Kind::Periodic {
            self.lines.insert(entry, Line::new(&job));
        }
    }

    fn begin(&mut self, core: &mut Core, entry: u32, _trigger: Trigger) {
        self.allow(core, entry, true);
    }

    fn halt(&mut self, core: &mut Core, entry: u32) {
        self.allow(core, entry, false);
        for slot in core.runs_of_job(entry) {
            core.request_stop(slot, Stop::Shutdown);
        }
    }

    fn remove(&mut self, core: &mut Core, entry: u32) {
        self.allow(core, entry, false);
        if let Some(job) = core.job(entry) {
            self.office.desk().forget(&job.name);
        }
        self.drop_line(core, entry);
        core.unname(entry);
        for slot in core.runs_of_job(entry) {
            core.request_stop(slot, Stop::Shutdown);
        }
        core.unit_gone(entry);
    }

    fn on_resume(&mut self, core: &mut Core, entry: u32) {
        self.allow(core, entry, true);
    }

    fn on_pause(&mut self, core: &mut Core, entry: u32) {
        self.allow(core, entry, false);
    }

    fn on_failures(&mut self, core: &mut Core, entry: u32, reason: &Arc<str>) {
        self.allow(core, entry, false);
        if let Some(job) = core.job(entry) {
            self.office.desk().to_pause.push((entry, Arc::clone(&job.name), Arc::clone(reason)));
        }
    }

    fn request(&mut self, core: &mut Core, entry: u32, _handle: bool) -> Result<Vec<Arc<Run>>> {
        core.check_open(entry)?;
        let name = core.name_of(entry);
        Err(Error::refused(format!("job `{name}` is kept in a store: enqueue it")))
    }

    fn next(&self, _core: &Core, entry: u32, count: usize) -> Vec<SystemTime> {
        self.lines.get(&entry).map(|line| line.upcoming(count)).unwrap_or_default()
    }

    fn describe(&self, core: &Core, entry: u32, info: &mut JobInfo) {
        let Some(job) = core.job(entry) else { return };
        info.policies =
            job.options.policies(job.state.is_some(), job.timetable.dst().filter(|_| job.kind == Kind::Periodic));
        info.next = self.next(core, entry, SHOWN);
        if job.kind == Kind::Periodic {
            info.schedule = Some(job.timetable.describe());
            info.zone = job.timetable.zone().into();
        }
        let desk = self.office.desk();
        info.paused = info.paused.take().or_else(|| desk.is_paused(Subject::Job, &job.name).map(Arc::from));
    }

    fn undecided(&self, entry: u32) -> u64 {
        self.lines.get(&entry).map_or(0, Line::undecided)
    }

    fn cell(&self, _entry: u32, _key: Option<&Key>) -> Result<Option<Arc<Cell>>, Unknown> {
        Ok(None)
    }

    fn on_alarm(&mut self, _core: &mut Core, _alarm: Alarm) {}

    fn is_live(&self, _alarm: &Alarm) -> bool {
        false
    }

    fn on_answer(&mut self, core: &mut Core, run: &Arc<Run>, slot: u32, answer: Answer) -> bool {
        self.guard_answered(core, run, slot, answer);
        false
    }

    fn on_end(&mut self, core: &mut Core, run: &Arc<Run>, end: Conclusion) {
        let Some(id) = run.id.row() else { return };
        let verdict = self.verdict(core, run, &end);
        let retried = match verdict {
            End::Retry(delay) => Some((run.attempt() + 1, delay)),
            End::Snooze(delay) => Some((run.attempt(), delay)),
            End::Completed | End::Cancelled | End::Discarded | End::Released | End::Parked(_) | End::Declined => None,
        };
        if let Some((attempt, delay)) = retried {
            core.post(Some(&run.job), Some(run.id), EventKind::Retrying { attempt, delay });
        }
        core.discard(end.cause);
        self.let_go(id, verdict, end.outcome, end.error);
    }

    fn on_cancel(&mut self, core: &mut Core, run: &Arc<Run>, reason: &str) {
        self.cancel_waiting(core, run, reason);
    }

    fn on_drain(&mut self, core: &mut Core) {
        self.office.close();
        self.drop_undecided(core);
    }
}

impl Durable {
    /// Whether this process works on a job.
    pub(super) fn allow(&mut self, core: &Core, entry: u32, on: bool) {
        let Some(job) = core.job(entry) else { return };
        let on = on && !core.is_paused(entry) && !core.is_halted(entry);
        self.office.desk().allow(&job.name, on);
        self.office.fetch.notify_one();
        self.office.decide.notify_one();
    }
}

impl Durable {
    /// What a job is given: the arguments of one in a queue, and nothing to a tick.
    pub(crate) fn read(job: &Job, args: &str) -> Result<Box<dyn Any + Send>, String> {
        match &job.wire {
            Some(wire) => held(|| wire.read(args)).unwrap_or_else(|| Err("reading them panicked".to_owned())),
            None => Ok(Box::new(())),
        }
    }
}
