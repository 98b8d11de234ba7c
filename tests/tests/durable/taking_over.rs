//! What becomes of the jobs of a worker that dies, and of one that ends in order; and jobs that are cancelled from
//! elsewhere.

use job_runtime::{JobState, Outcome};

use crate::jobs::{failing, held};
use crate::lab::{Kind, Lab, is_long, now};

/// With all settings as they are.
async fn dead(kind: Kind) {
    let lab = Lab::new(kind, "dead");
    let (client, gates) = (lab.client().await, lab.gates());
    let first = lab.worker(&[]);
    let id = held::enqueue(gates.path()).await.expect("it is taken").id;
    lab.until_noted("begun", 1).await;
    let second = lab.worker(&[]);
    let died = now();
    first.kill();
    let begun = lab.until_noted("begun", 2).await;
    eprintln!("the job of a dead worker was begun again after {:.1} s on {kind:?}", now() - died);
    assert_eq!(begun[1].attempt, 2);
    gates.open(2);
    let row = client.until_state(id, JobState::Completed).await;
    assert_eq!((row.attempt, row.deaths), (2, 1));
    let outcomes: Vec<_> = row.attempts.iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, [None, Some(Outcome::Completed)], "nobody knows how the first one ended");
    assert_eq!(second.stop().code(), Some(0));
}

#[tokio::test]
async fn the_job_of_a_dead_worker_is_run_by_another_on_postgres() {
    dead(Kind::Postgres).await;
}

#[tokio::test]
async fn the_job_of_a_dead_worker_is_run_by_another_on_sqlite() {
    // It takes as long as a lease, and the lease is the same.
    if is_long() {
        dead(Kind::Sqlite).await;
    }
}

async fn orderly(kind: Kind) {
    let lab = Lab::new(kind, "orderly");
    let (client, gates) = (lab.client().await, lab.gates());
    let first = lab.worker(&[]);
    let id = held::enqueue(gates.path()).await.expect("it is taken").id;
    lab.until_noted("begun", 1).await;
    let second = lab.worker(&[]);
    assert_eq!(first.stop().code(), Some(0));
    let begun = lab.until_noted("begun", 2).await;
    assert_ne!(begun[0].process, begun[1].process);
    assert_eq!(begun[1].attempt, 1, "no attempt is used up");
    gates.open(1);
    let row = client.until_state(id, JobState::Completed).await;
    assert_eq!((row.attempt, row.deaths), (1, 0));
    assert_eq!(second.stop().code(), Some(0));
}

#[tokio::test]
async fn a_worker_that_ends_in_order_hands_its_jobs_back_on_sqlite() {
    orderly(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_worker_that_ends_in_order_hands_its_jobs_back_on_postgres() {
    orderly(Kind::Postgres).await;
}

async fn cancelled(kind: Kind) {
    let lab = Lab::new(kind, "cancelled");
    let (client, gates) = (lab.client().await, lab.gates());
    let worker = lab.worker(&[]);
    let id = held::enqueue(gates.path()).await.expect("it is taken").id;
    lab.until_noted("begun", 1).await;
    let running = client.until_state(id, JobState::Running).await;
    assert!(running.cancel("the user has left").await.expect("the store is there"));
    lab.until_noted("cancelled", 1).await;
    let row = client.until_state(id, JobState::Cancelled).await;
    assert_eq!(row.error.as_deref(), Some("the user has left"));
    assert!(row.retry().await.expect("the store is there"), "by hand it is tried again");
    lab.until_noted("begun", 2).await;
    gates.open(2);
    client.until_state(id, JobState::Completed).await;
    assert_eq!(worker.stop().code(), Some(0));
}

#[tokio::test]
async fn a_job_that_runs_on_another_node_is_cancelled_on_sqlite() {
    cancelled(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_job_that_runs_on_another_node_is_cancelled_on_postgres() {
    cancelled(Kind::Postgres).await;
}

async fn retried(kind: Kind) {
    let lab = Lab::new(kind, "retried");
    let client = lab.client().await;
    let first = lab.worker(&[]);
    let id = failing::enqueue(1).await.expect("it is taken").id;
    client.until_state(id, JobState::Retryable).await;
    first.kill();
    let second = lab.worker(&[]);
    let row = client.until_state(id, JobState::Completed).await;
    assert_eq!((row.attempt, row.deaths), (2, 0));
    let first = &row.attempts[0];
    assert_eq!((first.attempt, first.error.as_deref()), (1, Some("failure 1")));
    assert_eq!(second.stop().code(), Some(0));
}

#[tokio::test]
async fn a_backoff_outlives_the_worker_on_sqlite() {
    retried(Kind::Sqlite).await;
}

#[tokio::test]
async fn a_backoff_outlives_the_worker_on_postgres() {
    retried(Kind::Postgres).await;
}
