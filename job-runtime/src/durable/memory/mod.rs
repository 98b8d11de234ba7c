//! A store in memory: for tests, and the plainest statement of what a store does.

mod jobs;
mod look;
mod marks;
mod nodes;
mod ticks;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::row::{Claim, NewJobs, Parked, Row};
use super::settle::Settlement;
use super::shown::{Filter, JobRow, QueueInfo};
use super::store::{
    Asked, Beat, Cancelled, Claimed, Inserted, Listener, Node, Notice, Pause, Rescued, Retention, Store, Subject,
    Tidied, Versions, Wish,
};
use super::tick::{Admission, Advance, Enrolled, Enrolment, Entrance, Tick, Ticked, Turn};
use crate::engine::supervisor::Mark;
use crate::outcome::{Outcome, Trigger};

/// Jobs that are kept as long as the process, or the last who holds on to them, is there.
#[derive(Default)]
pub(crate) struct Memory {
    table: Mutex<Table>,
    /// Those of all runtimes that share it.
    listeners: Mutex<Vec<Listener>>,
}

/// All there is.
#[derive(Default)]
struct Table {
    rows: BTreeMap<i64, Kept>,
    newest: i64,
    nodes: HashMap<i64, Lease>,
    /// Which row keeps others out by a key, and until when: `None` is until its end.
    keys: HashMap<String, (i64, Option<SystemTime>)>,
    pauses: BTreeMap<(&'static str, String), (Subject, String)>,
    schedules: HashMap<Arc<str>, Timeline>,
    /// What jobs remember, by their names, of each host: and when it wrote that down.
    marks: BTreeMap<Arc<str>, HashMap<String, (SystemTime, Mark)>>,
    notices: Vec<Notice>,
}

struct Lease {
    name: Arc<str>,
    until: SystemTime,
    jobs: Vec<Arc<str>>,
    gone: bool,
}

/// How far a schedule of all nodes is.
struct Timeline {
    schedule: String,
    last: SystemTime,
    /// The node that made it known.
    by: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Running,
    Completed,
    Cancelled,
    Discarded,
    Parked,
}

/// A row.
struct Kept {
    state: State,
    queue: Arc<str>,
    name: Arc<str>,
    args: String,
    priority: u32,
    /// The place among those that wait: its priority, or before all others for one that runs alone.
    lane: i64,
    scheduled_at: SystemTime,
    /// `None` while it waits for a run of its job to end.
    run_at: Option<SystemTime>,
    attempt: u32,
    max_attempts: u32,
    starts: u32,
    deaths: u32,
    trigger: Trigger,
    asking: bool,
    /// Whether others of its job wait until it has ended.
    serial: bool,
    node: Option<i64>,
    token: i64,
    enqueued_at: SystemTime,
    started_at: Option<SystemTime>,
    finished_at: Option<SystemTime>,
    error: Option<String>,
    progress: Option<String>,
    cancel: Option<String>,
    parked: Option<Parked>,
    keyed: bool,
    /// Its attempts that ended otherwise than well.
    ended: Vec<Ended>,
}

/// An attempt that did not end well.
struct Ended {
    attempt: u32,
    started_at: SystemTime,
    finished_at: Option<SystemTime>,
    node: Option<i64>,
    outcome: Option<Outcome>,
    error: Option<String>,
    progress: Option<String>,
}

/// The lane of those that run alone.
const SOLITARY: i64 = -1;

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with all there is, and tells what changed when the lock is released.
    fn with<'a, T: Send + 'a>(&self, act: impl FnOnce(&mut Table) -> T) -> Asked<'a, T> {
        let mut table = self.lock();
        let result = act(&mut table);
        let notices = std::mem::take(&mut table.notices);
        drop(table);
        if !notices.is_empty() {
            let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner).clone();
            for notice in notices {
                for listener in &listeners {
                    listener(notice.clone());
                }
            }
        }
        Box::pin(std::future::ready(Ok(result)))
    }
}

impl Table {
    fn node_name(&self, node: Option<i64>) -> Option<String> {
        self.nodes.get(&node?).map(|lease| lease.name.to_string())
    }

    fn is_alive(&self, node: i64, now: SystemTime) -> bool {
        self.nodes.get(&node).is_some_and(|lease| !lease.gone && lease.until >= now)
    }

    fn is_paused(&self, what: Subject, name: &str) -> bool {
        self.pauses.contains_key(&(what.as_str(), name.to_owned()))
    }

    /// The row of an attempt, as long as it is claimed so.
    fn claimed(&mut self, claim: Claim) -> Option<&mut Kept> {
        let row = self.rows.get_mut(&claim.id)?;
        let same = row.state == State::Running && row.attempt == claim.attempt && row.token == claim.token;
        same.then_some(row)
    }

    /// Lets others in whom a row kept out.
    fn free_key(&mut self, id: i64, finished: bool) {
        self.keys.retain(|_, (keeper, until)| *keeper != id || (finished && until.is_some()));
    }
}

impl Kept {
    fn claim(&mut self, id: i64, node: i64, token: i64, now: SystemTime) -> Row {
        self.state = State::Running;
        self.attempt += 1;
        self.starts += 1;
        self.node = Some(node);
        self.token = token;
        self.started_at = Some(now);
        self.progress = None;
        self.row(id)
    }

    fn row(&self, id: i64) -> Row {
        Row {
            claim: Claim { id, attempt: self.attempt, token: self.token },
            name: Arc::clone(&self.name),
            queue: Arc::clone(&self.queue),
            args: self.args.clone(),
            scheduled_at: self.scheduled_at,
            run_at: self.run_at.unwrap_or(self.scheduled_at),
            max_attempts: self.max_attempts,
            starts: self.starts,
            deaths: self.deaths,
            trigger: self.trigger,
            keyed: self.keyed,
            asking: self.asking,
        }
    }

    /// Whether it is due.
    fn is_due(&self, now: SystemTime) -> bool {
        self.state == State::Waiting && self.run_at.is_some_and(|run_at| run_at <= now)
    }
}

impl Store for Memory {
    fn describe(&self) -> String {
        "memory".to_owned()
    }

    fn is_private(&self) -> bool {
        true
    }

    fn tell(&self, listener: Listener) {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    fn listen(&self) -> Asked<'_, ()> {
        Box::pin(std::future::pending())
    }

    fn migrate(&self, _now: SystemTime) -> Asked<'_, Versions> {
        self.with(|_| Versions { before: 1, after: 1 })
    }

    fn join<'a>(&'a self, node: &'a Node, now: SystemTime) -> Asked<'a, SystemTime> {
        self.with(|table| {
            table.join(node, now);
            now
        })
    }

    fn beat<'a>(&'a self, node: &'a Node, now: SystemTime) -> Asked<'a, Beat> {
        self.with(|table| table.beat(node, now))
    }

    fn rescue(&self, quarantine: u32, now: SystemTime) -> Asked<'_, Rescued> {
        self.with(|table| table.rescue(quarantine, now))
    }

    fn leave(&self, node: i64, now: SystemTime) -> Asked<'_, ()> {
        self.with(|table| table.leave(node, now))
    }

    fn insert<'a>(&'a self, jobs: &'a NewJobs, now: SystemTime) -> Asked<'a, Vec<Inserted>> {
        self.with(|table| table.insert(jobs, now))
    }

    fn claim<'a>(&'a self, wish: &'a Wish, now: SystemTime) -> Asked<'a, Claimed> {
        self.with(|table| table.claim(wish, now))
    }

    fn adopt(&self, node: i64, token: i64) -> Asked<'_, Vec<Row>> {
        self.with(|table| {
            let claimed = |row: &Kept| row.state == State::Running && row.node == Some(node) && row.token == token;
            table.rows.iter().filter(|(_, row)| claimed(row)).map(|(id, row)| row.row(*id)).collect()
        })
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement], now: SystemTime) -> Asked<'a, Vec<bool>> {
        self.with(|table| settlements.iter().map(|settlement| table.settle(settlement, now)).collect())
    }

    fn note_progress<'a>(&'a self, progress: &'a [(Claim, String)]) -> Asked<'a, ()> {
        self.with(|table| {
            for (claim, text) in progress {
                if let Some(row) = table.claimed(*claim) {
                    row.progress = Some(text.clone());
                }
            }
        })
    }

    fn row(&self, id: i64, now: SystemTime) -> Asked<'_, Option<JobRow>> {
        self.with(|table| table.rows.get(&id).map(|row| table.shown(id, row, now)))
    }

    fn rows<'a>(&'a self, filter: &'a Filter, now: SystemTime) -> Asked<'a, Vec<JobRow>> {
        self.with(|table| table.find(filter, now))
    }

    fn census<'a>(&'a self, queue: &'a str, now: SystemTime) -> Asked<'a, QueueInfo> {
        self.with(|table| table.census(queue, now))
    }

    fn cancel<'a>(&'a self, id: i64, reason: &'a str, now: SystemTime) -> Asked<'a, Cancelled> {
        self.with(|table| table.cancel(id, reason, now))
    }

    fn retry(&self, id: i64, now: SystemTime) -> Asked<'_, bool> {
        self.with(|table| table.retry(id, now))
    }

    fn delete(&self, id: i64) -> Asked<'_, bool> {
        self.with(|table| table.delete(id))
    }

    fn pause<'a>(&'a self, what: Subject, name: &'a str, reason: Option<&'a str>, _now: SystemTime) -> Asked<'a, ()> {
        self.with(|table| {
            let key = (what.as_str(), name.to_owned());
            match reason {
                Some(reason) => drop(table.pauses.insert(key, (what, reason.to_owned()))),
                None => drop(table.pauses.remove(&key)),
            }
            table.notices.push(Notice::Paused);
        })
    }

    fn pauses(&self) -> Asked<'_, Vec<Pause>> {
        self.with(|table| {
            let pauses = table.pauses.iter();
            pauses.map(|((_, name), (what, reason))| (*what, name.clone(), reason.clone())).collect()
        })
    }

    fn tidy<'a>(&'a self, queues: &'a [Arc<str>], keep: Retention, now: SystemTime) -> Asked<'a, Tidied> {
        self.with(|table| table.tidy(queues, keep, now))
    }

    fn enrol<'a>(&'a self, node: i64, schedules: &'a [Enrolment], now: SystemTime) -> Asked<'a, Vec<Enrolled>> {
        self.with(|table| schedules.iter().map(|schedule| table.enrol(node, schedule, now)).collect())
    }

    fn tick<'a>(&'a self, node: i64, ticks: &'a [Tick], now: SystemTime) -> Asked<'a, Vec<Ticked>> {
        self.with(|table| ticks.iter().map(|tick| table.tick(node, tick, now)).collect())
    }

    fn trigger<'a>(&'a self, node: i64, entrance: &'a Entrance, now: SystemTime) -> Asked<'a, Admission> {
        self.with(|table| table.enter(node, entrance, now, now))
    }

    fn admit<'a>(&'a self, claim: Claim, entrance: &'a Entrance, now: SystemTime) -> Asked<'a, Admission> {
        self.with(|table| table.admit(claim, entrance, now))
    }

    fn proceed<'a>(&'a self, node: i64, turns: &'a [Turn], now: SystemTime) -> Asked<'a, Vec<(Arc<str>, Advance)>> {
        self.with(|table| {
            let mut advances = Vec::new();
            for turn in turns {
                let of_job = table.proceed(node, turn, now).into_iter();
                advances.extend(of_job.map(|advance| (Arc::clone(&turn.name), advance)));
            }
            advances
        })
    }

    fn marks<'a>(&'a self, host: &'a str) -> Asked<'a, Vec<(String, Mark)>> {
        self.with(|table| table.marks_for(host))
    }

    fn note_marks<'a>(
        &'a self,
        host: &'a str,
        marks: &'a [(Arc<str>, Option<Mark>)],
        now: SystemTime,
    ) -> Asked<'a, ()> {
        self.with(|table| {
            for (name, mark) in marks {
                table.note_mark(host, name, mark.as_ref(), now);
            }
        })
    }
}
