//! Whose lease is over, and who may say so.

use super::place::{NOW, Place, beat, claim, jobs, join, put, store};
use crate::durable::store::{Rescued, Store};

/// How many jobs wait again that others had.
async fn rescue(store: &crate::durable::postgres::Postgres) -> u64 {
    let Rescued { jobs, .. } = store.rescue(3, NOW).await.expect("it answers");
    jobs
}

#[tokio::test]
async fn the_lease_of_a_process_that_died_is_over() {
    let place = Place::with_clock("lease_over");
    let (dead, live) = (place.joined(1).await, store(place.url()));
    join(&live, 2).await;
    put(&dead, &jobs(3)).await;
    assert_eq!(claim(&dead, 1, 2).await.len(), 2);
    for seconds in (5..=20).step_by(5) {
        place.set_clock(seconds);
        assert!(beat(&live, 2).await);
        assert_eq!(rescue(&live).await, 0, "after {seconds} s");
    }
    place.set_clock(21);
    assert_eq!(rescue(&live).await, 2);
    assert!(!beat(&dead, 1).await, "it hears that it is gone");
    let rows = claim(&live, 2, 10).await;
    assert_eq!(rows.iter().filter(|row| row.claim.attempt == 2 && row.deaths == 1).count(), 2);
}

#[tokio::test]
async fn after_an_outage_of_the_way_nobody_is_robbed_who_comes_back() {
    let place = Place::with_clock("lease_outage");
    let (one, other) = (place.joined(1).await, store(place.url()));
    join(&other, 2).await;
    put(&one, &jobs(1)).await;
    assert_eq!(claim(&one, 1, 1).await.len(), 1);
    // Nobody is heard for a minute. The other comes back first.
    place.set_clock(60);
    assert!(beat(&other, 2).await);
    assert_eq!(rescue(&other).await, 0, "its own lease was over a moment ago");
    place.set_clock(70);
    assert!(beat(&other, 2).await && beat(&one, 1).await);
    place.set_clock(81);
    assert!(beat(&other, 2).await);
    assert_eq!(rescue(&other).await, 0, "it is back");
    place.set_clock(91);
    assert_eq!(rescue(&other).await, 1, "it is gone again");
}

#[tokio::test]
async fn who_has_just_come_robs_nobody_either() {
    let place = Place::with_clock("lease_new");
    let dead = place.joined(1).await;
    put(&dead, &jobs(1)).await;
    assert_eq!(claim(&dead, 1, 1).await.len(), 1);
    place.set_clock(3_600);
    let new = store(place.url());
    join(&new, 2).await;
    assert_eq!(rescue(&new).await, 0);
    place.set_clock(3_610);
    assert!(beat(&new, 2).await);
    place.set_clock(3_620);
    assert_eq!(rescue(&new).await, 1);
}

#[tokio::test]
async fn a_server_that_has_just_started_ends_no_lease() {
    let place = Place::with_clock("lease_server");
    let (dead, live) = (place.joined(1).await, store(place.url()));
    join(&live, 2).await;
    put(&dead, &jobs(1)).await;
    assert_eq!(claim(&dead, 1, 1).await.len(), 1);
    place.set_clock(19);
    assert!(beat(&live, 2).await);
    place.set_clock(30);
    place.sql("UPDATE clock.time SET started = now - interval '10 s'");
    assert_eq!(rescue(&live).await, 0);
    place.sql("UPDATE clock.time SET started = now - interval '20 s'");
    assert_eq!(rescue(&live).await, 1);
}
