//! A database for one test, and what is put into it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use private_postgres::Server;

use crate::durable::postgres::{Address, Postgres};
use crate::durable::row::{Due, NewJob, NewJobs, Row};
use crate::durable::settle::{End, Settlement};
use crate::durable::store::{Claimed, Inserted, Node, Store, Wish};
use crate::outcome::Outcome;

/// The lease of all nodes in tests.
pub(super) const LEASE: Duration = Duration::from_secs(20);

/// A database of its own, in which the clock can be made to stand still.
pub(super) struct Place {
    pub(super) server: &'static Server,
    pub(super) name: String,
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
        store.migrate(SystemTime::UNIX_EPOCH).await.expect("there is no schema yet");
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

    pub(super) fn set_clock(&self, seconds: u64) {
        self.sql(&format!("UPDATE clock.time SET now = timestamptz '2030-01-01 00:00+00' + interval '{seconds} s'"));
    }
}

pub(super) fn store(url: &str) -> Arc<Postgres> {
    let address = Address::read(url).unwrap_or_else(|error| panic!("{url}: {error}"));
    Arc::new(Postgres::new(address))
}

pub(super) fn node(id: i64) -> Node {
    Node {
        id,
        name: format!("node-{id}").into(),
        lease: LEASE,
        jobs: vec!["job".into()],
        queues: vec!["queue".into()],
    }
}

pub(super) async fn join(store: &Postgres, id: i64) -> SystemTime {
    store.join(&node(id), SystemTime::UNIX_EPOCH).await.expect("it joins")
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

pub(super) async fn put(store: &Postgres, jobs: &NewJobs) -> Vec<Inserted> {
    store.insert(jobs, SystemTime::UNIX_EPOCH).await.expect("they are put in")
}

pub(super) fn wish(node: i64, token: i64, most: u32) -> Wish {
    let jobs: Arc<[Arc<str>]> = Arc::from([Arc::from("job")]);
    Wish { node, token, queues: vec![("queue".into(), most)], jobs, solitary: true }
}

pub(super) async fn claim(store: &Postgres, wish: &Wish) -> Claimed {
    store.claim(wish, SystemTime::UNIX_EPOCH).await.expect("it answers")
}

pub(super) fn ids(rows: &[Row]) -> Vec<i64> {
    rows.iter().map(|row| row.claim.id).collect()
}

pub(super) fn settlement(row: &Row, end: End) -> Settlement {
    Settlement {
        claim: row.claim,
        end,
        outcome: if end == End::Completed { Outcome::Completed } else { Outcome::Failed },
        error: None,
        keyed: row.keyed,
        name: Arc::clone(&row.name),
        awaited: false,
    }
}

pub(super) async fn settle(store: &Postgres, rows: &[Row], end: End) -> Vec<bool> {
    let settlements: Vec<_> = rows.iter().map(|row| settlement(row, end)).collect();
    store.settle(&settlements, SystemTime::UNIX_EPOCH).await.expect("it answers")
}

/// Awaits all of them at once, in one task.
pub(super) async fn all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|task| {
        let mut all = true;
        for (future, done) in &mut futures {
            if done.is_none()
                && let std::task::Poll::Ready(result) = future.as_mut().poll(task)
            {
                *done = Some(result);
            }
            all &= done.is_some();
        }
        if all { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    futures.into_iter().filter_map(|(_, done)| done).collect()
}
