//! Ticks that are decided once for all nodes, and runs that are let in by the overlap policy.

use std::sync::Arc;
use std::time::SystemTime;

use super::{Kept, State, Table, Timeline};
use crate::clock::{earlier, later};
use crate::durable::row::Claim;
use crate::durable::store::{Notice, Subject};
use crate::durable::tick::{Admission, Advance, CLUSTER, Enrolled, Enrolment, Entrance, STOPPED, Tick, Ticked, Turn};
use crate::outcome::SkipReason;
use crate::policy::overlap::{Decision, Situation, decide};

impl Table {
    pub(super) fn enrol(&mut self, node: i64, enrolment: &Enrolment, now: SystemTime) -> Enrolled {
        let Enrolment { name, schedule, ahead, back } = enrolment;
        let fresh = Timeline { schedule: schedule.clone(), last: earlier(later(now, *ahead), *back), by: node };
        let Some(known) = self.schedules.get(name) else {
            let last = fresh.last;
            self.schedules.insert(Arc::clone(name), fresh);
            return Enrolled { last, in_force: true };
        };
        let (last, by, same) = (known.last, known.by, known.schedule == *schedule);
        if !same && self.is_alive(by, now) {
            return Enrolled { last, in_force: false };
        }
        // Of a schedule that was edited nothing is due that had been due before.
        let last = if same { last } else { last.max(now) };
        self.schedules.insert(Arc::clone(name), Timeline { last, ..fresh });
        Enrolled { last, in_force: true }
    }

    pub(super) fn tick(&mut self, node: i64, tick: &Tick, now: SystemTime) -> Ticked {
        let name = &tick.entrance.name;
        let Some(known) = self.schedules.get_mut(name) else {
            return Ticked::Lost(Enrolled { last: tick.after, in_force: false });
        };
        let in_force = *known.schedule == *tick.schedule;
        if !in_force || known.last != tick.after || tick.newest > now {
            return Ticked::Lost(Enrolled { last: known.last, in_force });
        }
        known.last = tick.newest;
        if self.is_paused(Subject::Job, name) {
            return Ticked::Paused;
        }
        let mut admissions = Vec::new();
        for nominal in &tick.run {
            let behind =
                matches!(admissions.first(), Some(Admission::Start(_) | Admission::Wait(_) | Admission::Stop { .. }));
            admissions.push(if behind {
                Admission::Wait(self.put_waiting(node, &tick.entrance, *nominal, tick.entrance.guarded, now))
            } else {
                self.enter(node, &tick.entrance, *nominal, now)
            });
        }
        Ticked::Won(admissions)
    }

    /// A run wants to start.
    pub(super) fn enter(
        &mut self,
        node: i64,
        entrance: &Entrance,
        scheduled_at: SystemTime,
        now: SystemTime,
    ) -> Admission {
        let mut row = Kept::tick(entrance, scheduled_at, now);
        row.asking = entrance.guarded;
        let id = self.put(row);
        let claimed = self.rows.get_mut(&id).map(|row| row.claim(id, node, entrance.token, now));
        match claimed {
            Some(row) if entrance.guarded => Admission::Start(row),
            _ => self.resolve(id, entrance, now),
        }
    }

    /// The guard of a claimed run said yes.
    pub(super) fn admit(&mut self, claim: Claim, entrance: &Entrance, now: SystemTime) -> Admission {
        match self.claimed(claim).filter(|row| row.asking) {
            Some(row) => {
                row.asking = false;
                self.resolve(claim.id, entrance, now)
            }
            None => Admission::Skip(SkipReason::Cancelled, None),
        }
    }

    /// Decides about a claimed run among all others of its job.
    fn resolve(&mut self, id: i64, entrance: &Entrance, now: SystemTime) -> Admission {
        let name = &entrance.name;
        let mut running = self.running(name);
        running.retain(|other| *other != id);
        let waiting = self.waiting(name, None);
        let situation =
            Situation { running: running.len(), waiting: !waiting.is_empty(), max_running: entrance.max_running };
        match decide(entrance.overlap, situation) {
            Decision::Start => {
                let row = self.rows.get(&id).map(|row| row.row(id));
                row.map_or(Admission::Skip(SkipReason::Cancelled, None), Admission::Start)
            }
            Decision::Skip(reason) => {
                self.rows.remove(&id);
                Admission::Skip(reason, running.pop())
            }
            Decision::Wait => {
                self.put_back(id);
                Admission::Wait(id)
            }
            Decision::Stop => {
                self.stop_all(&running, now);
                self.put_back(id);
                Admission::Stop { row: id, stopping: running, replaced: None }
            }
            Decision::Replace => {
                let replaced = waiting.first().copied();
                replaced.map(|replaced| self.rows.remove(&replaced));
                self.put_back(id);
                Admission::Stop { row: id, stopping: Vec::new(), replaced }
            }
        }
    }

    /// A claimed run waits for a place.
    fn put_back(&mut self, id: i64) {
        if let Some(row) = self.rows.get_mut(&id) {
            row.state = State::Waiting;
            row.run_at = None;
            row.attempt -= 1;
            row.starts -= 1;
        }
    }

    /// The runs of a job that are on: those between two attempts too, but none that is still at its guard.
    fn running(&self, name: &str) -> Vec<i64> {
        let on = |row: &Kept| match row.state {
            State::Running => !row.asking,
            State::Waiting => row.run_at.is_some(),
            State::Completed | State::Cancelled | State::Discarded | State::Parked => false,
        };
        self.of_job(name, on)
    }

    /// The runs of a job that wait for a place, those of one node or of all.
    fn waiting(&self, name: &str, node: Option<i64>) -> Vec<i64> {
        let ours = |row: &Kept| node.is_none_or(|node| row.node.is_none_or(|other| other == node));
        self.of_job(name, |row| row.state == State::Waiting && row.run_at.is_none() && ours(row))
    }

    fn of_job(&self, name: &str, wanted: impl Fn(&Kept) -> bool) -> Vec<i64> {
        let rows = self.rows.iter().filter(|(_, row)| &*row.queue == CLUSTER && &*row.name == name);
        rows.filter(|(_, row)| wanted(row)).map(|(id, _)| *id).collect()
    }

    fn put_waiting(
        &mut self,
        node: i64,
        entrance: &Entrance,
        scheduled_at: SystemTime,
        asking: bool,
        now: SystemTime,
    ) -> i64 {
        let mut row = Kept::tick(entrance, scheduled_at, now);
        (row.run_at, row.node, row.asking) = (None, Some(node), asking);
        self.put(row)
    }

    /// Asks runs to stop; those that wait for their next attempt never have it.
    fn stop_all(&mut self, running: &[i64], now: SystemTime) {
        for id in running {
            let Some(row) = self.rows.get_mut(id) else { continue };
            if row.state == State::Running {
                row.cancel = Some(STOPPED.to_owned());
                self.notices.push(Notice::Cancel(*id));
            } else {
                self.cancel_idle(*id, STOPPED, now);
            }
        }
    }

    pub(super) fn proceed(&mut self, node: i64, turn: &Turn, now: SystemTime) -> Vec<Advance> {
        let mut advances: Vec<Advance> = turn.waiting.iter().filter_map(|id| self.gone(*id)).collect();
        let serial = |id: &i64| self.rows.get(id).is_some_and(|row| row.serial);
        if self.running(&turn.name).iter().any(serial) {
            return advances;
        }
        let mut waiting = self.waiting(&turn.name, Some(node));
        waiting.sort_by_key(|id| (self.rows.get(id).map(|row| row.scheduled_at), *id));
        if let Some((id, row)) = waiting.first().and_then(|id| Some((*id, self.rows.get_mut(id)?))) {
            row.run_at = Some(now);
            advances.push(Advance::Start(row.claim(id, node, turn.token, now)));
        }
        advances
    }

    /// Why a row waits no more.
    fn gone(&self, id: i64) -> Option<Advance> {
        match self.rows.get(&id) {
            None => Some(Advance::Gone(id, SkipReason::Superseded)),
            Some(row) if row.state == State::Cancelled => Some(Advance::Gone(id, SkipReason::Cancelled)),
            Some(_) => None,
        }
    }
}

impl Kept {
    /// A tick of a recurring job.
    fn tick(entrance: &Entrance, scheduled_at: SystemTime, now: SystemTime) -> Self {
        let mut row = Self::new(CLUSTER.into(), Arc::clone(&entrance.name), "{}".to_owned(), scheduled_at, now);
        row.max_attempts = entrance.max_attempts;
        row.trigger = entrance.trigger;
        row.serial = entrance.serial;
        row
    }
}
