//! D2: a worker stands still for longer than its lease, and goes on.

use job_runtime::JobState;

use crate::jobs::held;
use crate::lab::{Kind, Lab};

async fn stop_and_continue(kind: Kind) {
    let lab = Lab::new(kind, "d2");
    let (client, gates) = (lab.client().await, lab.gates());
    let mut first = lab.worker(&["lease=1s"]);
    let id = held::enqueue(gates.path()).await.expect("it is taken").id;
    lab.until_noted("begun", 1).await;
    first.signal("STOP");
    let second = lab.worker(&["lease=1s"]);
    let begun = lab.until_noted("begun", 2).await;
    assert_eq!(begun.iter().map(|run| run.attempt).collect::<Vec<_>>(), [1, 2]);
    gates.open(2);
    let row = client.until_state(id, JobState::Completed).await;
    assert_eq!((row.attempt, row.deaths), (2, 1));
    first.signal("CONT");
    gates.open(1);
    assert_eq!(first.says_more("stale held "), format!("{id} 1"));
    let after = client.row(id).await.expect("it is kept");
    assert_eq!(format!("{after:?}"), format!("{row:?}"), "what comes too late changes nothing");
    first.stop().is_orderly();
    second.stop().is_orderly();
    let last = client.row(id).await.expect("it is kept");
    assert_eq!(format!("{last:?}"), format!("{row:?}"));
}

#[tokio::test]
async fn d2_a_worker_that_was_stopped_for_longer_than_its_lease_changes_nothing_on_sqlite() {
    stop_and_continue(Kind::Sqlite).await;
}

#[tokio::test]
async fn d2_a_worker_that_was_stopped_for_longer_than_its_lease_changes_nothing_on_postgres() {
    stop_and_continue(Kind::Postgres).await;
}
