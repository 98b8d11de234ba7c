//! What happens to jobs: put in, claimed, settled, put in order.

use std::sync::Arc;
use std::time::SystemTime;

use super::{Ended, Kept, SOLITARY, State, Table};
use crate::clock::later;
use crate::durable::row::{NewJob, NewJobs, Parked, Row};
use crate::durable::settle::{End, Settlement};
use crate::durable::store::{Cancelled, Claimed, Inserted, Notice, Retention, Subject, Tidied, Wish};
use crate::durable::tick::CLUSTER;
use crate::outcome::{Outcome, Trigger};
use crate::policy::unique::{OnConflict, UniqueFor};

impl Table {
    pub(super) fn insert(&mut self, jobs: &NewJobs, now: SystemTime) -> Vec<Inserted> {
        let inserted = jobs.jobs.iter().map(|job| self.insert_one(jobs, job, now)).collect();
        self.notices.push(Notice::Work(Arc::clone(&jobs.queue)));
        inserted
    }

    fn insert_one(&mut self, jobs: &NewJobs, job: &NewJob, now: SystemTime) -> Inserted {
        let key = job.key.as_ref().zip(jobs.unique);
        if let Some((key, (_, on_conflict))) = key
            && let Some((keeper, until)) = self.keys.get(key)
            && until.is_none_or(|until| until > now)
        {
            let keeper = *keeper;
            self.collide(keeper, on_conflict, jobs, job, now);
            return Inserted { id: keeper, new: false };
        }
        let run_at = jobs.due.time(now);
        let id = self.put(Kept {
            keyed: key.is_some(),
            ..Kept::new(Arc::clone(&jobs.queue), Arc::clone(&jobs.name), job.args.clone(), run_at, now)
        });
        if let Some(row) = self.rows.get_mut(&id) {
            row.priority = jobs.priority;
            row.lane = i64::from(jobs.priority);
            row.max_attempts = jobs.max_attempts;
        }
        if let Some((key, (lasts, _))) = key {
            let until = match lasts {
                UniqueFor::Period(period) => Some(later(now, period)),
                UniqueFor::Unfinished => None,
            };
            self.keys.insert(key.clone(), (id, until));
        }
        Inserted { id, new: true }
    }

    pub(super) fn put(&mut self, row: Kept) -> i64 {
        self.newest += 1;
        self.rows.insert(self.newest, row);
        self.newest
    }

    /// A job met the one that keeps it out.
    fn collide(&mut self, keeper: i64, on_conflict: OnConflict, jobs: &NewJobs, job: &NewJob, now: SystemTime) {
        let Some(row) = self.rows.get_mut(&keeper).filter(|row| row.state == State::Waiting) else { return };
        if on_conflict == OnConflict::Skip {
            return;
        }
        let run_at = jobs.due.time(now);
        (row.scheduled_at, row.run_at) = (run_at, Some(run_at));
        if on_conflict == OnConflict::Replace {
            row.args.clone_from(&job.args);
            row.priority = jobs.priority;
            row.lane = if row.lane == SOLITARY { SOLITARY } else { i64::from(jobs.priority) };
        }
    }

    pub(super) fn claim(&mut self, wish: &Wish, now: SystemTime) -> Claimed {
        let mut rows = Vec::new();
        let mut solitary = wish.solitary;
        let mut short = false;
        for (queue, most) in &wish.queues {
            let taken = self.claim_from(queue, *most, wish, &mut solitary, now);
            short |= u32::try_from(taken.len()).is_ok_and(|taken| taken < *most);
            rows.extend(taken);
        }
        let ours = |row: &&Kept| wish.queues.iter().any(|(queue, _)| *queue == row.queue);
        let coming = self.rows.values().filter(ours).filter(|row| row.state == State::Waiting);
        let next = coming.filter_map(|row| row.run_at).filter(|run_at| *run_at > now).min();
        Claimed { rows, next: next.filter(|_| short), now }
    }

    fn claim_from(&mut self, queue: &str, most: u32, wish: &Wish, solitary: &mut bool, now: SystemTime) -> Vec<Row> {
        if self.is_paused(Subject::Queue, queue) {
            return Vec::new();
        }
        let known = |row: &Kept| wish.jobs.contains(&row.name) && !self.is_paused(Subject::Job, &row.name);
        let waiting = self.rows.iter().filter(|(_, row)| &*row.queue == queue && row.is_due(now) && known(row));
        let mut waiting: Vec<_> = waiting.map(|(id, row)| (row.lane, row.run_at, *id)).collect();
        waiting.sort_unstable();
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut chosen = Vec::new();
        for (lane, _, id) in waiting {
            if chosen.len() < most && (lane != SOLITARY || std::mem::take(solitary)) {
                chosen.push(id);
            }
        }
        let claim = |id| self.rows.get_mut(&id).map(|row| row.claim(id, wish.node, wish.token, now));
        chosen.into_iter().filter_map(claim).collect()
    }

    /// Writes down how an attempt ended; false when it was not claimed so any more.
    pub(super) fn settle(&mut self, settlement: &Settlement, now: SystemTime) -> bool {
        let Settlement { claim, end, outcome, error, name, awaited, .. } = settlement;
        let id = claim.id;
        let Some(row) = self.claimed(*claim) else { return false };
        let text = error.as_deref().unwrap_or(outcome.as_str());
        // What somebody wanted stopped is not tried again.
        let stopped = row.cancel.take().filter(|_| end.is_repeated());
        let (end, text) = stopped.as_deref().map_or((*end, text), |reason| (End::Cancelled, reason));
        match end {
            End::Completed => {
                row.state = State::Completed;
                row.error = None;
            }
            End::Cancelled | End::Discarded => {
                row.end_attempt(Some(*outcome), Some(text), now);
                row.state = if end == End::Cancelled { State::Cancelled } else { State::Discarded };
                row.error = Some(text.to_owned());
            }
            End::Retry(delay) => {
                row.end_attempt(Some(*outcome), Some(text), now);
                row.wait(later(now, delay));
                row.error = Some(text.to_owned());
            }
            End::Snooze(delay) => {
                row.attempt -= 1;
                row.wait(later(now, delay));
            }
            End::Released => row.release(),
            End::Parked(parked) => {
                row.attempt -= 1;
                row.park(parked, text.to_owned());
            }
            End::Declined => drop(self.rows.remove(&id)),
        }
        self.settled(id, end, now);
        self.notices.extend(awaited.then(|| Notice::Ended(Arc::clone(name))));
        true
    }

    fn settled(&mut self, id: i64, end: End, now: SystemTime) {
        let row = self.rows.get_mut(&id);
        match end {
            End::Completed | End::Cancelled | End::Discarded => {
                if let Some(row) = row {
                    row.finished_at = Some(now);
                }
                self.free_key(id, end == End::Completed);
            }
            End::Retry(_) | End::Snooze(_) | End::Released => {
                let queue = row.map(|row| Arc::clone(&row.queue));
                self.notices.extend(queue.map(Notice::Work));
            }
            End::Declined => self.free_key(id, false),
            End::Parked(_) => {}
        }
    }

    pub(super) fn cancel(&mut self, id: i64, reason: &str, now: SystemTime) -> Cancelled {
        let Some(row) = self.rows.get_mut(&id) else { return Cancelled::Unknown };
        match row.state {
            State::Waiting | State::Parked => {
                self.cancel_idle(id, reason, now);
                Cancelled::AtOnce
            }
            State::Running => {
                row.cancel = Some(reason.to_owned());
                self.notices.push(Notice::Cancel(id));
                Cancelled::Asked
            }
            State::Completed | State::Cancelled | State::Discarded => Cancelled::Over,
        }
    }

    /// A row that does not run, or whose process is gone, never will.
    pub(super) fn cancel_idle(&mut self, id: i64, reason: &str, now: SystemTime) {
        if let Some(row) = self.rows.get_mut(&id) {
            row.state = State::Cancelled;
            row.finished_at = Some(now);
            row.error = Some(reason.to_owned());
            (row.parked, row.cancel) = (None, None);
        }
        self.free_key(id, false);
        self.tell_ended(id);
    }

    /// Others may wait for a run that came to its end otherwise than by its attempt.
    pub(super) fn tell_ended(&mut self, id: i64) {
        let run = self.rows.get(&id).filter(|row| &*row.queue == CLUSTER);
        self.notices.extend(run.map(|row| Notice::Ended(Arc::clone(&row.name))));
    }

    pub(super) fn retry(&mut self, id: i64, now: SystemTime) -> bool {
        let Some(row) = self.rows.get_mut(&id).filter(|row| row.state != State::Running && row.run_at.is_some()) else {
            return false;
        };
        if row.state == State::Completed {
            row.end_attempt(Some(Outcome::Completed), None, row.finished_at.unwrap_or(now));
        }
        row.state = State::Waiting;
        row.run_at = Some(now);
        row.max_attempts = row.max_attempts.max(row.attempt + 1);
        row.deaths = 0;
        row.lane = i64::from(row.priority);
        (row.node, row.parked, row.finished_at, row.error) = (None, None, None, None);
        let queue = Arc::clone(&row.queue);
        self.notices.push(Notice::Work(queue));
        true
    }

    pub(super) fn delete(&mut self, id: i64) -> bool {
        let idle = self.rows.get(&id).is_some_and(|row| row.state != State::Running);
        if idle {
            self.tell_ended(id);
            self.rows.remove(&id);
            self.free_key(id, false);
        }
        idle
    }

    pub(super) fn tidy(&mut self, queues: &[Arc<str>], keep: Retention, now: SystemTime) -> Tidied {
        // What is kept for longer than the calendar reaches back is kept.
        let until = |kept: Option<_>| now.checked_sub(kept?);
        let (completed, discarded) = (until(keep.completed), until(keep.discarded));
        let before = self.rows.len();
        self.rows.retain(|_, row| {
            let until = match row.state {
                State::Completed | State::Cancelled => completed,
                State::Discarded => discarded,
                State::Waiting | State::Running | State::Parked => None,
            };
            until.zip(row.finished_at).is_none_or(|(until, finished)| finished >= until)
        });
        let pruned = u64::try_from(before - self.rows.len()).unwrap_or(u64::MAX);
        self.keys.retain(|_, (_, until)| until.is_none_or(|until| until > now));
        self.forget_marks(now);
        Tidied { pruned, parked: self.park_unknown(queues, now) }
    }

    fn park_unknown(&mut self, queues: &[Arc<str>], now: SystemTime) -> Vec<(i64, String)> {
        let alive = self.nodes.values().filter(|lease| !lease.gone && lease.until >= now);
        let known: Vec<Arc<str>> = alive.flat_map(|lease| lease.jobs.iter().cloned()).collect();
        let mut parked = Vec::new();
        if known.is_empty() {
            return parked;
        }
        for (id, row) in &mut self.rows {
            if row.is_due(now) && queues.contains(&row.queue) && !known.contains(&row.name) {
                row.park(Parked::Unknown, format!("no node has a job `{}`", row.name));
                parked.push((*id, row.name.to_string()));
            }
        }
        parked
    }
}

impl Kept {
    /// A row as it is put in, with the lowest priority number and one attempt.
    pub(super) fn new(queue: Arc<str>, name: Arc<str>, args: String, run_at: SystemTime, now: SystemTime) -> Self {
        Self {
            state: State::Waiting,
            queue,
            name,
            args,
            priority: 0,
            lane: 0,
            scheduled_at: run_at,
            run_at: Some(run_at),
            attempt: 0,
            max_attempts: 1,
            starts: 0,
            deaths: 0,
            trigger: Trigger::Spawn,
            asking: false,
            serial: false,
            node: None,
            token: 0,
            enqueued_at: now,
            started_at: None,
            finished_at: None,
            error: None,
            progress: None,
            cancel: None,
            parked: None,
            keyed: false,
            ended: Vec::new(),
        }
    }

    /// Whether a node has it, or has it wait. One that is over keeps the node that it was with.
    pub(super) fn is_with(&self, node: i64) -> bool {
        self.node == Some(node) && matches!(self.state, State::Waiting | State::Running)
    }

    /// Notes an attempt that is over; one that ended well, only when there is another.
    pub(super) fn end_attempt(&mut self, outcome: Option<Outcome>, error: Option<&str>, now: SystemTime) {
        self.ended.push(Ended {
            attempt: self.attempt,
            started_at: self.started_at.unwrap_or(now),
            finished_at: outcome.map(|_| now),
            node: self.node,
            outcome,
            error: error.map(str::to_owned),
            progress: self.progress.take(),
        });
    }

    fn wait(&mut self, run_at: SystemTime) {
        self.state = State::Waiting;
        self.run_at = Some(run_at);
        self.lane = i64::from(self.priority);
        (self.node, self.cancel) = (None, None);
    }

    pub(super) fn release(&mut self) {
        self.state = State::Waiting;
        self.attempt -= 1;
        (self.node, self.cancel) = (None, None);
    }

    pub(super) fn park(&mut self, why: Parked, error: String) {
        self.state = State::Parked;
        self.parked = Some(why);
        self.error = Some(error);
        self.node = None;
    }
}
