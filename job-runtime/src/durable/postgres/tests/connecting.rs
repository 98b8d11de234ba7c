//! The schema, rights, and a database that does not answer.

use std::sync::Arc;
use std::time::Duration;

use private_postgres::{Direction, Proxy};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use super::place::{
    NOW, Place, all, beat, claim, ids, jobs, join, node, patient, put, settle, settlement, store, wish,
};
use crate::durable::config::StoreConfig;
use crate::durable::postgres::lines::Patience;
use crate::durable::settle::End;
use crate::durable::store::{Store, Versions};

#[tokio::test]
async fn many_migrate_at_once_and_it_is_done_once() {
    let place = Place::new("migrate_at_once");
    let stores: Vec<_> = (0..8).map(|_| place.store()).collect();
    let versions = all(stores.iter().map(|store| store.migrate(NOW))).await;
    let done = versions.iter().filter(|versions| **versions == Ok(Versions { before: 0, after: 1 })).count();
    assert_eq!(done, 1, "{versions:?}");
    assert!(versions.iter().flatten().all(|versions| versions.after == 1), "{versions:?}");
    assert_eq!(place.sql("SELECT count(*) FROM job_runtime.migration"), "1");
    assert_eq!(place.store().migrate(NOW).await, Ok(Versions { before: 1, after: 1 }));
}

#[tokio::test]
async fn what_a_newer_program_has_migrated_is_accepted_as_long_as_it_says_so() {
    let place = Place::new("migrate_newer");
    place.open().await;
    place.sql("INSERT INTO job_runtime.migration (version, min_reader) VALUES (98, 1)");
    assert_eq!(place.store().migrate(NOW).await, Ok(Versions { before: 98, after: 98 }));
    place.sql("INSERT INTO job_runtime.migration (version, min_reader) VALUES (99, 98)");
    let fault = place.store().migrate(NOW).await.expect_err("it is too new");
    assert!(
        !fault.passing && fault.text.contains("version 99") && fault.text.contains("newer `job-runtime`"),
        "{fault}"
    );
}

#[tokio::test]
async fn a_schema_of_another_name_stands_beside_the_usual_one() {
    let place = Place::new("schemas");
    let usual = place.joined(1).await;
    let other = store(&format!("{}&schema=My%20%22jobs%22", place.url()));
    other.migrate(NOW).await.expect("there is room for it");
    join(&other, 1).await;
    put(&usual, &jobs(1)).await;
    assert_eq!(claim(&other, 1, 10).await.len(), 0);
    put(&other, &jobs(2)).await;
    let rows = claim(&other, 1, 10).await;
    assert_eq!(settle(&other, &rows, End::Retry(Duration::ZERO)).await, [true, true]);
    assert_eq!(claim(&usual, 1, 10).await.len(), 1);
    assert!(other.describe().ends_with("/schemas, schema My \"jobs\""), "{}", other.describe());
}

#[tokio::test]
async fn a_role_that_may_only_read_and_write_starts_on_a_schema_that_is_there() {
    let place = Place::new("rights");
    place.open().await;
    place.sql(
        "CREATE ROLE worker LOGIN;
         GRANT USAGE ON SCHEMA job_runtime TO worker;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA job_runtime TO worker;
         GRANT USAGE ON ALL SEQUENCES IN SCHEMA job_runtime TO worker",
    );
    let url = place.url().replace("user=postgres", "user=worker");
    let worker = store(&url);
    assert_eq!(worker.migrate(NOW).await, Ok(Versions { before: 1, after: 1 }));
    join(&worker, 1).await;
    put(&worker, &jobs(1)).await;
    assert_eq!(claim(&worker, 1, 10).await.len(), 1);
    let fault = store(&format!("{url}&schema=other")).migrate(NOW).await.expect_err("it may not make one");
    assert!(!fault.passing && fault.text.contains("permission denied"), "{fault}");
}

#[tokio::test]
async fn nothing_tells_a_password() {
    let address = "postgres://anna:secret@127.0.0.1:1/shop";
    let config = StoreConfig::new(address).expect("it is an address");
    assert!(!format!("{config:?}").contains("secret"), "{config:?}");
    let fault = store(address).migrate(NOW).await.expect_err("there is nobody");
    assert!(fault.passing && !fault.text.contains("secret"), "{fault}");
}

const IMPATIENT: Patience = Patience {
    answer: Duration::from_millis(300),
    beat: Duration::from_millis(200),
    connect: Duration::from_millis(200),
    ..Patience::USUAL
};

#[tokio::test]
async fn a_database_that_does_not_answer_is_not_awaited_for_ever() {
    let place = Place::new("stalls");
    place.open().await;
    let proxy = Proxy::start(place.server);
    let store = patient(&proxy.url(place.name()), IMPATIENT);
    join(&store, 1).await;
    put(&store, &jobs(2)).await;
    let rows = claim(&store, 1, 1).await;
    for direction in [Direction::Both, Direction::ToServer, Direction::ToClient] {
        // Once with connections that are there, and once without.
        for _ in 0..2 {
            proxy.stall(direction);
            let ended = [
                store.claim(&wish(1, 1), NOW).await.err(),
                store.settle(&[settlement(&rows[0], End::Released)], NOW).await.err(),
                store.beat(&node(1), NOW).await.err(),
                store.insert(&jobs(1), NOW).await.err(),
                store.row(1, NOW).await.err(),
                store.listen().await.err(),
                store.migrate(NOW).await.err(),
            ];
            for (place, fault) in ended.into_iter().enumerate() {
                assert!(fault.as_ref().is_some_and(|fault| fault.passing), "{direction:?} {place}: {fault:?}");
            }
        }
        proxy.pass();
    }
    assert!(beat(&store, 1).await, "it answers again");
}

#[tokio::test]
async fn connections_that_were_ended_are_made_anew() {
    let place = Place::new("killed");
    let store = place.joined(1).await;
    let put_in = put(&store, &jobs(3)).await;
    let first = claim(&store, 1, 1).await;
    settle(&store, &first, End::Completed).await;
    let end_all = "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity
        WHERE application_name = 'job-runtime' AND datname = current_database()";
    place.sql(end_all);
    // One whose end was not heard of yet says so, and the next is another.
    let mut rows = Vec::new();
    while rows.is_empty() {
        match store.claim(&wish(1, 10), NOW).await {
            Ok(claimed) => rows = claimed.rows,
            Err(fault) => assert!(fault.passing, "{fault}"),
        }
    }
    assert_eq!(ids(&rows), put_in[1..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn connections_that_were_needed_once_are_closed_but_for_one() {
    let place = Place::new("spare");
    place.open().await;
    let store = patient(place.url(), Patience { spare: Duration::ZERO, ..Patience::USUAL });
    let there = "SELECT count(*) FROM pg_stat_activity
        WHERE application_name = 'job-runtime' AND datname = current_database()";
    let until = |count: &str| while place.sql(there) != count {};
    until("0");
    let job = jobs(1);
    for inserted in all((0..30).map(|_| store.insert(&job, NOW))).await {
        inserted.expect("it waits for its turn");
    }
    assert_eq!(place.sql(there), "10");
    store.lines.close_spare();
    until("1");
    put(&store, &jobs(1)).await;
    assert_eq!(place.sql(there), "1");
}

/// A runtime of one thread moves nothing unless something is awaited on it.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_a_runtime_connected_that_stands_still_others_can_use() {
    let place = Place::new("still");
    place.open().await;
    let store = patient(place.url(), Patience { answer: Duration::from_secs(2), ..Patience::USUAL });
    store.migrate(NOW).await.expect("it is there");
    let putting = Arc::clone(&store);
    let put_in = move || {
        let still = Builder::new_current_thread().enable_all().build().expect("it has a thread");
        still.block_on(put(&putting, &jobs(1)));
        still
    };
    let still = std::thread::spawn(put_in).join().expect("it is put in");
    put(&store, &jobs(1)).await;
    still.shutdown_background();
    put(&store, &jobs(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_connection_that_nobody_awaits_any_more_is_not_made() {
    let mute = TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let store = patient(&format!("postgres://anna@{}/shop", mute.local_addr().expect("it has one")), IMPATIENT);
    store.lines.settle_here();
    let putting = std::thread::spawn(move || {
        let still = Builder::new_current_thread().enable_all().build().expect("it has a thread");
        still.block_on(store.insert(&jobs(1), NOW)).err()
    });
    let (mut made, _) = mute.accept().await.expect("somebody comes");
    made.read_to_end(&mut Vec::new()).await.expect("it is closed");
    let fault = putting.join().expect("it is told");
    assert!(fault.is_some_and(|fault| fault.passing));
}

#[tokio::test]
async fn a_call_that_nobody_awaits_any_more_leaves_no_connection_half_used() {
    let place = Place::new("dropped");
    let store = place.joined(1).await;
    put(&store, &jobs(10)).await;
    for polls in 0..12 {
        let mut claiming = Box::pin(claim(&store, 1, 1));
        for _ in 0..polls {
            let once = std::future::poll_fn(|task| std::task::Poll::Ready(claiming.as_mut().poll(task)));
            if once.await.is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(claiming);
        assert!(store.pauses().await.is_ok() && store.claim(&wish(1, 0), NOW).await.is_ok());
    }
}
