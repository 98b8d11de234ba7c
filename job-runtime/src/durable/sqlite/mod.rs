//! A store in a file of SQLite, which the processes of one machine can share.

mod act;
mod address;
mod claim;
mod clerk;
mod command;
mod fault;
mod file;
mod find;
mod insert;
mod look;
mod mark;
mod micros;
mod migration;
mod node;
mod row;
mod settle;
mod sign;
mod table;
#[cfg(test)]
mod tests;
mod tick;
mod tidy;
mod within;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rusqlite::Result;

use self::clerk::{Clerk, Duty, Listeners};
use self::file::File;
use self::micros::micros;
use self::sign::Signs;
use self::table::Table;
use super::row::{Claim, NewJobs, Row};
use super::settle::Settlement;
use super::shown::{Filter, JobRow, QueueInfo};
use super::store::{
    Asked, Beat, Cancelled, Claimed, Inserted, Listener, Node, Pause, Rescued, Retention, Store, Subject, Tidied,
    Versions, Wish,
};
use super::tick::{Admission, Advance, Enrolled, Enrolment, Entrance, Tick, Ticked, Turn};
use crate::clock::machine_time;
use crate::engine::supervisor::Mark;

pub(crate) use self::address::Address;
#[cfg(test)]
pub(super) use self::tests::{bench, newer_bench};

/// How long the decision about ticks may have waited for the file: what is due now is not what was due then.
const STALE: Duration = Duration::from_secs(1);

/// Jobs that are kept in a file.
pub(crate) struct Sqlite {
    file: Arc<File>,
    listeners: Arc<Listeners>,
    /// Who changes the file, and who looks at much of it meanwhile.
    writer: Clerk,
    reader: Clerk,
    signs: Arc<Signs>,
}

impl Sqlite {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self::with(File::new(path))
    }

    fn with(file: File) -> Self {
        let (file, listeners) = (Arc::new(file), Arc::default());
        let writer = Clerk::new(Duty::Write, &file, &listeners);
        let reader = Clerk::new(Duty::Read, &file, &listeners);
        let signs = Arc::new(Signs::new(file.path()));
        Self { file, listeners, writer, reader, signs }
    }

    fn write<'a, T, F>(&self, act: F) -> Asked<'a, T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Table<'_>) -> Result<T> + Send + 'static,
    {
        self.writer.ask(act)
    }
}

impl Store for Sqlite {
    fn describe(&self) -> String {
        format!("SQLite at {}", self.file.shown())
    }

    fn is_private(&self) -> bool {
        false
    }

    fn tell(&self, listener: Listener) {
        self.listeners.add(listener);
    }

    fn listen(&self) -> Asked<'_, ()> {
        // What other processes change in a file, nobody hears.
        Box::pin(std::future::pending())
    }

    fn migrate(&self, now: SystemTime) -> Asked<'_, Versions> {
        self.writer.migrate(micros(now))
    }

    fn join<'a>(&'a self, node: &'a Node, now: SystemTime) -> Asked<'a, SystemTime> {
        let (node, signs) = (node.clone(), Arc::clone(&self.signs));
        self.write(move |table| {
            signs.hold(node.id);
            table.join(&node, micros(now))?;
            Ok(now)
        })
    }

    fn beat<'a>(&'a self, node: &'a Node, now: SystemTime) -> Asked<'a, Beat> {
        let (node, signs) = (node.clone(), Arc::clone(&self.signs));
        self.write(move |table| {
            let beat = table.beat(&node, &signs, micros(now))?;
            if !beat.known {
                signs.give_up(node.id);
            }
            Ok(beat)
        })
    }

    fn rescue(&self, quarantine: u32, now: SystemTime) -> Asked<'_, Rescued> {
        let signs = Arc::clone(&self.signs);
        self.write(move |table| table.rescue(quarantine, &signs, micros(now)))
    }

    fn leave(&self, node: i64, now: SystemTime) -> Asked<'_, ()> {
        let signs = Arc::clone(&self.signs);
        let left = self.write(move |table| table.leave(node, micros(now)));
        Box::pin(async move {
            left.await?;
            signs.give_up(node);
            Ok(())
        })
    }

    fn insert<'a>(&'a self, jobs: &'a NewJobs, now: SystemTime) -> Asked<'a, Vec<Inserted>> {
        let jobs = jobs.clone();
        self.write(move |table| table.insert(&jobs, micros(now)))
    }

    fn claim<'a>(&'a self, wish: &'a Wish, now: SystemTime) -> Asked<'a, Claimed> {
        let wish = wish.clone();
        self.write(move |table| table.claim(&wish, micros(now)))
    }

    fn adopt(&self, node: i64, token: i64) -> Asked<'_, Vec<Row>> {
        self.write(move |table| table.adopt(node, token))
    }

    fn settle<'a>(&'a self, settlements: &'a [Settlement], now: SystemTime) -> Asked<'a, Vec<bool>> {
        let settlements = settlements.to_vec();
        self.write(move |table| table.settle(&settlements, micros(now)))
    }

    fn note_progress<'a>(&'a self, progress: &'a [(Claim, String)]) -> Asked<'a, ()> {
        let progress = progress.to_vec();
        self.write(move |table| table.note_progress(&progress))
    }

    fn row(&self, id: i64, now: SystemTime) -> Asked<'_, Option<JobRow>> {
        self.reader.ask(move |table| table.row(id, micros(now)))
    }

    fn rows<'a>(&'a self, filter: &'a Filter, now: SystemTime) -> Asked<'a, Vec<JobRow>> {
        let filter = filter.clone();
        self.reader.ask(move |table| table.rows(&filter, micros(now)))
    }

    fn census<'a>(&'a self, queue: &'a str, now: SystemTime) -> Asked<'a, QueueInfo> {
        let queue = queue.to_owned();
        self.reader.ask(move |table| table.census(&queue, micros(now)))
    }

    fn cancel<'a>(&'a self, id: i64, reason: &'a str, now: SystemTime) -> Asked<'a, Cancelled> {
        let reason = reason.to_owned();
        self.write(move |table| table.cancel(id, &reason, micros(now)))
    }

    fn retry(&self, id: i64, now: SystemTime) -> Asked<'_, bool> {
        self.write(move |table| table.retry(id, micros(now)))
    }

    fn delete(&self, id: i64) -> Asked<'_, bool> {
        self.write(move |table| table.delete(id))
    }

    fn pause<'a>(&'a self, what: Subject, name: &'a str, reason: Option<&'a str>, now: SystemTime) -> Asked<'a, ()> {
        let (name, reason) = (name.to_owned(), reason.map(str::to_owned));
        self.write(move |table| table.pause(what, &name, reason.as_deref(), micros(now)))
    }

    fn pauses(&self) -> Asked<'_, Vec<Pause>> {
        self.write(|table| table.pauses())
    }

    fn tidy<'a>(&'a self, queues: &'a [Arc<str>], keep: Retention, now: SystemTime) -> Asked<'a, Tidied> {
        let (queues, now, signs) = (queues.to_vec(), micros(now), Arc::clone(&self.signs));
        Box::pin(async move {
            let mut pruned = 0;
            loop {
                let some = self.write(move |table| table.prune(keep, now)).await?;
                pruned += u64::from(some);
                if some < tidy::HANDFUL {
                    break;
                }
            }
            let rest = move |table: &mut Table<'_>| {
                table.forget(keep, now)?;
                // What others know is not known as long as nobody can say that they are gone.
                if signs.judges(now) { table.park_unknown(&queues, now) } else { Ok(Vec::new()) }
            };
            Ok(Tidied { pruned, parked: self.write(rest).await? })
        })
    }

    fn enrol<'a>(&'a self, node: i64, schedules: &'a [Enrolment], now: SystemTime) -> Asked<'a, Vec<Enrolled>> {
        let schedules = schedules.to_vec();
        self.write(move |table| schedules.iter().map(|schedule| table.enrol(node, schedule, micros(now))).collect())
    }

    fn tick<'a>(&'a self, node: i64, ticks: &'a [Tick], now: SystemTime) -> Asked<'a, Vec<Ticked>> {
        let (ticks, asked) = (ticks.to_vec(), machine_time());
        self.write(move |table| {
            let waited = machine_time().duration_since(asked).unwrap_or_default();
            let decide = |tick| if waited > STALE { table.decline(tick) } else { table.tick(node, tick, micros(now)) };
            ticks.iter().map(decide).collect()
        })
    }

    fn trigger<'a>(&'a self, node: i64, entrance: &'a Entrance, now: SystemTime) -> Asked<'a, Admission> {
        let (entrance, now) = (entrance.clone(), micros(now));
        self.write(move |table| table.enter(node, &entrance, now, now))
    }

    fn admit<'a>(&'a self, claim: Claim, entrance: &'a Entrance, now: SystemTime) -> Asked<'a, Admission> {
        let entrance = entrance.clone();
        self.write(move |table| table.admit(claim, &entrance, micros(now)))
    }

    fn proceed<'a>(&'a self, node: i64, turns: &'a [Turn], now: SystemTime) -> Asked<'a, Vec<(Arc<str>, Advance)>> {
        let turns = turns.to_vec();
        self.write(move |table| {
            let mut advances = Vec::new();
            for turn in &turns {
                let of_job = table.proceed(node, turn, micros(now))?;
                advances.extend(of_job.into_iter().map(|advance| (Arc::clone(&turn.name), advance)));
            }
            Ok(advances)
        })
    }

    fn marks<'a>(&'a self, host: &'a str) -> Asked<'a, Vec<(String, Mark)>> {
        let host = host.to_owned();
        self.write(move |table| table.marks(&host))
    }

    fn note_marks<'a>(
        &'a self,
        host: &'a str,
        marks: &'a [(Arc<str>, Option<Mark>)],
        now: SystemTime,
    ) -> Asked<'a, ()> {
        let (host, marks) = (host.to_owned(), marks.to_vec());
        self.write(move |table| table.note_marks(&host, &marks, micros(now)))
    }

    fn close(&self) -> Asked<'_, ()> {
        Box::pin(async move {
            self.reader.close().await?;
            // The last to close a file takes in what is in its log.
            self.writer.close().await
        })
    }
}
