//! What is told, to whom, and that the last is told for sure.

use std::sync::Arc;

use super::place::{Ears, NOW, Place, claim, jobs, join, listening, put, settle, settlement, store};
use crate::durable::postgres::Postgres;
use crate::durable::settle::{End, Settlement};
use crate::durable::store::{Notice, Store, Subject};

/// Claims whenever there is work, until so many are there.
async fn work_until(store: &Arc<Postgres>, ears: &mut Ears, count: usize) {
    let mut taken = claim(store, 2, 1_000).await.len();
    while taken < count {
        ears.hear(&Notice::Work("queue".into())).await;
        taken += claim(store, 2, 1_000).await.len();
    }
    assert_eq!(taken, count);
}

#[tokio::test]
async fn of_many_that_are_put_in_the_last_is_told_too() {
    let place = Place::new("trailing");
    let writer = place.joined(1).await;
    let reader = store(place.url());
    join(&reader, 2).await;
    let mut ears = Ears::of(&reader);
    listening(&[&writer, &reader], async {
        ears.listen(&place).await;
        let writing = async {
            for _ in 0..60 {
                put(&writer, &jobs(1)).await;
            }
        };
        tokio::join!(writing, work_until(&reader, &mut ears, 60));
    })
    .await;
}

#[tokio::test]
async fn who_goes_tells_what_is_owed() {
    let place = Place::new("owed");
    let writer = place.joined(1).await;
    let reader = store(place.url());
    join(&reader, 2).await;
    let mut ears = Ears::of(&reader);
    listening(&[&reader], async {
        ears.listen(&place).await;
        for _ in 0..20 {
            put(&writer, &jobs(1)).await;
        }
        writer.leave(1, NOW).await.expect("it goes");
        work_until(&reader, &mut ears, 20).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_changed_elsewhere_is_heard_and_what_is_changed_here_is_told_once() {
    let place = Place::new("heard");
    let (here, other) = (place.joined(1).await, store(place.url()));
    join(&other, 2).await;
    let (mut ears, mut others) = (Ears::of(&here), Ears::of(&other));
    listening(&[&here, &other], async {
        ears.listen(&place).await;
        others.listen(&place).await;
        let id = put(&here, &jobs(1)).await[0];
        let work = Notice::Work("queue".into());
        assert_eq!((ears.next().await, others.next().await), (work.clone(), work.clone()));
        let rows = claim(&other, 2, 1).await;
        here.cancel(id, "no more of it", NOW).await.expect("it answers");
        assert_eq!((ears.next().await, others.next().await), (Notice::Cancel(id), Notice::Cancel(id)));
        let over = Settlement { awaited: true, ..settlement(&rows[0], End::Completed) };
        assert_eq!(other.settle(&[over], NOW).await, Ok(vec![true]));
        let ended = Notice::Ended("job".into());
        assert_eq!((ears.next().await, others.next().await), (ended.clone(), ended));
        here.pause(Subject::Job, "job", Some("for now"), NOW).await.expect("it answers");
        assert_eq!((ears.next().await, others.next().await), (Notice::Paused, Notice::Paused));
        put(&other, &jobs(1)).await;
        assert_eq!((ears.next().await, others.next().await), (work.clone(), work));
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_listens_is_not_left_silent() {
    let place = Place::new("deaf");
    let here = place.joined(1).await;
    let ended = here.listen();
    let end = async {
        let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE query LIKE 'LISTEN%' AND datname = current_database()";
        while place.sql(kill) == "0" {
            tokio::task::yield_now().await;
        }
    };
    let (ended, ()) = tokio::join!(ended, end);
    assert!(ended.is_err_and(|fault| fault.passing));
}

#[tokio::test]
async fn a_text_may_have_any_letters() {
    let place = Place::new("letters");
    let store = place.joined(1).await;
    put(&store, &jobs(1)).await;
    let rows = claim(&store, 1, 1).await;
    store.note_progress(&[(rows[0].claim, "50\0 %".to_owned())]).await.expect("it is noted");
    let failed = Settlement { error: Some("it said \0 and \u{1f980}".into()), ..settlement(&rows[0], End::Discarded) };
    assert_eq!(store.settle(&[failed], NOW).await, Ok(vec![true]));
    let row = store.row(rows[0].claim.id, NOW).await.expect("it answers").expect("it is there");
    assert_eq!(row.error.as_deref(), Some("it said \u{fffd} and \u{1f980}"));
    assert_eq!(row.attempts[0].progress.as_deref(), Some("50\u{fffd} %"));
    assert_eq!(settle(&store, &rows, End::Completed).await, [false]);
}
