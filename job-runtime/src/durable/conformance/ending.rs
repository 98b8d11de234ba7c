//! Attempts end, and what becomes of their jobs.

use super::*;
use crate::durable::row::Parked;
use crate::outcome::JobState;

pub(super) async fn what_is_completed_is_over(bench: &Bench) {
    let id = bench.put_one("send").await;
    let row = bench.claim_one(1).await;
    assert_eq!(bench.row(id).await.state, JobState::Running);
    assert!(bench.settle(&row, End::Completed).await);
    let over = bench.row(id).await;
    assert_eq!((over.state, over.attempt, over.error, over.parked), (JobState::Completed, 1, None, None));
    assert!(over.finished_at.is_some());
    bench.pass(SECOND * 600);
    assert!(bench.claim(1, 10).await.is_empty());
}

pub(super) async fn what_fails_comes_again_after_its_delay(bench: &Bench) {
    let id = bench.put_one("send").await;
    let first = bench.claim_one(1).await;
    assert!(bench.settle(&first, End::Retry(SECOND * 60)).await);
    let waiting = bench.row(id).await;
    assert_eq!((waiting.state, waiting.attempt, waiting.node), (JobState::Retryable, 1, None));
    assert_eq!(waiting.error.as_deref(), Some("no connection"));
    assert!(bench.claim(2, 10).await.is_empty());
    bench.pass(SECOND * 61);
    let second = bench.claim_one(2).await;
    assert_eq!((second.claim.id, second.claim.attempt, second.starts), (id, 2, 2));
    assert!(second.run_at > second.scheduled_at, "its nominal time is the one it had at first");
}

pub(super) async fn a_snooze_uses_up_no_attempt(bench: &Bench) {
    let id = bench.put_one("send").await;
    let first = bench.claim_one(1).await;
    assert!(bench.settle(&first, End::Snooze(SECOND * 60)).await);
    assert_eq!(bench.row(id).await.state, JobState::Scheduled);
    bench.pass(SECOND * 61);
    let again = bench.claim_one(1).await;
    assert_eq!((again.claim.id, again.claim.attempt, again.starts), (id, 1, 2));
    assert_ne!(again.claim.token, first.claim.token);
    assert!(bench.row(id).await.attempts.len() == 1, "the one that is on");
}

pub(super) async fn what_is_released_comes_as_if_it_had_not_been_claimed(bench: &Bench) {
    let id = bench.put_one("send").await;
    bench.put_one("send").await;
    let before = bench.row(id).await;
    let first = bench.claim_one(1).await;
    assert!(bench.settle(&first, End::Released).await);
    let released = bench.row(id).await;
    assert_eq!((released.state, released.attempt, released.run_at), (JobState::Available, 0, before.run_at));
    assert_eq!((released.node, released.error, released.attempts), (None, None, Vec::new()));
    let again = bench.claim_one(2).await;
    assert_eq!((again.claim.id, again.claim.attempt), (id, 1), "it goes first, as it did");
}

pub(super) async fn what_is_discarded_or_cancelled_is_over(bench: &Bench) {
    for (end, state, error) in
        [(End::Discarded, JobState::Discarded, "no connection"), (End::Cancelled, JobState::Cancelled, "not wanted")]
    {
        let id = bench.put_one("send").await;
        let row = bench.claim_one(1).await;
        assert!(bench.settle(&row, end).await);
        let over = bench.row(id).await;
        assert_eq!((over.state, over.error.as_deref()), (state, Some(error)));
        assert!(over.finished_at.is_some() && bench.claim(1, 10).await.is_empty());
    }
}

pub(super) async fn what_is_parked_waits_for_a_person(bench: &Bench) {
    let id = bench.put_one("send").await;
    let row = bench.claim_one(1).await;
    assert!(bench.settle(&row, End::Parked(Parked::Undecodable)).await);
    let parked = bench.row(id).await;
    assert_eq!((parked.state, parked.parked, parked.attempt), (JobState::Parked, Some(Parked::Undecodable), 0));
    assert_eq!(parked.error.as_deref(), Some("no connection"));
    bench.pass(SECOND * 3_600);
    assert!(bench.claim(1, 10).await.is_empty());
    assert!(bench.store.retry(id, bench.now()).await.expect("it answers"));
    let again = bench.claim_one(1).await;
    assert_eq!((again.claim.id, again.claim.attempt), (id, 1));
    assert_eq!((bench.row(id).await.parked, bench.row(id).await.error), (None, None));
}

pub(super) async fn what_is_declined_leaves_no_row(bench: &Bench) {
    let id = bench.put_one("send").await;
    let row = bench.claim_one(1).await;
    assert!(bench.settle(&row, End::Declined).await);
    assert!(bench.store.row(id, bench.now()).await.expect("it answers").is_none());
}

pub(super) async fn a_stale_end_changes_nothing(bench: &Bench) {
    let ends = [
        End::Completed,
        End::Cancelled,
        End::Discarded,
        End::Retry(SECOND),
        End::Snooze(SECOND),
        End::Released,
        End::Parked(Parked::Undecodable),
        End::Declined,
    ];
    let id = bench.put_one("send").await;
    let row = bench.claim_one(1).await;
    for end in ends {
        let other_token = Settlement { claim: forged(row.claim), ..settlement(&row, end) };
        let other_attempt = Claim { attempt: 2, ..row.claim };
        let other_attempt = Settlement { claim: other_attempt, ..settlement(&row, end) };
        let other_row = Claim { id: id + 1_000, ..row.claim };
        let other_row = Settlement { claim: other_row, ..settlement(&row, end) };
        for stale in [other_token, other_attempt, other_row] {
            assert!(!bench.settle_as(&stale).await, "{end:?}");
        }
        assert_eq!(bench.row(id).await.state, JobState::Running, "{end:?}");
    }
    assert!(bench.settle(&row, End::Completed).await);
    for end in ends {
        assert!(!bench.settle(&row, end).await, "it was settled: {end:?}");
    }
    assert_eq!(bench.row(id).await.state, JobState::Completed);
}

pub(super) async fn each_attempt_is_kept(bench: &Bench) {
    let id = bench.put_one("send").await;
    bench.join(1, &["send"]).await;
    bench.join(2, &["send"]).await;
    let first = bench.claim_one(1).await;
    bench.store.note_progress(&[(first.claim, "half".to_owned())]).await.expect("noted");
    assert!(bench.settle(&first, End::Retry(Duration::ZERO)).await);
    let second = bench.claim_one(2).await;
    let timed_out = Settlement { outcome: Outcome::TimedOut, ..settlement(&second, End::Retry(Duration::ZERO)) };
    assert!(bench.settle_as(&timed_out).await);
    let third = bench.claim_one(1).await;
    assert!(bench.settle(&third, End::Completed).await);
    let row = bench.row(id).await;
    let [one, two, three] = &row.attempts[..] else { panic!("{:?}", row.attempts) };
    assert_eq!([one.attempt, two.attempt, three.attempt], [1, 2, 3]);
    let outcomes = [Some(Outcome::Failed), Some(Outcome::TimedOut), Some(Outcome::Completed)];
    assert_eq!([one.outcome, two.outcome, three.outcome], outcomes);
    assert_eq!(
        [&one.node, &two.node, &three.node],
        [&Some("node-1".to_owned()), &Some("node-2".to_owned()), &Some("node-1".to_owned())]
    );
    assert_eq!((one.error.as_deref(), three.error.as_deref()), (Some("no connection"), None));
    assert_eq!((one.progress.as_deref(), two.progress.as_deref()), (Some("half"), None));
    assert!(one.finished_at.is_some() && three.finished_at == row.finished_at);
}

pub(super) async fn progress_is_that_of_the_attempt(bench: &Bench) {
    let id = bench.put_one("send").await;
    let row = bench.claim_one(1).await;
    let noted = [(row.claim, "1 of 2".to_owned()), (forged(row.claim), "9 of 2".to_owned())];
    bench.store.note_progress(&noted).await.expect("noted");
    let progress = |row: &JobRow| row.attempts.last().and_then(|attempt| attempt.progress.clone());
    assert_eq!(progress(&bench.row(id).await).as_deref(), Some("1 of 2"));
    assert!(bench.settle(&row, End::Retry(Duration::ZERO)).await);
    bench.claim_one(1).await;
    bench.store.note_progress(&[(row.claim, "late".to_owned())]).await.expect("passed over");
    assert_eq!(progress(&bench.row(id).await), None, "the second attempt has told nothing");
}

pub(super) async fn many_ends_are_written_down_at_once(bench: &Bench) {
    bench.put(&jobs("send", ["{}"; 12])).await;
    let rows = bench.claim(1, 12).await;
    let ends = [
        End::Completed,
        End::Retry(SECOND * 60),
        End::Discarded,
        End::Cancelled,
        End::Snooze(SECOND * 60),
        End::Released,
    ];
    let mut settlements: Vec<Settlement> =
        rows.iter().zip(ends.iter().cycle()).map(|(row, end)| settlement(row, *end)).collect();
    settlements[7].claim = forged(settlements[7].claim);
    let settled = bench.store.settle(&settlements, bench.now()).await.expect("it answers");
    let expected: Vec<bool> = (0..12).map(|index| index != 7).collect();
    assert_eq!(settled, expected);
    let states = [
        JobState::Completed,
        JobState::Retryable,
        JobState::Discarded,
        JobState::Cancelled,
        JobState::Scheduled,
        JobState::Available,
    ];
    for (index, row) in rows.iter().enumerate() {
        let expected = if index == 7 { JobState::Running } else { states[index % 6] };
        assert_eq!(bench.row(row.claim.id).await.state, expected, "{index}");
    }
}
