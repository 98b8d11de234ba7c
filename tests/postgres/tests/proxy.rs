//! The proxy: it lets through, refuses, cuts, stalls, and loses commits and notifications.

mod client;
#[path = "../../tests/patience/mod.rs"]
mod patience;

use std::sync::Arc;

use client::{connect, listen};
use patience::in_time;
use private_postgres::{Counts, Direction, Flaky, Proxy, Server, Stop};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, NoTls};

/// The parameters of a statement that has none.
const NOTHING: [&str; 0] = [];

const BEFORE: Flaky = Flaky { seed: 1, before: 100, after: 0 };
const AFTER: Flaky = Flaky { seed: 1, before: 0, after: 100 };

/// A database with an empty table `rows`, and a proxy of its own before it.
struct Place {
    server: &'static Server,
    name: &'static str,
    proxy: Arc<Proxy>,
}

impl Place {
    fn new(name: &'static str) -> Self {
        let server = Server::shared();
        server.database(name);
        server.sql(name, "CREATE TABLE rows (number int)");
        Self { server, name, proxy: Arc::new(Proxy::start(server)) }
    }

    /// A client through the proxy.
    async fn client(&self) -> Client {
        connect(&self.proxy.url(self.name)).await.expect("it is let through")
    }

    /// Does something once the proxy holds something.
    async fn once_held<T>(&self, then: impl FnOnce(&Proxy) -> T) -> T {
        let proxy = Arc::clone(&self.proxy);
        tokio::task::spawn_blocking(move || proxy.await_held()).await.expect("it does not panic");
        then(&self.proxy)
    }

    /// How many rows there are, as seen from outside.
    fn rows(&self) -> u64 {
        self.server.sql(self.name, "SELECT count(*) FROM rows").parse().expect("it is a number")
    }
}

/// Runs a test at a place of its own. It may block: its connections are driven by another thread.
#[track_caller]
fn at(name: &'static str, test: impl AsyncFnOnce(Place) + Send + 'static) {
    in_time(move || {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        tokio.expect("a tokio runtime").block_on(test(Place::new(name)));
    });
}

async fn insert(client: &Client) -> Result<u64, Error> {
    client.execute("INSERT INTO rows VALUES (1)", &[]).await
}

// ---- connections

#[test]
fn what_is_said_is_passed_on_both_ways() {
    at("passes", async |place| {
        let client = place.client().await;
        let long = "x".repeat(1_000_000);
        let row = client.query_one("SELECT $1 || $1, 3", &[&long]).await.expect("it answers");
        assert_eq!((row.get::<_, String>(0).len(), row.get(1)), (2_000_000, 3));
        let numbers = client.query("SELECT * FROM generate_series(1, 10000)", &[]).await.expect("it answers");
        assert_eq!(numbers.len(), 10_000);
        let error = client.execute("SELECT 1 / 0", &[]).await.expect_err("it cannot be computed");
        assert_eq!(error.code(), Some(&SqlState::DIVISION_BY_ZERO));
        assert_eq!(place.proxy.counts(), Counts { opened: 1, ..Counts::default() });
    });
}

#[test]
fn a_statement_is_cancelled_through_it() {
    at("cancels", async |place| {
        let client = place.client().await;
        let sleeping = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'cancels' AND wait_event = 'PgSleep'";
        let (answer, cancelled) = tokio::join!(client.batch_execute("SELECT pg_sleep(600)"), async {
            while place.server.sql(place.name, sleeping) == "0" {}
            client.cancel_token().cancel_query(NoTls).await
        });
        cancelled.expect("it is passed on");
        let error = answer.expect_err("it did not sleep for so long");
        assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
    });
}

#[test]
fn new_connections_are_refused_and_old_ones_go_on() {
    at("refuses", async |place| {
        let client = place.client().await;
        place.proxy.refuse();
        assert!(connect(&place.proxy.url(place.name)).await.is_err(), "it is refused");
        assert_eq!(insert(&client).await.expect("it goes on"), 1);
        place.proxy.pass();
        place.client().await;
        assert_eq!(place.proxy.counts(), Counts { opened: 2, refused: 1, ..Counts::default() });
    });
}

#[test]
fn all_connections_are_cut_and_new_ones_let_through() {
    at("cuts", async |place| {
        let clients = [place.client().await, place.client().await];
        assert_eq!(place.proxy.cut(), 2);
        for client in clients {
            assert!(insert(&client).await.is_err(), "it is cut");
        }
        assert_eq!(insert(&place.client().await).await.expect("it is let through"), 1);
        assert_eq!((place.rows(), place.proxy.counts().cut), (1, 2));
    });
}

#[test]
fn a_server_that_is_away_is_away_behind_the_proxy_too() {
    at("away", async |_| {
        let server = Server::start();
        let proxy = Proxy::start(&server);
        let client = connect(&proxy.url("postgres")).await.expect("it is there");
        server.stop(Stop::Immediate);
        assert!(client.execute("SELECT 1", &[]).await.is_err(), "it is away");
        assert!(connect(&proxy.url("postgres")).await.is_err(), "it is away");
        server.start_again();
        assert!(connect(&proxy.url("postgres")).await.is_ok(), "it is back");
    });
}

#[test]
fn a_proxy_that_is_dropped_ends_its_connections() {
    at("drops", async |place| {
        let (client, url) = (place.client().await, place.proxy.url(place.name));
        drop(place.proxy);
        assert!(insert(&client).await.is_err(), "it is cut");
        assert!(connect(&url).await.is_err(), "nobody is there");
    });
}

// ---- stalls

#[test]
fn what_a_stall_holds_goes_on_when_it_is_over() {
    at("goes_on", async |place| {
        let client = place.client().await;
        for direction in [Direction::ToServer, Direction::ToClient, Direction::Both] {
            place.proxy.stall(direction);
            let (inserted, ()) = tokio::join!(insert(&client), place.once_held(Proxy::pass));
            assert_eq!(inserted.expect("it goes on"), 1);
        }
        assert_eq!(place.rows(), 3);
    });
}

#[test]
fn what_is_held_on_its_way_to_the_server_is_not_done_when_it_is_cut() {
    at("not_done", async |place| {
        for direction in [Direction::ToServer, Direction::Both] {
            let client = place.client().await;
            place.proxy.stall(direction);
            let inserting = client.batch_execute("INSERT INTO rows VALUES (1)");
            let (inserted, cut) = tokio::join!(inserting, place.once_held(Proxy::cut));
            assert!(inserted.is_err());
            assert_eq!((cut, place.rows()), (1, 0));
            place.proxy.pass();
        }
    });
}

#[test]
fn what_is_held_on_its_way_to_the_client_is_done() {
    at("done", async |place| {
        let client = place.client().await;
        place.proxy.stall(Direction::ToClient);
        let inserting = client.batch_execute("INSERT INTO rows VALUES (1)");
        let (inserted, rows) = tokio::join!(inserting, place.once_held(|proxy| (place.rows(), proxy.cut()).0));
        assert!(inserted.is_err());
        assert_eq!(rows, 1);
    });
}

#[test]
fn a_new_connection_is_held_too() {
    at("held", async |place| {
        place.proxy.stall(Direction::Both);
        let url = place.proxy.url(place.name);
        let (client, ()) = tokio::join!(connect(&url), place.once_held(Proxy::pass));
        assert_eq!(insert(&client.expect("it goes on")).await.expect("it passes"), 1);
    });
}

// ---- commits

#[test]
fn a_statement_that_is_lost_before_its_commit_is_not_done() {
    at("before", async |place| {
        let client = place.client().await;
        place.proxy.flaky(BEFORE);
        assert!(insert(&client).await.is_err());
        assert_eq!((place.rows(), place.proxy.counts().before), (0, 1));
    });
}

#[test]
fn a_statement_whose_reply_is_lost_is_done() {
    at("after", async |place| {
        let client = place.client().await;
        place.proxy.flaky(AFTER);
        assert!(insert(&client).await.is_err());
        assert_eq!((place.rows(), place.proxy.counts().after), (1, 1));
    });
}

#[test]
fn nothing_is_heard_of_a_lost_answer() {
    at("unheard", async |place| {
        let client = place.client().await;
        let insert = "INSERT INTO rows SELECT * FROM generate_series(1, 10000) RETURNING number";
        let statement = client.prepare(insert).await.expect("it can be prepared");
        place.proxy.flaky(AFTER);
        let begun = client.query_raw(&statement, NOTHING).await;
        assert!(begun.is_err(), "an answer has begun");
        assert_eq!(place.rows(), 10_000);
    });
}

#[test]
fn a_transaction_is_lost_at_its_commit_and_nowhere_else() {
    for (name, flaky, rows) in [("commit_before", BEFORE, 0), ("commit_after", AFTER, 2)] {
        at(name, async move |place| {
            let mut client = place.client().await;
            place.proxy.flaky(flaky);
            let transaction = client.transaction().await.expect("it begins");
            for _ in 0..2 {
                assert_eq!(insert(transaction.client()).await.expect("it is inserted"), 1);
            }
            assert!(transaction.commit().await.is_err());
            let Counts { before, after, .. } = place.proxy.counts();
            assert_eq!((place.rows(), before + after), (rows, 1));
        });
    }
}

#[test]
fn a_transaction_that_is_rolled_back_meets_with_no_accident() {
    at("rolled_back", async |place| {
        let mut client = place.client().await;
        place.proxy.flaky(BEFORE);
        let transaction = client.transaction().await.expect("it begins");
        insert(transaction.client()).await.expect("it is inserted");
        transaction.rollback().await.expect("it is rolled back");
        assert_eq!((place.rows(), place.proxy.counts().before), (0, 0));
    });
}

#[test]
fn answers_before_a_lost_one_are_heard() {
    at("pipelined", async |place| {
        let client = place.client().await;
        place.proxy.flaky(AFTER);
        let answers = tokio::join!(
            client.batch_execute("BEGIN"),
            client.batch_execute("INSERT INTO rows VALUES (1)"),
            client.batch_execute("COMMIT"),
            client.batch_execute("INSERT INTO rows VALUES (2)"),
        );
        assert_eq!(
            (answers.0.is_ok(), answers.1.is_ok(), answers.2.is_ok(), answers.3.is_ok()),
            (true, true, false, false)
        );
        assert_eq!(place.rows(), 1);
    });
}

#[test]
fn every_accident_is_an_error_and_every_lost_reply_a_row() {
    at("accidents", async |place| {
        place.proxy.flaky(Flaky { seed: 7, before: 20, after: 20 });
        let mut client = place.client().await;
        let mut errors = 0;
        for _ in 0..200 {
            if client.batch_execute("INSERT INTO rows VALUES (1)").await.is_err() {
                errors += 1;
                client = place.client().await;
            }
        }
        let Counts { before, after, opened, .. } = place.proxy.counts();
        assert_eq!((before + after, opened), (errors, errors + 1));
        assert!(before > 20 && after > 20, "{before} and {after} of 200, where 40 are to be expected");
        assert_eq!(place.rows(), u64::try_from(200 - before).expect("it is small"));
    });
}

#[test]
fn the_same_seed_has_the_same_accidents() {
    at("seeds", async |place| {
        let mut runs = Vec::new();
        for seed in [3, 3, 4] {
            place.proxy.flaky(Flaky { seed, before: 25, after: 25 });
            let mut run = Vec::new();
            for _ in 0..40 {
                run.push(place.client().await.batch_execute("INSERT INTO rows VALUES (1)").await.is_ok());
            }
            runs.push(run);
        }
        assert_eq!(runs[0], runs[1]);
        assert_ne!(runs[1], runs[2]);
    });
}

// ---- notifications

#[test]
fn notifications_are_dropped_and_nothing_else_is() {
    at("notifications", async |place| {
        let (client, mut heard) = listen(&place.proxy.url(place.name)).await.expect("it is let through");
        client.batch_execute("LISTEN news").await.expect("it listens");
        place.proxy.drop_notifications();
        // One that listens itself is told before it is answered.
        client.batch_execute("NOTIFY news, 'lost'").await.expect("it is answered");
        assert_eq!(place.proxy.counts().notifications, 1);
        place.proxy.pass();
        place.server.sql(place.name, "NOTIFY news, 'heard'");
        assert_eq!(heard.recv().await.as_deref(), Some("heard"));
    });
}
