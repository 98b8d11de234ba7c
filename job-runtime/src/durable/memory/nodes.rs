//! Who is there: nodes hold leases, and lose them.

use std::sync::Arc;
use std::time::SystemTime;

use super::{Lease, SOLITARY, State, Table};
use crate::clock::later;
use crate::durable::row::Parked;
use crate::durable::store::{Beat, Node, Notice, Rescued};
use crate::outcome::Outcome;

impl Table {
    pub(super) fn join(&mut self, node: &Node, now: SystemTime) {
        let (name, jobs, until) = (Arc::clone(&node.name), node.jobs.clone(), later(now, node.lease));
        self.nodes.insert(node.id, Lease { name, until, jobs, gone: false });
        self.unpark(node);
    }

    /// Jobs that nobody knew, and that a node knows, wait again.
    fn unpark(&mut self, node: &Node) {
        for row in self.rows.values_mut() {
            if row.parked == Some(Parked::Unknown) && node.jobs.contains(&row.name) {
                row.state = State::Waiting;
                (row.parked, row.error) = (None, None);
                self.notices.push(Notice::Work(Arc::clone(&row.queue)));
            }
        }
    }

    pub(super) fn beat(&mut self, node: &Node, now: SystemTime) -> Beat {
        let known = self.nodes.get(&node.id).is_some_and(|lease| !lease.gone);
        if known {
            self.renew(node, now);
        }
        let mine = self.rows.iter().filter(|(_, row)| row.state == State::Running && row.node == Some(node.id));
        let cancelled = mine.filter_map(|(id, row)| Some((*id, row.cancel.clone()?))).collect();
        Beat { known, now, cancelled }
    }

    fn renew(&mut self, node: &Node, now: SystemTime) {
        let until = later(now, node.lease);
        if let Some(lease) = self.nodes.get_mut(&node.id) {
            lease.until = until;
            lease.jobs.clone_from(&node.jobs);
        }
        self.unpark(node);
    }

    pub(super) fn rescue(&mut self, quarantine: u32, now: SystemTime) -> Rescued {
        let over = |lease: &Lease| !lease.gone && lease.until < now;
        let dead: Vec<i64> = self.nodes.iter().filter(|(_, lease)| over(lease)).map(|(id, _)| *id).collect();
        let mut rescued = Rescued::default();
        for node in dead {
            let claimed = self.rows.iter().filter(|(_, row)| row.is_with(node)).map(|(id, _)| *id);
            for id in claimed.collect::<Vec<_>>() {
                self.bereave(id, quarantine, now, &mut rescued);
            }
            if let Some(lease) = self.nodes.get_mut(&node) {
                lease.gone = true;
            }
        }
        rescued
    }

    /// The process of a job died under it, or under its turn.
    fn bereave(&mut self, id: i64, quarantine: u32, now: SystemTime, rescued: &mut Rescued) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        if row.state != State::Running {
            row.node = None;
            return self.tell_stranded(id);
        }
        row.deaths += 1;
        row.end_attempt(None, Some("its process died, or lost its lease"), now);
        if let Some(reason) = row.cancel.take() {
            return self.cancel_idle(id, &reason, now);
        }
        if row.deaths >= quarantine {
            row.park(Parked::Quarantined, format!("its process died under it {} times", row.deaths));
            rescued.quarantined.push((id, row.name.to_string()));
            return self.tell_ended(id);
        }
        row.state = State::Waiting;
        row.node = None;
        row.lane = if row.deaths > 1 { SOLITARY } else { i64::from(row.priority) };
        rescued.jobs += 1;
        let queue = Arc::clone(&row.queue);
        self.notices.push(Notice::Work(queue));
    }

    pub(super) fn leave(&mut self, node: i64, now: SystemTime) {
        let with = self.rows.iter().filter(|(_, row)| row.is_with(node)).map(|(id, _)| *id);
        for id in with.collect::<Vec<_>>() {
            self.let_go(id, now);
        }
        if let Some(lease) = self.nodes.get_mut(&node) {
            lease.gone = true;
        }
    }

    /// The node of a row goes.
    fn let_go(&mut self, id: i64, now: SystemTime) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        if row.state != State::Running {
            row.node = None;
            return self.tell_stranded(id);
        }
        // What somebody wanted stopped is not tried again.
        if let Some(reason) = row.cancel.take() {
            row.end_attempt(Some(Outcome::Interrupted), Some(&reason), now);
            row.node = None;
            return self.cancel_idle(id, &reason, now);
        }
        row.release();
        self.notices.push(Notice::Work(Arc::clone(&row.queue)));
    }

    /// A run waits for its place on no node any more: another may let it in.
    fn tell_stranded(&mut self, id: i64) {
        if self.rows.get(&id).is_some_and(|row| row.run_at.is_none()) {
            self.tell_ended(id);
        }
    }
}
