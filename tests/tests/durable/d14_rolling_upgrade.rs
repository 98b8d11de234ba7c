//! D14: programs of two versions share a store, while one after another is replaced; and one that is too old is refused.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::child::Child;
use crate::lab::{Client, Kind, Lab, amount, until};
use crate::newer::{Database, Newer, ROOM as ROOM_OF_NEWER};
use crate::ticks;

const NODES: usize = 3;
/// How many of its jobs a worker runs at once.
const ROOM: usize = 10;
const SCHEDULES: usize = 5;
/// The node of the newer program.
const NEWER: i64 = 1;

/// Workers of today's version.
struct Fleet<'l> {
    lab: &'l Lab,
    ticks: String,
    workers: Vec<Child>,
}

impl<'l> Fleet<'l> {
    fn start(lab: &'l Lab) -> Self {
        let ticks: Vec<String> = (0..SCHEDULES).map(|number| format!("tick{number}:cluster:1s:all:run")).collect();
        let mut fleet = Self { lab, ticks: format!("ticks={}", ticks.join(",")), workers: Vec::new() };
        for _ in 0..NODES {
            fleet.add();
        }
        fleet
    }

    fn add(&mut self) {
        let room = format!("room={ROOM}");
        self.workers.push(self.lab.worker(&["lease=2s", &room, &self.ticks]));
    }

    /// Replaces one after another.
    async fn roll(&mut self) {
        for _ in 0..NODES {
            assert_eq!(self.workers.remove(0).stop().code(), Some(0));
            self.add();
            self.go_on().await;
        }
    }

    /// Waits until jobs were run that were not before, by each of them.
    async fn go_on(&self) {
        let before = self.lab.noted_of("work").len();
        self.lab.until_noted("work", before + 100).await;
    }

    fn kill_one(&mut self) {
        self.workers.remove(0).kill();
        self.add();
    }
}

async fn rolling(kind: Kind) {
    let lab = Lab::new(kind, "d14");
    let client = lab.client().await;
    let load = lab.worker(&["lease=2s", "room=0", "enqueue=1000000", "apart=5"]);
    let mut fleet = Fleet::start(&lab);
    fleet.go_on().await;
    let database = Database::open(&lab, kind).await;
    // While all of them are at work.
    database.upgrade().await;
    fleet.go_on().await;
    let mut taken = Vec::new();
    for round in 0..amount(1, 10) {
        let newer = Newer::start(&lab, kind, NEWER + i64::try_from(round).expect("few")).await;
        let together = async {
            fleet.roll().await;
            fleet.kill_one();
            fleet.go_on().await;
            takes_part(&database).await;
        };
        taken.extend(newer.work_until(together).await);
        // What it died over goes to the others.
        fleet.roll().await;
    }
    database.outgrow().await;
    is_refused(&lab);
    fleet.go_on().await;
    load.kill();
    all_is_done(&lab, &client, &taken, amount(1, 10)).await;
    for worker in fleet.workers {
        assert_eq!(worker.stop().code(), Some(0));
    }
    all_ticks_came_once(&client, &database).await;
}

/// Waits until the newer program has decided ticks and done jobs.
async fn takes_part(database: &Database) {
    for (what, least) in [("queue = '@cluster' AND shade = 'newer'", 2), ("queue = 'work' AND shade = 'done'", 20)] {
        let count = format!("SELECT count(*) FROM job_runtime.job WHERE {what};");
        until(what, async || Some(database.number(&count).await).filter(|count| *count >= least)).await;
    }
}

/// A program of today's version does not start where it is too old, and says so.
fn is_refused(lab: &Lab) {
    let end = lab.unready(&lab.url, &[], &[]).end();
    assert_eq!((end.code(), end.said.out.len()), (Some(1), 0), "{end:?}");
    assert!(end.err().contains("version 3") && end.err().contains("version 1"), "{end:?}");
}

/// Nothing that was taken is lost, and what was done again is what ran when its process was killed.
async fn all_is_done(lab: &Lab, client: &Client, by_newer: &[i64], rounds: u64) {
    let info = client.until_done("work").await;
    assert_eq!((info.discarded, info.cancelled, info.parked), (0, 0, 0));
    let mut runs = BTreeMap::<i64, Vec<u32>>::new();
    for run in lab.noted_of("work") {
        runs.entry(run.id).or_default().push(run.attempt);
    }
    let mut taken: BTreeSet<i64> = lab.noted_of("acknowledged").iter().map(|noted| noted.id).collect();
    taken.extend(by_newer);
    let lost: Vec<_> = taken.iter().filter(|id| !runs.contains_key(id)).collect();
    assert!(lost.is_empty(), "{lost:?} of {} were taken and never ran", taken.len());
    let mut again = 0;
    for (id, attempts) in &runs {
        let once: BTreeSet<_> = attempts.iter().collect();
        assert_eq!(once.len(), attempts.len(), "no attempt at {id} was made twice: {attempts:?}");
        again += attempts.len() - 1;
    }
    eprintln!("D14: {} jobs, {} of them by the newer program, {again} done again", taken.len(), by_newer.len());
    let rounds = usize::try_from(rounds).expect("few");
    // What the newer program died over was done, and nobody knew it.
    assert!((rounds..=rounds * (ROOM + ROOM_OF_NEWER)).contains(&again), "{again} in {rounds} rounds");
}

async fn all_ticks_came_once(client: &Client, database: &Database) {
    let rows = ticks::rows(client).await;
    assert_eq!(rows.len(), SCHEDULES);
    for (job, rows) in &rows {
        assert!(rows.len() > 3, "{job}: {}", rows.len());
        ticks::are_exactly_one_each(job, rows, Duration::from_secs(1));
    }
    let died = "SELECT count(*) FROM job_runtime.job WHERE shade = 'newer' AND queue = 'work' AND deaths > 0;";
    assert!(database.number(died).await > 0, "the jobs that the newer program died over were taken from it");
    let filled = "SELECT count(*) FROM job_runtime.job WHERE grade <> 7;";
    assert_eq!(database.number(filled).await, 0, "what today's programs do not know is as it is by default");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d14_nothing_is_lost_while_two_versions_share_a_store_on_sqlite() {
    rolling(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d14_nothing_is_lost_while_two_versions_share_a_store_on_postgres() {
    rolling(Kind::Postgres).await;
}

/// Many come to an empty store at the same time.
async fn at_once(kind: Kind) {
    let lab = Lab::new(kind, "d14_at_once");
    let mut nodes: Vec<Child> = (0..8).map(|_| lab.unready(&lab.url, &["lease=5s"], &[])).collect();
    for node in &mut nodes {
        node.says("ready");
    }
    let migrations = match kind {
        Kind::Sqlite => "SELECT count(*) FROM job_runtime.version;",
        Kind::Postgres => "SELECT count(*) FROM job_runtime.migration;",
    };
    assert_eq!(Database::open(&lab, kind).await.number(migrations).await, 1, "the schema is made once");
    let client = lab.client().await;
    crate::jobs::work::enqueue_all(0..200).await.expect("they are taken");
    assert_eq!(client.until_done("work").await.completed, 200);
    for node in nodes {
        node.stop().is_orderly();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d14_many_that_start_at_once_make_the_schema_once_on_sqlite() {
    at_once(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d14_many_that_start_at_once_make_the_schema_once_on_postgres() {
    at_once(Kind::Postgres).await;
}
