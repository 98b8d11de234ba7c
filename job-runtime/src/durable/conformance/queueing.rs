//! Jobs are put in, and claimed.

use super::*;
use crate::durable::shown::QueueInfo;
use crate::durable::store::Subject;
use crate::outcome::{JobState, Trigger};

pub(super) async fn jobs_come_by_priority_and_then_by_time(bench: &Bench) {
    let mut put = Vec::new();
    for (priority, due) in [
        (5, Due::Now),
        (0, Due::After(SECOND * 2)),
        (0, Due::After(SECOND)),
        (9, Due::Now),
        (0, Due::After(SECOND)),
        (5, Due::At(bench.there().await - SECOND * 60)),
    ] {
        let id = bench.put(&NewJobs { priority, due, ..jobs("send", ["{}"]) }).await.first().expect("one").id;
        put.push(id);
    }
    bench.pass(SECOND * 3);
    let [now5, second2, second1, now9, second1_too, past5] = put[..] else { panic!("{put:?}") };
    assert_eq!(ids(&bench.claim(1, 10).await), [second1, second1_too, second2, past5, now5, now9]);
}

pub(super) async fn what_is_scheduled_comes_at_its_time(bench: &Bench) {
    let there = bench.there().await;
    let job = NewJobs { due: Due::After(SECOND * 60), ..jobs("send", ["{}"]) };
    let id = bench.put(&job).await.first().expect("one").id;
    assert_eq!(bench.row(id).await.state, JobState::Scheduled);
    bench.pass(SECOND * 59);
    assert!(bench.claim(1, 10).await.is_empty(), "it is not due");
    bench.pass(SECOND * 2);
    assert_eq!(bench.row(id).await.state, JobState::Available);
    let row = bench.claim_one(1).await;
    assert_eq!((row.claim.id, row.claim.attempt, row.starts, row.trigger), (id, 1, 1, Trigger::Spawn));
    assert_eq!(row.scheduled_at, row.run_at);
    assert!(row.max_attempts == 3 && row.deaths == 0 && !row.keyed && !row.asking, "{row:?}");
    let due = there + SECOND * 60;
    let apart = row.scheduled_at.duration_since(due).expect("not before");
    assert!(apart < SECOND * 30, "{apart:?}");
}

pub(super) async fn what_is_put_off_for_ever_does_not_come(bench: &Bench) {
    for end in [End::Snooze(Duration::MAX), End::Retry(Duration::MAX)] {
        bench.put_one("send").await;
        let row = bench.claim_one(1).await;
        assert!(bench.settle(&row, end).await);
    }
    bench.put(&NewJobs { due: Due::After(Duration::MAX), ..jobs("send", ["{}"]) }).await;
    bench.pass(SECOND * 60 * 60 * 24 * 30);
    assert!(bench.claim(1, 10).await.is_empty());
}

pub(super) async fn a_job_goes_to_one_node_only(bench: &Bench) {
    let all = bench.put(&jobs("send", ["{}"; 20])).await;
    let (one, other) = (wish(1, 15), wish(2, 15));
    let (one, other) = tokio::join!(bench.claim_as(&one), bench.claim_as(&other));
    let mut claimed = [ids(&one), ids(&other)].concat();
    // What one has in its hands, another passes over; it comes with the next wish.
    claimed.extend(ids(&bench.claim(3, 20).await));
    claimed.sort_unstable();
    assert_eq!(claimed, all.iter().map(|inserted| inserted.id).collect::<Vec<_>>());
}

pub(super) async fn as_many_are_given_as_are_wished_for(bench: &Bench) {
    let all = bench.put(&jobs("send", ["{}"; 5])).await;
    let second = NewJobs { queue: "post".into(), ..jobs("post", ["{}"; 5]) };
    bench.put(&second).await;
    let mut wish = wish(1, 2);
    wish.queues.push(("post".into(), 3));
    let rows = bench.claim_as(&wish).await;
    let of = |queue: &str| rows.iter().filter(|row| &*row.queue == queue).count();
    assert_eq!((of("mail"), of("post")), (2, 3));
    assert_eq!(ids(&rows)[..2], [all[0].id, all[1].id]);
    wish.queues = vec![("mail".into(), 0)];
    assert!(bench.claim_as(&wish).await.is_empty());
}

pub(super) async fn what_a_node_does_not_know_is_left(bench: &Bench) {
    let unknown = bench.put_one("paint").await;
    let known = bench.put_one("send").await;
    assert_eq!(ids(&bench.claim(1, 10).await), [known]);
    let wish = Wish { jobs: ["paint".into()].into(), ..wish(2, 10) };
    assert_eq!(ids(&bench.claim_as(&wish).await), [unknown]);
}

pub(super) async fn what_is_paused_stays(bench: &Bench) {
    let (store, now) = (&bench.store, bench.now());
    let (send, post) = (bench.put_one("send").await, bench.put_one("post").await);
    store.pause(Subject::Queue, "mail", Some("the relay is down"), now).await.expect("paused");
    assert!(bench.claim(1, 10).await.is_empty());
    assert_eq!(store.census("mail", now).await.expect("counted").paused.as_deref(), Some("the relay is down"));
    store.pause(Subject::Job, "send", Some("first reason"), now).await.expect("paused");
    store.pause(Subject::Job, "send", Some("wrong text"), now).await.expect("the reason changes");
    store.pause(Subject::Queue, "mail", None, now).await.expect("resumed");
    let pauses = store.pauses().await.expect("listed");
    assert_eq!(pauses, [(Subject::Job, "send".to_owned(), "wrong text".to_owned())]);
    assert_eq!(ids(&bench.claim(1, 10).await), [post]);
    store.pause(Subject::Job, "send", None, now).await.expect("resumed");
    assert_eq!(ids(&bench.claim(1, 10).await), [send]);
    assert_eq!(store.pauses().await.expect("listed"), []);
}

pub(super) async fn arguments_are_kept_to_the_letter(bench: &Bench) {
    let long = format!(r#"{{"text":"{}"}}"#, "ä".repeat(300_000));
    let letters = [
        r#"{"big":18446744073709551615,"small":-9223372036854775808,"float":1e300}"#,
        r#"{"nul":"\u0000","quote":"\"'\\","emoji":"🦀"}"#,
        r#"{ "spaces" : [ 1 ,2 ] , "order":{"b":1,"a":2}}"#,
        &long,
    ];
    bench.put(&jobs("send", letters)).await;
    let rows = bench.claim(1, 10).await;
    let kept: Vec<&str> = rows.iter().map(|row| row.args.as_str()).collect();
    assert_eq!(kept, letters);
}

pub(super) async fn what_was_claimed_in_vain_is_adopted(bench: &Bench) {
    bench.put(&jobs("send", ["{}"; 3])).await;
    let first = wish(1, 2);
    let claimed = bench.claim_as(&first).await;
    let adopted = bench.store.adopt(1, first.token).await.expect("it answers");
    let claims = |rows: &[Row]| {
        let mut claims: Vec<Claim> = rows.iter().map(|row| row.claim).collect();
        claims.sort_by_key(|claim| claim.id);
        claims
    };
    assert_eq!(claims(&adopted), claims(&claimed));
    assert!(bench.settle(&claimed[0], End::Completed).await);
    assert_eq!(bench.store.adopt(1, first.token).await.expect("it answers").len(), 1, "one is done with");
    assert!(bench.store.adopt(1, first.token + 1_000_000).await.expect("it answers").is_empty());
    assert!(bench.store.adopt(2, first.token).await.expect("it answers").is_empty());
}

pub(super) async fn what_waits_next_is_told(bench: &Bench) {
    let there = bench.there().await;
    for minutes in [5, 3, 4] {
        bench.put(&NewJobs { due: Due::After(SECOND * 60 * minutes), ..jobs("send", ["{}"]) }).await;
    }
    let claimed = bench.store.claim(&wish(1, 10), bench.now()).await.expect("it answers");
    let next = claimed.next.expect("one is next").duration_since(there).expect("later");
    assert!((SECOND * 180..SECOND * 210).contains(&next), "{next:?}");
    let elsewhere = Wish { queues: vec![("post".into(), 10)], ..wish(1, 10) };
    assert_eq!(bench.store.claim(&elsewhere, bench.now()).await.expect("it answers").next, None);
}

pub(super) async fn a_queue_is_counted(bench: &Bench) {
    bench.put(&jobs("send", ["{}"; 4])).await;
    bench.put(&NewJobs { due: Due::After(SECOND * 3_600), ..jobs("send", ["{}"; 2]) }).await;
    bench.put(&NewJobs { queue: "post".into(), ..jobs("post", ["{}"; 7]) }).await;
    let rows = bench.claim(1, 3).await;
    assert!(bench.settle(&rows[0], End::Completed).await);
    assert!(bench.settle(&rows[1], End::Retry(SECOND * 3_600)).await);
    bench.pass(SECOND * 10);
    let census = bench.store.census("mail", bench.now()).await.expect("counted");
    let oldest = census.oldest.expect("one waits");
    assert!((SECOND * 10..SECOND * 40).contains(&oldest), "{oldest:?}");
    let counts =
        QueueInfo { available: 1, scheduled: 2, running: 1, retryable: 1, completed: 1, ..QueueInfo::default() };
    assert_eq!(QueueInfo { oldest: None, ..census }, counts);
    let nothing = bench.store.census("nothing", bench.now()).await.expect("counted");
    assert_eq!(nothing, QueueInfo::default());
}
