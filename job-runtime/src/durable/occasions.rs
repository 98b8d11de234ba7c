//! What becomes of the occasions of recurring jobs of all nodes on this one.

use std::sync::Arc;
use std::time::SystemTime;

use super::book::{Arrival, Durable, Hold};
use super::line::{Decided, Waiting, deadline, deadline_of};
use super::row::{Claim, Row};
use super::settle::End;
use super::tick::{Admission, Advance, Enrolled, STOPPED, Ticked};
use crate::engine::supervisor::{Answer, Core};
use crate::event::EventKind;
use crate::job::{Keep, Order, Run};
use crate::outcome::{MissReason, Outcome, RunId, SkipReason, Trigger};

impl Durable {
    /// How far a schedule is.
    pub(super) fn enrolled(&mut self, entry: u32, enrolled: &Enrolled, now: SystemTime) {
        if let Some(line) = self.lines.get_mut(&entry) {
            line.last = Some(enrolled.last);
            line.in_force = enrolled.in_force;
            line.since.get_or_insert(now);
        }
    }

    /// Ticks were decided, here or elsewhere.
    pub(super) fn ticked(&mut self, core: &mut Core, entry: u32, decided: Decided, newest: SystemTime, ticked: Ticked) {
        let paused = matches!(ticked, Ticked::Paused);
        let admissions = match ticked {
            Ticked::Lost(enrolled) => return self.enrolled(entry, &enrolled, enrolled.last),
            Ticked::Won(admissions) => admissions,
            Ticked::Paused => Vec::new(),
        };
        if let Some(line) = self.lines.get_mut(&entry) {
            line.last = Some(newest);
        }
        core.ledger(entry, |ledger| ledger.due(decided.due));
        if let Some((from, to)) = decided.missed {
            core.miss_span(entry, decided.reason, decided.verdict.missed, from, to);
        }
        for nominal in decided.expired {
            let run = self.occasion(core, entry, nominal, Trigger::Schedule, None);
            run.inspect(|run| core.miss(run, MissReason::StartDeadline));
        }
        if paused {
            for nominal in decided.run {
                let run = self.occasion(core, entry, nominal, Trigger::Schedule, None);
                run.inspect(|run| core.skip(run, SkipReason::Paused, None));
            }
            return;
        }
        for (nominal, admission) in decided.run.into_iter().zip(admissions) {
            self.admitted(core, entry, nominal, Trigger::Schedule, Keep::Nothing, admission);
        }
    }

    /// A run that was asked for was decided about, and is counted here.
    pub(super) fn triggered(
        &mut self,
        core: &mut Core,
        entry: u32,
        keep: Keep,
        admission: Admission,
    ) -> Option<Arc<Run>> {
        core.ledger(entry, |ledger| ledger.due(1));
        let nominal = core.now.wall;
        self.admitted(core, entry, nominal, Trigger::Manual, keep, admission)
    }

    /// The store has decided whether a run starts.
    fn admitted(
        &mut self,
        core: &mut Core,
        entry: u32,
        nominal: SystemTime,
        trigger: Trigger,
        keep: Keep,
        admission: Admission,
    ) -> Option<Arc<Run>> {
        let row = match admission {
            Admission::Start(row) => {
                self.office.desk().occupy_for(&row);
                self.count_asking(entry, &row);
                let given = self.given(&row);
                return self.arrive(core, Arrival { row, given, keep, counted: true });
            }
            Admission::Wait(row) | Admission::Stop { row, .. } => Some(row),
            Admission::Skip(..) => None,
        };
        let run = self.occasion(core, entry, nominal, trigger, row)?;
        self.follow(core, &run, admission);
        Some(run)
    }

    /// A run does not start now.
    fn follow(&mut self, core: &mut Core, run: &Arc<Run>, admission: Admission) {
        let entry = run.entry;
        let (row, stopping) = match admission {
            Admission::Start(_) => return,
            Admission::Skip(reason, running) => return core.skip(run, reason, running.map(RunId::of_row)),
            Admission::Wait(row) => (row, None),
            Admission::Stop { row, stopping, replaced } => {
                let before = replaced.and_then(|replaced| self.take_waiting(entry, replaced));
                let stopped = stopping.first().copied().or(before.as_ref().and_then(|before| before.stopping));
                if let Some(before) = before {
                    core.skip(&before.run, SkipReason::Superseded, stopped.map(RunId::of_row));
                }
                for id in stopping {
                    self.stop(core, id, STOPPED);
                }
                (row, stopped)
            }
        };
        if let Some(line) = self.lines.get_mut(&entry) {
            line.waiting.push(Waiting { row, run: Arc::clone(run), stopping });
        }
    }

    fn take_waiting(&mut self, entry: u32, row: i64) -> Option<Waiting> {
        let waiting = &mut self.lines.get_mut(&entry)?.waiting;
        let place = waiting.iter().position(|waiting| waiting.row == row)?;
        Some(waiting.remove(place))
    }

    /// A run that has not started.
    fn occasion(
        &mut self,
        core: &mut Core,
        entry: u32,
        scheduled_at: SystemTime,
        trigger: Trigger,
        row: Option<i64>,
    ) -> Option<Arc<Run>> {
        let job = Arc::clone(core.job(entry)?);
        let nominal = core.now.moment_at(self.office.here(scheduled_at));
        let keep = if trigger == Trigger::Manual { Keep::Output } else { Keep::Nothing };
        let order = Order {
            job,
            trigger,
            scheduled_at,
            nominal,
            ready: nominal,
            args: None,
            cell: None,
            given: None,
            keep,
            entry,
            unit: u32::MAX,
        };
        Some(match row {
            Some(row) => Run::new(RunId::of_row(row), 1, order),
            None => core.order(order),
        })
    }

    /// A run that waited has its place, or will never have it.
    pub(super) fn advanced(&mut self, core: &mut Core, entry: u32, advance: Advance) {
        match advance {
            Advance::Gone(row, reason) => {
                if let Some(waiting) = self.take_waiting(entry, row) {
                    core.skip(&waiting.run, reason, waiting.stopping.map(RunId::of_row));
                }
            }
            Advance::Start(row) => {
                self.office.desk().occupy_for(&row);
                let waiting = self.take_waiting(entry, row.claim.id);
                if self.is_expired(core, entry, &row) {
                    self.miss_late(core, entry, &row, waiting);
                } else if let Some(waiting) = waiting {
                    self.start_waiting(core, entry, &row, waiting);
                } else {
                    self.count_asking(entry, &row);
                    let given = self.given(&row);
                    self.arrive(core, Arrival { row, given, keep: Keep::Nothing, counted: false });
                }
            }
        }
    }

    fn is_expired(&self, core: &Core, entry: u32, row: &Row) -> bool {
        let deadline = core.job(entry).and_then(|job| deadline(job, row.scheduled_at));
        row.trigger == Trigger::Schedule && deadline.is_some_and(|deadline| self.office.there() > deadline)
    }

    /// A run has its place too late; the one who waited for it here may be gone.
    fn miss_late(&mut self, core: &mut Core, entry: u32, row: &Row, waiting: Option<Waiting>) {
        let run = waiting.map(|waiting| waiting.run).or_else(|| {
            core.ledger(entry, |ledger| ledger.due(1));
            self.occasion(core, entry, row.scheduled_at, row.trigger, Some(row.claim.id))
        });
        run.inspect(|run| core.miss(run, MissReason::StartDeadline));
        self.hand_back(row, End::Declined, None);
    }

    /// What waits here and is too late is missed.
    pub(super) fn expire(&mut self, core: &mut Core, there: SystemTime) {
        let is_late = |waiting: &mut Waiting| deadline_of(&waiting.run).is_some_and(|deadline| there > deadline);
        for line in self.lines.values_mut() {
            for late in line.waiting.extract_if(.., is_late) {
                core.miss(&late.run, MissReason::StartDeadline);
                self.office.desk().to_cancel.push((late.row, MissReason::StartDeadline.as_str().to_owned()));
            }
        }
    }

    /// The store knows that a job is paused, for all nodes, because it failed too often here.
    pub(super) fn is_paused_by_all(&mut self, core: &mut Core, entry: u32) {
        core.ledger(entry, |ledger| {
            ledger.paused = None;
            ledger.failures_in_a_row = 0;
        });
        self.allow(core, entry, true);
    }

    fn start_waiting(&mut self, core: &mut Core, entry: u32, row: &Row, waiting: Waiting) {
        let Waiting { run, stopping, .. } = waiting;
        self.holds.insert(row.claim.id, Hold::of(row, Arc::clone(&run)));
        if let Some(previous) = stopping {
            let previous = RunId::of_row(previous);
            core.post(Some(&run.job), Some(run.id), EventKind::StoppedPrevious { previous });
        }
        if row.asking {
            self.count_asking(entry, row);
            core.ask_guard(run);
        } else {
            core.start(run);
        }
    }

    fn count_asking(&mut self, entry: u32, row: &Row) {
        if let Some(line) = self.lines.get_mut(&entry).filter(|_| row.asking) {
            line.asked += 1;
        }
    }

    fn asked_no_more(&mut self, entry: u32) {
        if let Some(line) = self.lines.get_mut(&entry) {
            line.asked = line.asked.saturating_sub(1);
        }
    }

    /// The guard of a run answered; what the overlap policy says, the store knows.
    pub(super) fn guard_answered(&mut self, core: &mut Core, run: &Arc<Run>, slot: u32, answer: Answer) {
        let Some(id) = run.id.row() else { return };
        match answer {
            Answer::Yes => {
                core.leave_guard(run, slot);
                let claim = self.holds.get(&id).map(Hold::claim);
                self.office.desk().admissions.extend(claim.map(|claim| (claim, Arc::clone(&run.job.name))));
                self.office.decide.notify_one();
            }
            Answer::No => {
                core.leave_guard(run, slot);
                self.asked_no_more(run.entry);
                core.skip(run, SkipReason::Guard, None);
                self.let_go(id, End::Declined, Outcome::Cancelled, None);
            }
            Answer::Stopped => {
                self.asked_no_more(run.entry);
                let end = if core.is_closing() { End::Released } else { End::Declined };
                self.let_go(id, end, Outcome::Interrupted, None);
            }
        }
    }

    /// What the overlap policy said about a run whose guard had said yes.
    pub(super) fn resolved(&mut self, core: &mut Core, claim: Claim, admission: Admission) {
        let Some(run) = self.holds.get(&claim.id).map(|hold| Arc::clone(&hold.run)) else { return };
        let entry = run.entry;
        self.asked_no_more(entry);
        if let Admission::Start(_) = admission {
            if core.is_closing() {
                core.miss(&run, MissReason::Shutdown);
                self.let_go(claim.id, End::Released, Outcome::Interrupted, None);
            } else {
                core.start(run);
            }
            return;
        }
        self.forget(claim.id);
        self.follow(core, &run, admission);
    }

    /// Cancels a run that waits for a place here.
    pub(super) fn cancel_waiting(&mut self, core: &mut Core, run: &Arc<Run>, reason: &str) {
        let Some(row) = run.id.row() else { return };
        if self.take_waiting(run.entry, row).is_some() {
            core.skip_because(run, SkipReason::Cancelled, None, reason.into());
            self.office.desk().to_cancel.push((row, reason.to_owned()));
            self.office.decide.notify_one();
        }
    }

    /// What waits here does so no more: the store has other nodes have it.
    pub(super) fn drop_undecided(&mut self, core: &mut Core) {
        let waiting: Vec<Waiting> = self.lines.values_mut().flat_map(|line| line.waiting.drain(..)).collect();
        for waiting in waiting {
            core.miss(&waiting.run, MissReason::Shutdown);
        }
    }

    /// A recurring job was removed here; other nodes may have it still.
    pub(super) fn drop_line(&mut self, core: &mut Core, entry: u32) {
        let Some(line) = self.lines.remove(&entry) else { return };
        for waiting in line.waiting {
            core.skip(&waiting.run, SkipReason::Cancelled, None);
        }
    }
}
