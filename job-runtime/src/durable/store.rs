//! What the queue asks of a store, whatever keeps its rows: memory, a file of SQLite, PostgreSQL.
//!
//! A store never asks for the time: it is given `now`, and uses it unless it has a clock that all nodes share, as
//! PostgreSQL has. Whatever concerns one attempt carries its [`Claim`], so that what comes too late changes nothing.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::row::{Claim, NewJobs, Row};
use super::settle::Settlement;
use super::shown::{Filter, JobRow, QueueInfo};
use super::tick::{Admission, Advance, Enrolled, Enrolment, Entrance, Tick, Ticked, Turn};
use crate::engine::supervisor::Mark;
use crate::error::Error;

/// What a store gives, when it has it.
pub(crate) type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

/// Why a store gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// It may be there again later: the connection is gone, it is shutting down or starting, somebody has it locked.
    /// Whether what was asked was done is not known then.
    pub(crate) passing: bool,
    /// It is a mistake of the program, which was to be done with something else.
    pub(crate) mistaken: bool,
    pub(crate) text: String,
}

impl Fault {
    pub(crate) fn passing(text: impl fmt::Display) -> Self {
        Self { passing: true, mistaken: false, text: text.to_string() }
    }

    pub(crate) fn lasting(text: impl fmt::Display) -> Self {
        Self { passing: false, mistaken: false, text: text.to_string() }
    }

    #[cfg_attr(not(any(feature = "sqlite", feature = "postgres")), expect(dead_code, reason = "made by these stores"))]
    pub(crate) fn mistake(text: impl fmt::Display) -> Self {
        Self { passing: false, mistaken: true, text: text.to_string() }
    }

    /// For who asked that store.
    pub(super) fn in_words(&self, store: &dyn Store) -> String {
        format!("the store ({}): {self}", store.describe())
    }
}

/// An answer, or what the store said instead.
pub(super) fn told<T>(store: &dyn Store, answer: Result<T, Fault>) -> crate::error::Result<T> {
    answer.map_err(|fault| {
        let text = fault.in_words(store);
        if fault.mistaken { Error::configuration(text) } else { Error::unavailable(text) }
    })
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A process that works on jobs. It holds a lease, and with it all its claims, as long as it renews it in time.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Drawn at random when it joins.
    pub(crate) id: i64,
    /// What people know it by.
    pub(crate) name: Arc<str>,
    pub(crate) lease: Duration,
    /// The names of the jobs it can run, and the queues it takes them from.
    pub(crate) jobs: Vec<Arc<str>>,
    pub(crate) queues: Vec<Arc<str>>,
}

/// What a node hears when it renews its lease.
#[derive(Clone, Debug)]
pub(crate) struct Beat {
    /// Whether the lease was still there; if not, its claims have gone to others.
    pub(crate) known: bool,
    /// The store's clock.
    pub(crate) now: SystemTime,
    /// Its jobs that somebody wants stopped, and why.
    pub(crate) cancelled: Vec<(i64, String)>,
}

/// What was taken from nodes whose lease was over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rescued {
    /// How many jobs wait again.
    pub(crate) jobs: u64,
    /// The jobs that had their process die under them too often, and are parked: row and name.
    pub(crate) quarantined: Vec<(i64, String)>,
}

/// What a node would take now.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) node: i64,
    /// Drawn for this wish: if its answer gets lost, [`Store::adopt`] gives what was claimed with it.
    pub(crate) token: i64,
    /// How many of each queue at most, in the order in which they are served.
    pub(crate) queues: Vec<(Arc<str>, u32)>,
    /// Of these jobs.
    pub(crate) jobs: Arc<[Arc<str>]>,
    /// Whether it may take a job that had its process die under it more than once: only one at a time.
    pub(crate) solitary: bool,
}

/// What a node was given.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) rows: Vec<Row>,
    /// When the next job of these queues is due that is not due yet; not looked up where all that was wished for
    /// was there.
    pub(crate) next: Option<SystemTime>,
    /// The store's clock.
    pub(crate) now: SystemTime,
}

/// What can be paused for all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Queue,
    Job,
}

impl Subject {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Job => "job",
        }
    }
}

/// What is paused, its name, and why.
pub(crate) type Pause = (Subject, String, String);

/// What became of a job that was to be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// It waited, and never runs.
    AtOnce,
    /// It runs, and is asked to stop.
    Asked,
    /// It has come to its end before.
    Over,
    /// There is no such row.
    Unknown,
}

/// How long rows are kept after their end; what is parked is kept until somebody sees to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Of completed and cancelled ones; `None` is for ever.
    pub(crate) completed: Option<Duration>,
    pub(crate) discarded: Option<Duration>,
}

/// What was put in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tidied {
    pub(crate) pruned: u64,
    /// Jobs that no node knows, and are parked: row and name.
    pub(crate) parked: Vec<(i64, String)>,
}

/// What changed in a store, told to those who wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// There is work in a queue, or will be at a time that was not known before.
    Work(Arc<str>),
    /// A job that runs is to be stopped.
    Cancel(i64),
    /// A run of a job ended that others may wait for.
    Ended(Arc<str>),
    /// Something was paused or resumed.
    Paused,
}

/// Who is told what changed.
pub(crate) type Listener = Arc<dyn Fn(Notice) + Send + Sync>;

/// The version of the schema before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Versions {
    pub(crate) before: u32,
    pub(crate) after: u32,
}

/// Where jobs are kept.
pub(crate) trait Store: Any + Send + Sync {
    /// What people know it by, without passwords.
    fn describe(&self) -> String;

    /// Whether nobody else can have it, so that it tells every change itself, and nobody's lease need be looked at.
    fn is_private(&self) -> bool;

    /// From now on changes are told to this listener: those made through this store at once, those made elsewhere while
    /// somebody [listens](Self::listen).
    fn tell(&self, listener: Listener);

    /// Hears of changes made elsewhere, as long as it is awaited; it ends only with a fault.
    fn listen(&self) -> Asked<'_, ()>;

    /// Brings the schema up to date, whoever else does so at the same time.
    fn migrate(&self, now: SystemTime) -> Asked<'_, Versions>;

    // ---- who is there

    /// A node begins to hold a lease. Jobs that were parked because nobody knew them, and that it knows, wait again.
    fn join<'a>(&'a self, node: &'a Node, now: SystemTime) -> Asked<'a, SystemTime>;

    /// A node renews its lease.
    fn beat<'a>(&'a self, node: &'a Node, now: SystemTime) -> Asked<'a, Beat>;

    /// Ends the leases that are over, and lets their jobs wait again: those of which the process died the second time
    /// in a row alone, and those of which it died `quarantine` times not at all.
    ///
    /// Where a store has not been there for as long as a lease, none is over.
    fn rescue(&self, quarantine: u32, now: SystemTime) -> Asked<'_, Rescued>;

    /// A node goes: what it still has claimed waits again, as if it had not been claimed.
    fn leave(&self, node: i64, now: SystemTime) -> Asked<'_, ()>;

    // ---- jobs in, and out

    /// Takes jobs in; what it has answered stays, whatever happens then.
    fn insert<'a>(&'a self, jobs: &'a NewJobs, now: SystemTime) -> Asked<'a, Vec<Inserted>>;

    /// Gives a node what it may run now, each job to one node only: by priority, then by time.
    fn claim<'a>(&'a self, wish: &'a Wish, now: SystemTime) -> Asked<'a, Claimed>;

    /// What was claimed with a token whose answer got lost.
    fn adopt(&self, node: i64, token: i64) -> Asked<'_, Vec<Row>>;

    /// Writes down how attempts ended; which of them were still claimed so, and no others were changed.
    fn settle<'a>(&'a self, settlements: &'a [Settlement], now: SystemTime) -> Asked<'a, Vec<bool>>;

    /// Writes down how far attempts are; those that are no longer claimed so are passed over.
    fn note_progress<'a>(&'a self, progress: &'a [(Claim, String)]) -> Asked<'a, ()>;

    // ---- to look, and to act

    fn row(&self, id: i64, now: SystemTime) -> Asked<'_, Option<JobRow>>;

    /// Rows, the newest first.
    fn rows<'a>(&'a self, filter: &'a Filter, now: SystemTime) -> Asked<'a, Vec<JobRow>>;

    fn census<'a>(&'a self, queue: &'a str, now: SystemTime) -> Asked<'a, QueueInfo>;

    fn cancel<'a>(&'a self, id: i64, reason: &'a str, now: SystemTime) -> Asked<'a, Cancelled>;

    /// Lets a job wait again that is over, parked, or waits for its next attempt; false when it is not.
    fn retry(&self, id: i64, now: SystemTime) -> Asked<'_, bool>;

    /// Deletes a row that does not run; false when it does, or there is none.
    fn delete(&self, id: i64) -> Asked<'_, bool>;

    /// Pauses something for all nodes, or resumes it.
    fn pause<'a>(&'a self, what: Subject, name: &'a str, reason: Option<&'a str>, now: SystemTime) -> Asked<'a, ()>;

    /// All that is paused.
    fn pauses(&self) -> Asked<'_, Vec<Pause>>;

    /// Deletes rows that were kept for long enough, and parks jobs at the head of these queues that no node knows.
    fn tidy<'a>(&'a self, queues: &'a [Arc<str>], keep: Retention, now: SystemTime) -> Asked<'a, Tidied>;

    // ---- one tick for all nodes

    /// Makes schedules known, and gives how far they are. A schedule that differs from the one known by its name takes
    /// its place, unless the node that made that one known is still there; its ticks are counted from now.
    fn enrol<'a>(&'a self, node: i64, schedules: &'a [Enrolment], now: SystemTime) -> Asked<'a, Vec<Enrolled>>;

    /// Decides ticks, each for all nodes, and claims what of them runs for this node: whoever comes second has lost.
    fn tick<'a>(&'a self, node: i64, ticks: &'a [Tick], now: SystemTime) -> Asked<'a, Vec<Ticked>>;

    /// Decides about a run that was asked for, by its overlap policy among all nodes.
    fn trigger<'a>(&'a self, node: i64, entrance: &'a Entrance, now: SystemTime) -> Asked<'a, Admission>;

    /// The guard of a claimed run said yes: decides about it by its overlap policy.
    fn admit<'a>(&'a self, claim: Claim, entrance: &'a Entrance, now: SystemTime) -> Asked<'a, Admission>;

    /// Claims for this node the next of its runs that wait for a place, of each of these jobs where there is one; and
    /// tells which of those that it thinks are waiting do so no more.
    fn proceed<'a>(&'a self, node: i64, turns: &'a [Turn], now: SystemTime) -> Asked<'a, Vec<(Arc<str>, Advance)>>;

    // ---- ticks that a process has each for itself

    /// What was written down of jobs: by this host, or else by the one that did so last. A host may have another name
    /// at each start, as containers do.
    fn marks<'a>(&'a self, host: &'a str) -> Asked<'a, Vec<(String, Mark)>>;

    /// Writes down for a host what jobs remember, or that they are gone.
    fn note_marks<'a>(&'a self, host: &'a str, marks: &'a [(Arc<str>, Option<Mark>)], now: SystemTime)
    -> Asked<'a, ()>;

    // ---- the end

    /// Puts away what it has open, as nothing more is asked of it; what is asked all the same opens that again.
    fn close(&self) -> Asked<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// How old what a host has written down of a job is at least before it is deleted, as another has something newer: the
/// host's name may be gone for ever.
pub(crate) const FORGOTTEN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A job that was taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inserted {
    pub(crate) id: i64,
    /// Whether it is a new one; else the one that kept it out.
    pub(crate) new: bool,
}
