//! Nodes come, live, die and go.

use super::*;
use crate::durable::row::Parked;
use crate::durable::store::Rescued;
use crate::outcome::JobState;
use crate::policy::unique::{OnConflict, UniqueFor};

/// Ends the leases that are over, as a node does that has been there for long.
async fn rescue(bench: &Bench) -> Rescued {
    bench.store.rescue(QUARANTINE, bench.now()).await.expect("it answers")
}

/// A lease goes by, in which only this node renews its own.
async fn outlive(bench: &Bench, node: i64) {
    for _ in 0..5 {
        bench.pass(SECOND * 5);
        assert!(bench.beat(node).await);
    }
}

pub(super) async fn a_lease_is_renewed(bench: &Bench) {
    assert!(!bench.beat(1).await, "it has not joined");
    bench.join(1, &["send"]).await;
    outlive(bench, 1).await;
    outlive(bench, 1).await;
    assert_eq!(rescue(bench).await, Rescued::default());
}

pub(super) async fn a_dead_nodes_jobs_run_again(bench: &Bench) {
    bench.join(1, &["send"]).await;
    bench.join(2, &["send"]).await;
    bench.put(&jobs("send", ["{}"; 3])).await;
    let rows = bench.claim(1, 2).await;
    let kept = bench.claim(2, 1).await;
    outlive(bench, 2).await;
    assert_eq!(rescue(bench).await, Rescued { jobs: 2, quarantined: Vec::new() });
    assert_eq!(rescue(bench).await, Rescued::default(), "once is enough");
    let waiting = bench.row(rows[0].claim.id).await;
    assert_eq!((waiting.state, waiting.attempt, waiting.deaths), (JobState::Available, 1, 1));
    let [lost] = &waiting.attempts[..] else { panic!("{:?}", waiting.attempts) };
    assert_eq!((lost.outcome, lost.finished_at, lost.node.as_deref()), (None, None, Some("node-1")));
    let again = bench.claim(2, 10).await;
    assert_eq!(ids(&again), ids(&rows));
    assert!(again.iter().all(|row| row.claim.attempt == 2 && row.starts == 2 && row.deaths == 1));
    assert_eq!(bench.row(kept[0].claim.id).await.state, JobState::Running);
}

pub(super) async fn a_late_end_of_a_rescued_job_changes_nothing(bench: &Bench) {
    bench.join(1, &["send"]).await;
    bench.join(2, &["send"]).await;
    let id = bench.put_one("send").await;
    let stale = bench.claim_one(1).await;
    outlive(bench, 2).await;
    rescue(bench).await;
    assert!(!bench.settle(&stale, End::Completed).await, "it waits again");
    let second = bench.claim_one(2).await;
    for end in [End::Completed, End::Retry(SECOND), End::Released, End::Discarded] {
        assert!(!bench.settle(&stale, end).await, "{end:?}");
    }
    assert_eq!(bench.row(id).await.state, JobState::Running);
    assert!(!bench.beat(1).await, "its lease is over");
    assert!(bench.settle(&second, End::Completed).await);
    assert_eq!(bench.row(id).await.state, JobState::Completed);
}

pub(super) async fn a_live_node_is_not_robbed(bench: &Bench) {
    bench.join(1, &["send"]).await;
    bench.join(2, &["send"]).await;
    bench.put_one("send").await;
    let row = bench.claim_one(1).await;
    for _ in 0..20 {
        bench.pass(SECOND * 5);
        assert!(bench.beat(1).await && bench.beat(2).await);
        assert_eq!(rescue(bench).await, Rescued::default());
    }
    assert!(bench.settle(&row, End::Completed).await);
}

/// Lets nodes die under a row, one after another.
async fn die(bench: &Bench, nodes: std::ops::Range<i64>) -> Rescued {
    let mut rescued = Rescued::default();
    for node in nodes {
        bench.join(node, &["send"]).await;
        bench.join(99, &["send"]).await;
        bench.claim_one(node).await;
        outlive(bench, 99).await;
        rescued = rescue(bench).await;
    }
    rescued
}

pub(super) async fn a_job_that_kills_thrice_is_quarantined(bench: &Bench) {
    let id = bench.put_one("send").await;
    assert_eq!(die(bench, 1..3).await, Rescued { jobs: 1, quarantined: Vec::new() });
    let rescued = die(bench, 3..4).await;
    assert_eq!(rescued, Rescued { jobs: 0, quarantined: vec![(id, "send".to_owned())] });
    let row = bench.row(id).await;
    assert_eq!((row.state, row.parked, row.deaths), (JobState::Parked, Some(Parked::Quarantined), 3));
    assert_eq!(row.attempts.len(), 3);
    assert!(bench.claim(99, 10).await.is_empty());
    assert!(bench.store.retry(id, bench.now()).await.expect("it answers"));
    let again = bench.claim_one(99).await;
    assert_eq!((again.claim.attempt, again.deaths), (4, 0), "who retries it begins to count anew");
}

pub(super) async fn what_had_its_process_die_twice_runs_alone(bench: &Bench) {
    let first = bench.put_one("send").await;
    die(bench, 1..3).await;
    let second = bench.put_one("send").await;
    let urgent = bench.put_one("send").await;
    let beside = Wish { solitary: false, ..wish(99, 10) };
    assert_eq!(ids(&bench.claim_as(&beside).await), [second, urgent], "one that runs alone is on already");
    let row = bench.claim_one(99).await;
    assert_eq!((row.claim.id, row.deaths), (first, 2));
    assert!(bench.settle(&row, End::Retry(Duration::ZERO)).await);
    let beside = Wish { solitary: false, ..wish(99, 10) };
    assert_eq!(ids(&bench.claim_as(&beside).await), [first], "its process outlived it");
}

pub(super) async fn what_replaces_one_that_runs_alone_runs_alone(bench: &Bench) {
    let mut job = jobs("send", ["{}"]);
    job.unique = Some((UniqueFor::Unfinished, OnConflict::Replace));
    job.jobs[0].key = Some("a".to_owned());
    let id = bench.put(&job).await[0].id;
    die(bench, 1..3).await;
    job.priority = 4;
    assert_eq!(bench.put(&job).await[0].id, id);
    let beside = Wish { solitary: false, ..wish(99, 10) };
    assert!(bench.claim_as(&beside).await.is_empty(), "it may be the job that kills, whatever it is given");
    assert_eq!(bench.claim_one(99).await.claim.id, id);
}

pub(super) async fn a_job_to_be_stopped_is_not_rescued(bench: &Bench) {
    bench.join(1, &["send"]).await;
    bench.join(2, &["send"]).await;
    let id = bench.put_one("send").await;
    bench.claim_one(1).await;
    bench.store.cancel(id, "no more of it", bench.now()).await.expect("it answers");
    outlive(bench, 2).await;
    assert_eq!(rescue(bench).await.jobs, 0);
    let row = bench.row(id).await;
    assert_eq!((row.state, row.error.as_deref()), (JobState::Cancelled, Some("no more of it")));
}

pub(super) async fn who_leaves_hands_back_what_it_has(bench: &Bench) {
    bench.join(1, &["send"]).await;
    bench.join(2, &["send"]).await;
    bench.put(&jobs("send", ["{}"; 2])).await;
    let rows = bench.claim(1, 2).await;
    bench.store.leave(1, bench.now()).await.expect("it goes");
    let again = bench.claim(2, 10).await;
    assert_eq!(ids(&again), ids(&rows));
    assert!(again.iter().all(|row| row.claim.attempt == 1 && row.deaths == 0), "{again:?}");
    assert!(!bench.settle(&rows[0], End::Completed).await, "it has nothing any more");
    assert!(!bench.beat(1).await);
    assert_eq!(rescue(bench).await, Rescued::default());
}
