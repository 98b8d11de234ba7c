//! Jobs that are the same keep each other out.

use super::*;
use crate::policy::unique::{OnConflict, UniqueFor};

const UNFINISHED: UniqueFor = UniqueFor::Unfinished;

fn keyed(key: &str, lasts: UniqueFor, on_conflict: OnConflict) -> NewJobs {
    let mut jobs = jobs("send", [r#"{"id":7}"#]);
    jobs.unique = Some((lasts, on_conflict));
    jobs.jobs[0].key = Some(key.to_owned());
    jobs
}

async fn put(bench: &Bench, jobs: &NewJobs) -> (i64, bool) {
    let inserted = bench.put(jobs).await[0];
    (inserted.id, inserted.new)
}

pub(super) async fn the_same_is_kept_out_as_long_as_it_is_unfinished(bench: &Bench) {
    let job = keyed("a", UNFINISHED, OnConflict::Skip);
    let (first, true) = put(bench, &job).await else { panic!("it is the first") };
    assert_eq!(put(bench, &job).await, (first, false));
    bench.pass(SECOND * 60 * 60 * 24 * 30);
    assert_eq!(put(bench, &job).await, (first, false));
    let row = bench.claim_one(1).await;
    assert!(row.keyed);
    assert_eq!(put(bench, &job).await, (first, false), "it runs");
    assert!(bench.settle(&row, End::Retry(SECOND)).await);
    assert_eq!(put(bench, &job).await, (first, false), "it is tried again");
    bench.pass(SECOND * 2);
    let row = bench.claim_one(1).await;
    assert!(bench.settle(&row, End::Completed).await);
    let (second, new) = put(bench, &job).await;
    assert!(new && second != first);
}

pub(super) async fn the_same_is_kept_out_for_a_period(bench: &Bench) {
    let job = keyed("a", UniqueFor::Period(SECOND * 60), OnConflict::Skip);
    let (first, _) = put(bench, &job).await;
    let row = bench.claim_one(1).await;
    assert!(bench.settle(&row, End::Completed).await);
    bench.pass(SECOND * 58);
    assert_eq!(put(bench, &job).await, (first, false), "it is over, and the minute is not");
    bench.pass(SECOND * 3);
    let (second, new) = put(bench, &job).await;
    assert!(new && second != first);
    assert_eq!(put(bench, &job).await, (second, false));
}

pub(super) async fn the_same_is_kept_out_for_ever(bench: &Bench) {
    let job = keyed("a", UniqueFor::Period(Duration::MAX), OnConflict::Skip);
    let (first, _) = put(bench, &job).await;
    bench.pass(SECOND * 60 * 60 * 24 * 30);
    assert_eq!(put(bench, &job).await, (first, false));
}

pub(super) async fn what_was_cancelled_or_discarded_keeps_none_out(bench: &Bench) {
    for end in [End::Cancelled, End::Discarded, End::Declined] {
        for lasts in [UNFINISHED, UniqueFor::Period(SECOND * 3_600)] {
            let job = keyed("a", lasts, OnConflict::Skip);
            let (first, true) = put(bench, &job).await else { panic!("{end:?} {lasts:?}") };
            let row = bench.claim_one(1).await;
            assert_eq!(row.claim.id, first);
            assert!(bench.settle(&row, end).await);
        }
    }
    let job = keyed("a", UNFINISHED, OnConflict::Skip);
    let (waiting, true) = put(bench, &job).await else { panic!("it is free") };
    bench.store.cancel(waiting, "not needed", bench.now()).await.expect("it answers");
    let (deleted, true) = put(bench, &job).await else { panic!("it was cancelled") };
    bench.store.delete(deleted).await.expect("it answers");
    assert!(put(bench, &job).await.1);
}

pub(super) async fn a_conflict_can_replace_what_waits(bench: &Bench) {
    let job = keyed("a", UNFINISHED, OnConflict::Replace);
    let (first, _) = put(bench, &job).await;
    let mut other = keyed("a", UNFINISHED, OnConflict::Replace);
    other.jobs[0].args = r#"{"id":8}"#.to_owned();
    other.priority = 4;
    other.due = Due::After(SECOND * 60);
    assert_eq!(put(bench, &other).await, (first, false));
    let row = bench.row(first).await;
    assert_eq!((row.args.as_str(), row.priority), (r#"{"id":8}"#, 4));
    assert!(bench.claim(1, 10).await.is_empty(), "its time too");
    bench.pass(SECOND * 61);
    assert_eq!(bench.claim_one(1).await.args, r#"{"id":8}"#);
}

pub(super) async fn a_conflict_can_move_what_waits(bench: &Bench) {
    let job = keyed("a", UNFINISHED, OnConflict::Debounce);
    let (first, _) = put(bench, &job).await;
    let mut other = keyed("a", UNFINISHED, OnConflict::Debounce);
    other.jobs[0].args = r#"{"id":8}"#.to_owned();
    other.priority = 4;
    other.due = Due::After(SECOND * 60);
    assert_eq!(put(bench, &other).await, (first, false));
    assert!(bench.claim(1, 10).await.is_empty());
    bench.pass(SECOND * 30);
    assert_eq!(put(bench, &other).await, (first, false), "and once more");
    bench.pass(SECOND * 40);
    assert!(bench.claim(1, 10).await.is_empty());
    bench.pass(SECOND * 25);
    let row = bench.claim_one(1).await;
    assert_eq!(row.args, r#"{"id":7}"#, "all else is as it was");
    assert_eq!(bench.row(first).await.priority, 0);
}

pub(super) async fn what_runs_is_not_replaced(bench: &Bench) {
    let (first, _) = put(bench, &keyed("a", UNFINISHED, OnConflict::Skip)).await;
    let row = bench.claim_one(1).await;
    for rule in [OnConflict::Replace, OnConflict::Debounce] {
        let mut other = keyed("a", UNFINISHED, rule);
        other.jobs[0].args = r#"{"id":8}"#.to_owned();
        assert_eq!(put(bench, &other).await, (first, false));
    }
    assert_eq!(bench.row(first).await.args, r#"{"id":7}"#);
    assert!(bench.settle(&row, End::Completed).await);
}

pub(super) async fn of_many_at_once_one_is_taken_in(bench: &Bench) {
    let job = keyed("a", UniqueFor::Period(SECOND * 3_600), OnConflict::Skip);
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (store, job, now) = (Arc::clone(&bench.store), job.clone(), bench.now());
        tries.spawn(async move { store.insert(&job, now).await.expect("it answers")[0] });
    }
    let inserted = tries.join_all().await;
    assert_eq!(inserted.iter().filter(|inserted| inserted.new).count(), 1);
    assert!(inserted.iter().all(|other| other.id == inserted[0].id));
    assert_eq!(bench.rows(Filter { limit: 10, ..Filter::default() }).await, [inserted[0].id]);
}

pub(super) async fn other_keys_are_other_jobs(bench: &Bench) {
    let mut batch = keyed("a", UNFINISHED, OnConflict::Skip);
    for key in ["b", "a", "c", "b"] {
        batch.jobs.push(NewJob { args: "{}".to_owned(), key: Some(key.to_owned()) });
    }
    let inserted = bench.put(&batch).await;
    let new: Vec<bool> = inserted.iter().map(|inserted| inserted.new).collect();
    assert_eq!(new, [true, true, false, true, false]);
    assert_eq!((inserted[2].id, inserted[4].id), (inserted[0].id, inserted[1].id));
    assert_eq!(bench.claim(1, 10).await.len(), 3);
}
