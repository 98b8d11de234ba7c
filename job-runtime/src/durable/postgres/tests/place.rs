//! A database for one test, and what is put into it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use private_postgres::Server;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::clock::{Clock, first};
use crate::durable::postgres::lines::Patience;
use crate::durable::postgres::{Address, Postgres};
use crate::durable::row::{Due, NewJob, NewJobs, Row};
use crate::durable::settle::{End, Settlement};
use crate::durable::store::{Inserted, Node, Notice, Store, Wish};
use crate::outcome::Outcome;

/// The lease of all nodes in tests.
pub(super) const LEASE: Duration = Duration::from_secs(20);

/// Of what has a clock of its own the time that it is given does not matter.
pub(super) const NOW: SystemTime = SystemTime::UNIX_EPOCH;

/// A database of its own, in which the clock can be made to stand still.
pub(super) struct Place {
    pub(super) server: &'static Server,
    name: String,
    url: String,
}

/// The functions by which statements ask for the time, as they are found first.
const CLOCK: &str = "
    CREATE SCHEMA clock;
    CREATE TABLE clock.time (now timestamptz, started timestamptz);
    INSERT INTO clock.time VALUES ('2030-01-01 00:00+00', '2029-01-01 00:00+00');
    CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now FROM clock.time';
    CREATE FUNCTION clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now FROM clock.time';
    CREATE FUNCTION clock.pg_postmaster_start_time() RETURNS timestamptz LANGUAGE sql STABLE
        AS 'SELECT started FROM clock.time'";

impl Place {
    /// With the clock of the server.
    pub(super) fn new(name: &str) -> Self {
        let server = Server::shared();
        Self { server, name: name.to_owned(), url: server.database(name) }
    }

    /// With a clock that shows what it is [set](Self::set_clock) to.
    pub(super) fn with_clock(name: &str) -> Self {
        let place = Self::new(name);
        place.sql(CLOCK);
        Self { url: format!("{}&options=-c%20search_path%3Dclock,pg_catalog", place.url), ..place }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// A store that nothing is connected to yet.
    pub(super) fn store(&self) -> Arc<Postgres> {
        store(&self.url)
    }

    /// One whose schema is there.
    pub(super) async fn open(&self) -> Arc<Postgres> {
        let store = self.store();
        store.migrate(NOW).await.expect("it is brought up to date");
        store
    }

    /// One that a node has joined.
    pub(super) async fn joined(&self, node: i64) -> Arc<Postgres> {
        let store = self.open().await;
        join(&store, node).await;
        store
    }

    /// What a statement gives, seen from outside.
    pub(super) fn sql(&self, statement: &str) -> String {
        self.server.sql(&self.name, statement)
    }

    /// Lets the clock show so many seconds since its beginning.
    pub(super) fn set_clock(&self, seconds: u64) {
        self.sql(&format!("UPDATE clock.time SET now = timestamptz '2030-01-01 00:00+00' + interval '{seconds} s'"));
    }
}

pub(super) fn store(url: &str) -> Arc<Postgres> {
    patient(url, Patience::USUAL)
}

pub(super) fn patient(url: &str, patience: Patience) -> Arc<Postgres> {
    let address = Address::read(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    Arc::new(Postgres::with_patience(address, patience))
}

pub(super) fn node(id: i64) -> Node {
    let (jobs, queues) = (vec!["job".into()], vec!["queue".into()]);
    Node { id, name: format!("node-{id}").into(), lease: LEASE, jobs, queues }
}

pub(super) async fn join(store: &Postgres, id: i64) {
    store.join(&node(id), NOW).await.expect("it joins");
}

pub(super) async fn beat(store: &Postgres, id: i64) -> bool {
    store.beat(&node(id), NOW).await.expect("it answers").known
}

pub(super) fn jobs(count: usize) -> NewJobs {
    NewJobs {
        queue: "queue".into(),
        name: "job".into(),
        priority: 0,
        due: Due::Now,
        max_attempts: 1,
        unique: None,
        jobs: (0..count).map(|number| NewJob { args: format!("{{\"n\":{number}}}"), key: None }).collect(),
    }
}

pub(super) async fn put(store: &Postgres, jobs: &NewJobs) -> Vec<i64> {
    let inserted = store.insert(jobs, NOW).await.expect("they are put in");
    inserted.iter().map(|Inserted { id, .. }| *id).collect()
}

pub(super) fn wish(node: i64, most: u32) -> Wish {
    let jobs: Arc<[Arc<str>]> = Arc::from([Arc::from("job")]);
    Wish { node, token: 7, queues: vec![("queue".into(), most)], jobs, solitary: true }
}

pub(super) async fn claim(store: &Postgres, node: i64, most: u32) -> Vec<Row> {
    store.claim(&wish(node, most), NOW).await.expect("it answers").rows
}

pub(super) fn ids(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| row.claim.id).collect()
}

pub(super) fn settlement(row: &Row, end: End) -> Settlement {
    let outcome = if end == End::Completed { Outcome::Completed } else { Outcome::Failed };
    let name = Arc::clone(&row.name);
    Settlement { claim: row.claim, end, outcome, error: None, keyed: row.keyed, name, awaited: false }
}

pub(super) async fn settle(store: &Postgres, rows: &[Row], end: End) -> Vec<bool> {
    let settlements: Vec<_> = rows.iter().map(|row| settlement(row, end)).collect();
    store.settle(&settlements, NOW).await.expect("it answers")
}

/// What a store is told.
pub(super) struct Ears(UnboundedReceiver<Notice>);

impl Ears {
    pub(super) fn of(store: &Postgres) -> Self {
        let (sender, told) = unbounded_channel();
        store.tell(Arc::new(move |notice| drop(sender.send(notice))));
        Self(told)
    }

    /// What is told next, besides by who only tried whether it is heard.
    pub(super) async fn next(&mut self) -> Notice {
        loop {
            let told = self.0.recv().await.expect("the store is there");
            if !matches!(&told, Notice::Ended(name) if name.starts_with("probe ")) {
                return told;
            }
        }
    }

    /// Waits until this is told.
    pub(super) async fn hear(&mut self, notice: &Notice) {
        while self.0.recv().await.expect("the store is there") != *notice {}
    }

    /// Waits until what others tell is heard.
    pub(super) async fn listen(&mut self, place: &Place) {
        for number in 0.. {
            let probe = format!("probe {number}");
            place.sql(&format!("NOTIFY job_runtime, '0 ended {probe}'"));
            // What was told before has come before.
            if first(self.hear(&Notice::Ended(probe.into())), wait(Duration::from_millis(50))).await.is_some() {
                return;
            }
        }
    }
}

/// Does something while stores listen.
pub(super) async fn listening<T>(stores: &[&Arc<Postgres>], work: impl Future<Output = T>) -> T {
    let listening = all(stores.iter().map(|store| store.listen()));
    let done = first(work, async {
        let ended = listening.await;
        panic!("it listens no more: {ended:?}");
    });
    done.await.expect("the other never ends")
}

pub(super) async fn wait(length: Duration) {
    let clock = Clock::real();
    clock.sleep_until(clock.moment() + length).await;
}

/// Awaits all of them at once, in one task.
pub(super) async fn all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|task| {
        let mut waits = false;
        for (future, done) in &mut futures {
            if done.is_none()
                && let std::task::Poll::Ready(result) = future.as_mut().poll(task)
            {
                *done = Some(result);
            }
            waits |= done.is_none();
        }
        if waits { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    futures.into_iter().filter_map(|(_, done)| done).collect()
}
