//! D8: there is no connection left, and what is asked of the store waits for a lock.

#![expect(
    clippy::disallowed_methods,
    reason = "what drives a connection is a task of the test, and leases end in real time"
)]

use std::time::Duration;

use private_postgres::Server;
use tokio_postgres::NoTls;

use crate::jobs::{held, work};
use crate::lab::{Lab, amount, until};

/// Three leases of the workers.
fn long() -> Duration {
    Duration::from_secs(amount(6, 30))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d8_where_no_connection_is_left_no_lease_is_lost() {
    let server = Server::with(&["max_connections=30"]);
    let lab = Lab::at(server.database("jobs"), "d8_connections");
    let (client, gates) = (lab.client().await, lab.gates());
    let nodes = [lab.worker(&["lease=2s"]), lab.worker(&["lease=2s"])];
    held::enqueue(gates.path()).await.expect("it is taken");
    lab.until_noted("begun", 1).await;
    let mut taken = Vec::new();
    // The one that is refused is the sign that there is none left.
    while let Ok((connection, driver)) = tokio_postgres::connect(&lab.url, NoTls).await {
        tokio::spawn(driver);
        taken.push(connection);
    }
    assert!(taken.len() > 5, "the nodes need few connections: {} were left", taken.len());
    let until = tokio::time::Instant::now() + long();
    let mut number = 0;
    while tokio::time::Instant::now() < until {
        work::enqueue(number).await.expect("the connections that are there go on");
        number += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    client.until_done("work").await;
    gates.open(1);
    client.until_done("held").await;
    drop(taken);
    for node in nodes {
        assert_eq!(node.stop().code(), Some(0));
    }
    assert!(lab.noted().iter().all(|run| run.attempt == 1), "none was taken for dead");
    assert_eq!(lab.noted_of("work").len(), number as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d8_where_all_that_is_asked_waits_for_a_lock_no_lease_is_lost() {
    let server = Server::start();
    let lab = Lab::at(server.database("jobs"), "d8_locks");
    let (client, gates) = (lab.client().await, lab.gates());
    let mut nodes = [lab.worker(&["lease=2s"]), lab.worker(&["lease=2s"])];
    held::enqueue(gates.path()).await.expect("it is taken");
    lab.until_noted("begun", 1).await;
    let (mut locker, driver) = tokio_postgres::connect(&lab.url, NoTls).await.expect("it is there");
    tokio::spawn(driver);
    let lock = locker.transaction().await.expect("it begins");
    lock.batch_execute("LOCK TABLE job_runtime.job IN EXCLUSIVE MODE").await.expect("it is taken");
    let waiting: Vec<_> = (0..30).map(|number| tokio::spawn(work::enqueue(number).into_future())).collect();
    let asks = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let all_wait = async || Some(()).filter(|()| server.sql("jobs", asks).trim().parse::<u32>().is_ok_and(|n| n > 3));
    until("those who wait", all_wait).await;
    tokio::time::sleep(long()).await;
    // Two that both lost it would not take each other for dead.
    let lost = format!("gone OR until < now() OR now() - since < interval '{} s'", long().as_secs());
    let lost = server.sql("jobs", &format!("SELECT count(*) FROM job_runtime.node WHERE {lost}"));
    assert_eq!(lost.trim(), "0", "no lease has had a break since");
    lock.rollback().await.expect("it is there");
    for waiting in waiting {
        // Who gave up waiting was told so.
        if let Err(error) = waiting.await.expect("it was not dropped") {
            assert!(error.is_unavailable(), "{error}");
        }
    }
    gates.open(1);
    client.until_done("held").await;
    client.until_done("work").await;
    for node in &mut nodes {
        assert!(node.seen().out.iter().all(|line| !line.starts_with("rescued")));
    }
    for node in nodes {
        assert_eq!(node.stop().code(), Some(0));
    }
    assert!(lab.noted().iter().all(|run| run.attempt == 1), "none was taken for dead: {:?}", lab.noted());
}
