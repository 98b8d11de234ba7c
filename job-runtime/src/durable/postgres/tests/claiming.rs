//! Claims: each row once, and none is missed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::place::{Ears, NOW, Place, all, claim, ids, jobs, join, listening, put, settle, store, wait, wish};
use crate::clock::first;
use crate::durable::postgres::Postgres;
use crate::durable::postgres::cursor::{Found, Look};
use crate::durable::row::{Due, NewJobs};
use crate::durable::settle::End;
use crate::durable::store::{Notice, Store};

#[tokio::test]
async fn many_claim_at_once_and_each_row_goes_to_one() {
    let place = Place::new("claim_at_once");
    let first = place.joined(1).await;
    let put_in: BTreeSet<i64> = put(&first, &jobs(1_000)).await.into_iter().collect();
    let mut stores = vec![first];
    for id in 2..=8 {
        let other = store(place.url());
        join(&other, id).await;
        stores.push(other);
    }
    let drain = |(store, node): (Arc<Postgres>, i64)| async move {
        let mut taken = Vec::new();
        loop {
            let rows = claim(&store, node, 17).await;
            if rows.is_empty() {
                return taken;
            }
            taken.extend(ids(&rows));
        }
    };
    let taken: Vec<i64> = all(stores.into_iter().zip(1..).map(drain)).await.into_iter().flatten().collect();
    assert_eq!(taken.len(), 1_000, "a row was given twice");
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>(), put_in);
}

/// A store that has seen its queue up to now, and that looks at no more than it has to.
async fn seen(place: &Place, node: i64) -> Arc<Postgres> {
    let store = store(place.url());
    join(&store, node).await;
    let moment = store.lines.clock.moment();
    let costly = Duration::from_secs(1_000);
    store.claim(&wish(node, 10), NOW).await.expect("it answers");
    let mut cursors = store.cursors();
    let look = Look { from: Vec::new(), is_sweep: true };
    let found = Found { rows: &[], short: true, until: i64::MAX / 2, began: moment, took: costly };
    cursors.found("queue", &look, &found);
    drop(cursors);
    store
}

#[tokio::test]
async fn what_is_put_in_before_the_place_that_was_seen_is_found() {
    let place = Place::new("behind");
    place.open().await;
    let (seen, other) = (seen(&place, 1).await, store(place.url()));
    join(&other, 2).await;
    let past = NewJobs { due: Due::At(SystemTime::UNIX_EPOCH), ..jobs(1) };
    let mut ears = Ears::of(&seen);
    let work = Notice::Work("queue".into());
    listening(&[&seen, &other], async {
        ears.listen(&place).await;
        let seen_again = async |ears: &mut Ears| {
            ears.hear(&work).await;
            ids(&claim(&seen, 1, 10).await)
        };
        // Here, and elsewhere.
        let here = put(&seen, &past).await;
        assert_eq!(seen_again(&mut ears).await, here);
        let elsewhere = put(&other, &past).await;
        assert_eq!(seen_again(&mut ears).await, elsewhere);
        // Handed back by who had it, and by who goes.
        put(&other, &past).await;
        ears.hear(&work).await;
        let rows = claim(&other, 2, 10).await;
        settle(&other, &rows, End::Released).await;
        assert_eq!(seen_again(&mut ears).await, ids(&rows));
        put(&other, &past).await;
        ears.hear(&work).await;
        let rows = claim(&other, 2, 10).await;
        other.leave(2, NOW).await.expect("it goes");
        assert_eq!(seen_again(&mut ears).await, ids(&rows));
        // Again by hand.
        settle(&seen, &rows, End::Discarded).await;
        assert!(other.retry(rows[0].claim.id, NOW).await.expect("it answers"));
        assert_eq!(seen_again(&mut ears).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_nobody_tells_is_found_by_looking_at_all_now_and_then() {
    let place = Place::new("untold");
    place.open().await;
    let store = store(place.url());
    join(&store, 1).await;
    assert_eq!(claim(&store, 1, 10).await.len(), 0);
    place.sql(
        "INSERT INTO job_runtime.job (queue, name, args, run_at, scheduled_at)
         VALUES ('queue', 'job', '{}', '2000-01-01', '2000-01-01')",
    );
    let found = async {
        while claim(&store, 1, 10).await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    assert!(first(found, wait(Duration::from_secs(30))).await.is_some(), "it is never looked at");
}

#[tokio::test]
async fn other_lanes_are_served_while_one_has_plenty() {
    let place = Place::new("lanes");
    let store = place.joined(1).await;
    put(&store, &NewJobs { priority: 5, ..jobs(100) }).await;
    assert_eq!(claim(&store, 1, 10).await.len(), 10);
    let urgent = put(&store, &NewJobs { priority: 2, ..jobs(1) }).await;
    let rows = claim(&store, 1, 10).await;
    assert_eq!((rows.len(), rows[0].claim.id), (10, urgent[0]));
    put(&store, &NewJobs { priority: 9, ..jobs(1) }).await;
    assert_eq!(claim(&store, 1, 100).await.len(), 82, "all that is left");
}

#[tokio::test]
async fn the_next_time_is_told_where_there_was_more_than_enough_before() {
    let place = Place::new("next");
    let store = place.joined(1).await;
    put(&store, &jobs(4)).await;
    put(&store, &NewJobs { due: Due::After(Duration::from_secs(3_600)), ..jobs(1) }).await;
    let first = store.claim(&wish(1, 3), NOW).await.expect("it answers");
    assert_eq!((first.rows.len(), first.next), (3, None), "there may be more");
    let second = store.claim(&wish(1, 3), NOW).await.expect("it answers");
    assert_eq!(second.rows.len(), 1);
    let next = second.next.expect("one is to come");
    assert!(next > second.now && second.now >= first.now);
}
