//! A store in PostgreSQL: shared by all nodes, by the clock of the database.

mod act;
mod address;
mod batch;
mod bell;
mod claim;
mod claimed;
mod columns;
mod config;
mod connector;
mod cursor;
mod fault;
mod insert;
mod line;
mod lines;
mod listen;
mod look;
mod migrate;
mod node;
mod notice;
mod schedules;
mod schema;
mod session;
mod settle;
#[cfg(feature = "sqlx-0_8")]
mod sqlx_0_8;
#[cfg(feature = "sqlx-0_9")]
mod sqlx_0_9;
#[cfg(test)]
mod tests;
mod ticks;
mod tidy;
#[cfg(any(feature = "sqlx-0_8", feature = "sqlx-0_9"))]
mod with_sqlx;
mod within;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::SystemTime;

use super::office::Office;
use super::row::{Claim, NewJobs, Row};
use super::settle::Settlement;
use super::shown::{Filter, JobRow, QueueInfo};
use super::store::{
    Asked, Beat, Cancelled, Claimed, Inserted, Listener, Node, Pause, Rescued, Retention, Store, Subject, Tidied,
    Versions, Wish,
};
use super::tick::{Admission, Advance, Enrolled, Enrolment, Entrance, Tick, Ticked, Turn};
use crate::engine::supervisor::Mark;
pub(crate) use address::Address;
use cursor::Cursors;
use lines::{Lines, Patience};
#[cfg(test)]
pub(super) use tests::{bench, newer_bench};

/// Jobs that are kept in a database.
pub(crate) struct Postgres {
    name: String,
    /// By which it knows what it has told itself.
    id: i64,
    lines: Lines,
    listener: OnceLock<Listener>,
    bells: bell::Bells,
    cursors: Mutex<Cursors>,
    /// Whether there was all that was wished for the last time.
    plenty: AtomicBool,
    /// The node it is used by.
    node: Mutex<Option<i64>>,
}

impl Postgres {
    fn new(address: Address) -> Self {
        Self::with_patience(address, Patience::USUAL)
    }

    fn with_patience(address: Address, patience: Patience) -> Self {
        Self {
            name: address.describe(),
            id: Office::draw(),
            lines: Lines::new(address, patience),
            listener: OnceLock::new(),
            bells: bell::Bells::default(),
            cursors: Mutex::default(),
            plenty: AtomicBool::new(false),
            node: Mutex::default(),
        }
    }
}

/// The times that are given are not looked at: it is what the clock of the database shows.
impl Store for Postgres {
    fn describe(&self) -> String {
        self.name.clone()
    }

    fn is_private(&self) -> bool {
        false
    }

    fn tell(&self, listener: Listener) {
        let _ = self.listener.set(listener);
    }

    fn listen(&self) -> Asked<'_, ()> {
        Box::pin(self.hear_all())
    }

    fn migrate(&self, _now: SystemTime) -> Asked<'_, Versions> {
        Box::pin(self.bring_up_to_date())
    }

    fn join<'a>(&'a self, node: &'a Node, _now: SystemTime) -> Asked<'a, SystemTime> {
        Box::pin(self.let_join(node))
    }

    fn beat<'a>(&'a self, node: &'a Node, _now: SystemTime) -> Asked<'a, Beat> {
        Box::pin(self.renew(node))
    }

    fn rescue(&self, quarantine: u32, _now: SystemTime) -> Asked<'_, Rescued> {
        Box::pin(self.end_leases(quarantine))
    }

    fn leave(&self, node: i64, _now: SystemTime) -> Asked<'_, ()> {
        Box::pin(self.let_go(node))
    }

    fn insert<'a>(&'a self, jobs: &'a NewJobs, _now: SystemTime) -> Asked<'a, Vec<Inserted>> {
        Box::pin(self.put_in(jobs))
    }

    fn claim<'a>(&'a self, wish: &'a Wish, _now: SystemTime) -> Asked<'a, Claimed> {
        Box::pin(self.take(wish))
    }

    fn adopt(&self, node: i64, token: i64) -> Asked<'_, Vec<Row>> {
        Box::pin(self.adopt_again(node, token))
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement], _now: SystemTime) -> Asked<'a, Vec<bool>> {
        Box::pin(self.write_ends(settlements))
    }

    fn note_progress<'a>(&'a self, progress: &'a [(Claim, String)]) -> Asked<'a, ()> {
        Box::pin(self.write_progress(progress))
    }

    fn row(&self, id: i64, _now: SystemTime) -> Asked<'_, Option<JobRow>> {
        Box::pin(self.show(id))
    }

    fn rows<'a>(&'a self, filter: &'a Filter, _now: SystemTime) -> Asked<'a, Vec<JobRow>> {
        Box::pin(self.find(filter))
    }

    fn census<'a>(&'a self, queue: &'a str, _now: SystemTime) -> Asked<'a, QueueInfo> {
        Box::pin(self.count(queue))
    }

    fn cancel<'a>(&'a self, id: i64, reason: &'a str, _now: SystemTime) -> Asked<'a, Cancelled> {
        Box::pin(self.stop(id, reason))
    }

    fn retry(&self, id: i64, _now: SystemTime) -> Asked<'_, bool> {
        Box::pin(self.try_again(id))
    }

    fn delete(&self, id: i64) -> Asked<'_, bool> {
        Box::pin(self.remove(id))
    }

    fn pause<'a>(&'a self, what: Subject, name: &'a str, reason: Option<&'a str>, _now: SystemTime) -> Asked<'a, ()> {
        Box::pin(self.halt(what, name, reason))
    }

    fn pauses(&self) -> Asked<'_, Vec<Pause>> {
        Box::pin(self.halted())
    }

    fn tidy<'a>(&'a self, queues: &'a [Arc<str>], keep: Retention, _now: SystemTime) -> Asked<'a, Tidied> {
        Box::pin(self.put_in_order(queues, keep))
    }

    fn enrol<'a>(&'a self, node: i64, schedules: &'a [Enrolment], _now: SystemTime) -> Asked<'a, Vec<Enrolled>> {
        Box::pin(self.make_known(node, schedules))
    }

    fn tick<'a>(&'a self, node: i64, ticks: &'a [Tick], _now: SystemTime) -> Asked<'a, Vec<Ticked>> {
        Box::pin(self.decide_ticks(node, ticks))
    }

    fn trigger<'a>(&'a self, node: i64, entrance: &'a Entrance, _now: SystemTime) -> Asked<'a, Admission> {
        Box::pin(self.let_in(node, entrance))
    }

    fn admit<'a>(&'a self, claim: Claim, entrance: &'a Entrance, _now: SystemTime) -> Asked<'a, Admission> {
        Box::pin(self.let_in_asked(claim, entrance))
    }

    fn proceed<'a>(&'a self, node: i64, turns: &'a [Turn], _now: SystemTime) -> Asked<'a, Vec<(Arc<str>, Advance)>> {
        Box::pin(self.let_proceed(node, turns))
    }

    fn marks<'a>(&'a self, host: &'a str) -> Asked<'a, Vec<(String, Mark)>> {
        Box::pin(self.read_marks(host))
    }

    fn note_marks<'a>(
        &'a self,
        host: &'a str,
        marks: &'a [(Arc<str>, Option<Mark>)],
        _now: SystemTime,
    ) -> Asked<'a, ()> {
        Box::pin(self.write_marks(host, marks))
    }
}
