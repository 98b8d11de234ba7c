//! Jobs go in, are claimed, and come to their ends.

use super::place::{Place, claim, ids, jobs, put, settle, wish};
use crate::durable::settle::End;
use crate::durable::store::Store;
use std::time::SystemTime;

#[tokio::test]
async fn a_job_goes_in_and_comes_to_its_end() {
    let place = Place::new("to_its_end");
    let store = place.joined(1).await;
    let inserted = put(&store, &jobs(3)).await;
    let claimed = claim(&store, &wish(1, 7, 10)).await;
    assert_eq!(ids(&claimed.rows), inserted.iter().map(|inserted| inserted.id).collect::<Vec<_>>());
    assert_eq!(settle(&store, &claimed.rows, End::Completed).await, [true; 3]);
    assert_eq!(settle(&store, &claimed.rows, End::Completed).await, [false; 3]);
    let row = store.row(inserted[0].id, SystemTime::UNIX_EPOCH).await.expect("it answers");
    println!("{row:?}");
}
