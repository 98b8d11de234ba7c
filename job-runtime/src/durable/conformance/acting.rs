//! People act upon jobs, and rows are put in order.

use super::*;
use crate::durable::row::Parked;
use crate::durable::store::{Cancelled, Retention, Tidied};
use crate::outcome::JobState;

pub(super) async fn what_waits_is_cancelled_at_once(bench: &Bench) {
    let id = bench.put_one("send").await;
    let cancelled = bench.store.cancel(id, "not needed", bench.now()).await;
    assert_eq!(cancelled, Ok(Cancelled::AtOnce));
    let row = bench.row(id).await;
    assert_eq!((row.state, row.error.as_deref()), (JobState::Cancelled, Some("not needed")));
    assert!(row.finished_at.is_some() && bench.claim(1, 10).await.is_empty());
    assert_eq!(bench.store.cancel(id, "again", bench.now()).await, Ok(Cancelled::Over));
    assert_eq!(bench.store.cancel(id + 1_000, "nothing", bench.now()).await, Ok(Cancelled::Unknown));
}

pub(super) async fn what_runs_is_asked_to_stop(bench: &Bench) {
    bench.join(1, &["send"]).await;
    let id = bench.put_one("send").await;
    bench.put_one("send").await;
    let rows = bench.claim(1, 2).await;
    assert_eq!(bench.store.cancel(id, "too late now", bench.now()).await, Ok(Cancelled::Asked));
    let node = node(1, &["send"], &["mail"]);
    let beat = bench.store.beat(&node, bench.now()).await.expect("it answers");
    assert!(beat.known);
    assert_eq!(beat.cancelled, [(id, "too late now".to_owned())]);
    assert_eq!(bench.row(id).await.state, JobState::Running, "it is asked");
    assert!(bench.settle(&rows[0], End::Cancelled).await);
    let beat = bench.store.beat(&node, bench.now()).await.expect("it answers");
    assert_eq!(beat.cancelled, []);
}

pub(super) async fn what_is_to_be_stopped_is_not_tried_again(bench: &Bench) {
    for end in [End::Retry(SECOND), End::Snooze(SECOND), End::Released] {
        let id = bench.put_one("send").await;
        let row = bench.claim_one(1).await;
        assert_eq!(bench.store.cancel(id, "no more of it", bench.now()).await, Ok(Cancelled::Asked));
        assert!(bench.settle(&row, end).await);
        let row = bench.row(id).await;
        assert_eq!((row.state, row.error.as_deref()), (JobState::Cancelled, Some("no more of it")), "{end:?}");
    }
    let id = bench.put_one("send").await;
    let row = bench.claim_one(1).await;
    bench.store.cancel(id, "no more of it", bench.now()).await.expect("it answers");
    assert!(bench.settle(&row, End::Completed).await);
    assert_eq!(bench.row(id).await.state, JobState::Completed, "it was done before");
}

pub(super) async fn a_retry_by_hand_gives_an_attempt(bench: &Bench) {
    for end in [End::Discarded, End::Cancelled, End::Completed] {
        let id = bench.put(&NewJobs { max_attempts: 1, ..jobs("send", ["{}"]) }).await[0].id;
        let row = bench.claim_one(1).await;
        assert!(!bench.store.retry(id, bench.now()).await.expect("it answers"), "it runs");
        assert!(bench.settle(&row, end).await);
        assert!(bench.store.retry(id, bench.now()).await.expect("it answers"));
        let waiting = bench.row(id).await;
        assert_eq!((waiting.state, waiting.error, waiting.finished_at), (JobState::Available, None, None));
        let again = bench.claim_one(1).await;
        assert_eq!((again.claim.attempt, again.max_attempts), (2, 2), "{end:?}");
        assert!(bench.settle(&again, End::Completed).await);
    }
    let later = NewJobs { due: Due::After(SECOND * 3_600), ..jobs("send", ["{}"]) };
    let id = bench.put(&later).await[0].id;
    assert!(bench.store.retry(id, bench.now()).await.expect("it answers"));
    assert_eq!(ids(&bench.claim(1, 10).await), [id], "what waits for its time runs now");
    assert!(!bench.store.retry(id + 1_000, bench.now()).await.expect("it answers"));
}

pub(super) async fn only_what_does_not_run_is_deleted(bench: &Bench) {
    let (running, waiting) = (bench.put_one("send").await, bench.put_one("send").await);
    let row = bench.claim_one(1).await;
    assert_eq!(row.claim.id, running);
    assert!(!bench.store.delete(running).await.expect("it answers"));
    assert!(bench.store.delete(waiting).await.expect("it answers"));
    assert!(!bench.store.delete(waiting).await.expect("it answers"), "it is gone");
    assert_eq!(bench.rows(Filter { limit: 10, ..Filter::default() }).await, [running]);
    assert!(bench.settle(&row, End::Completed).await);
    assert!(bench.store.delete(running).await.expect("it answers"));
}

pub(super) async fn rows_are_found_by_what_they_are(bench: &Bench) {
    let send = bench.put(&jobs("send", ["{}"; 3])).await;
    let post = bench.put(&NewJobs { queue: "post".into(), ..jobs("post", ["{}"; 2]) }).await;
    let late = bench.put(&NewJobs { due: Due::After(SECOND * 60), ..jobs("send", ["{}"]) }).await[0].id;
    let all = Filter { limit: 10, ..Filter::default() };
    let [send0, send1, send2] = [send[0].id, send[1].id, send[2].id];
    let [post0, post1] = [post[0].id, post[1].id];
    assert_eq!(bench.rows(all.clone()).await, [late, post1, post0, send2, send1, send0]);
    assert_eq!(bench.rows(Filter { limit: 2, ..all.clone() }).await, [late, post1]);
    assert_eq!(bench.rows(Filter { before: Some(post0), ..all.clone() }).await, [send2, send1, send0]);
    assert_eq!(bench.rows(Filter { queue: Some("post".to_owned()), ..all.clone() }).await, [post1, post0]);
    assert_eq!(bench.rows(Filter { name: Some("post".to_owned()), ..all.clone() }).await, [post1, post0]);
    let in_state = |state| Filter { state: Some(state), ..all.clone() };
    assert_eq!(bench.rows(in_state(JobState::Scheduled)).await, [late]);
    assert_eq!(bench.rows(in_state(JobState::Available)).await, [post1, post0, send2, send1, send0]);
    assert!(bench.rows(in_state(JobState::Parked)).await.is_empty());
    let row = bench.row(post0).await;
    assert_eq!((row.name.as_str(), row.queue.as_str(), row.args.as_str()), ("post", "post", "{}"));
    assert_eq!((row.priority, row.attempt, row.max_attempts, row.deaths), (0, 0, 3, 0));
}

pub(super) async fn what_was_kept_long_enough_is_deleted(bench: &Bench) {
    let mut rows = Vec::new();
    for end in [End::Completed, End::Cancelled, End::Discarded, End::Parked(Parked::Undecodable)] {
        let id = bench.put_one("send").await;
        let row = bench.claim_one(1).await;
        assert!(bench.settle(&row, end).await);
        rows.push(id);
    }
    let waiting = bench.put_one("send").await;
    let tidy = async || {
        let keep = Retention { completed: Some(SECOND * 60), discarded: Some(SECOND * 600) };
        bench.store.tidy(&["mail".into()], keep, bench.now()).await.expect("put in order").pruned
    };
    bench.join(1, &["send"]).await;
    assert_eq!(tidy().await, 0);
    bench.pass(SECOND * 61);
    bench.join(1, &["send"]).await;
    assert_eq!(tidy().await, 2);
    bench.pass(SECOND * 600);
    bench.join(1, &["send"]).await;
    assert_eq!(tidy().await, 1);
    assert_eq!(bench.rows(Filter { limit: 10, ..Filter::default() }).await, [waiting, rows[3]]);
    let for_ever = Retention { completed: None, discarded: None };
    let tidied = bench.store.tidy(&["mail".into()], for_ever, bench.now()).await;
    assert_eq!(tidied, Ok(Tidied::default()));
}

pub(super) async fn who_goes_parks_nothing(bench: &Bench) {
    let waiting = bench.put_one("send").await;
    bench.join(1, &["send"]).await;
    bench.store.leave(1, bench.now()).await.expect("it goes");
    let keep = Retention { completed: None, discarded: None };
    let tidied = bench.store.tidy(&["mail".into()], keep, bench.now()).await.expect("put in order");
    assert_eq!(tidied.parked, [], "where nobody is there, nobody can say what is known");
    assert_eq!(bench.row(waiting).await.state, JobState::Available);
}

pub(super) async fn what_nobody_knows_is_parked_until_somebody_does(bench: &Bench) {
    let (unknown, known) = (bench.put_one("paint").await, bench.put_one("send").await);
    let elsewhere = bench.put(&NewJobs { queue: "post".into(), ..jobs("paint", ["{}"]) }).await[0].id;
    let future = bench.put(&NewJobs { due: Due::After(SECOND * 60), ..jobs("paint", ["{}"]) }).await[0].id;
    bench.join(1, &["send"]).await;
    let keep = Retention { completed: None, discarded: None };
    let tidied = bench.store.tidy(&["mail".into()], keep, bench.now()).await.expect("put in order");
    assert_eq!(tidied.parked, [(unknown, "paint".to_owned())]);
    let parked = bench.row(unknown).await;
    assert_eq!((parked.state, parked.parked), (JobState::Parked, Some(Parked::Unknown)));
    assert!(parked.error.is_some_and(|error| error.contains("`paint`")));
    assert_eq!(bench.row(known).await.state, JobState::Available);
    assert_eq!(bench.row(elsewhere).await.state, JobState::Available, "nobody who could tell works on that queue");
    assert_eq!(bench.row(future).await.state, JobState::Scheduled);
    bench.join(2, &["paint"]).await;
    let wish = Wish { jobs: ["paint".into()].into(), ..wish(2, 10) };
    let rows = bench.claim_as(&wish).await;
    assert_eq!((ids(&rows), rows[0].claim.attempt), (vec![unknown], 1));
}
