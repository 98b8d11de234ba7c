//! D15: a job takes its process with it, each time.

use job_runtime::{JobState, Parked};

use crate::jobs::{poison, work};
use crate::lab::{Kind, Lab, insist};

const OTHERS: u64 = 200;

async fn poisoned(kind: Kind) {
    let lab = Lab::new(kind, "d15");
    let client = lab.client().await;
    let id = insist(async || poison::enqueue().await).await.id;
    work::enqueue_all(0..OTHERS).await.expect("they are taken");
    for death in 1..=3 {
        let end = lab.unready(&lab.url, &["lease=1s"], &[]).end();
        assert_eq!(end.code(), None, "it was aborted: {:?}", end.said);
        assert_eq!(lab.noted_of("poison").len(), death);
    }
    let mut last = lab.worker(&["lease=1s"]);
    last.says_more(&format!("parked poison {id} "));
    client.until_done("work").await;
    let row = client.row(id).await.expect("it is kept");
    assert_eq!((row.state, row.parked, row.deaths), (JobState::Parked, Some(Parked::Quarantined), 3));
    assert_eq!(client.queue("work").status().await.expect("it answers").completed, OTHERS, "all others are done");
    assert_eq!(last.stop().code(), Some(0));
    assert_eq!(lab.noted_of("poison").len(), 3);
}

#[tokio::test]
async fn d15_a_job_that_kills_its_process_three_times_is_quarantined_and_no_other_on_sqlite() {
    poisoned(Kind::Sqlite).await;
}

#[tokio::test]
async fn d15_a_job_that_kills_its_process_three_times_is_quarantined_and_no_other_on_postgres() {
    poisoned(Kind::Postgres).await;
}
