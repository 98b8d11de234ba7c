//! That the same job is in a queue once: by its arguments or by a key, for a time or as long as it is unfinished.

use job_runtime::testing::Harness;
use job_runtime::{Enqueued, JobState, job};

use crate::stage::{auto, starts};
use crate::{Given, row};

#[job(queue = "unique", unique_for = "1h")]
async fn hourly(id: u128, given: &Given) {
    given.note(id.to_string());
}

#[job(queue = "unique", unique_for = "unfinished", max_attempts = 2, backoff = "1m")]
async fn unfinished(fails: bool) -> Result<(), String> {
    if fails { Err("it fails".to_owned()) } else { Ok(()) }
}

#[job(queue = "unique")]
async fn free(id: u32, text: String, given: &Given) {
    given.note(format!("{id} {text}"));
}

async fn with(name: &str) -> (Harness, Given) {
    let given = Given::default();
    (auto(&[name]).data(given.clone()).await, given)
}

async fn put(id: u128) -> Enqueued {
    hourly::enqueue(id).await.expect("the store answers")
}

#[tokio::test(start_paused = true)]
async fn the_same_arguments_are_kept_out_for_that_time() {
    let (jobs, given) = with("hourly").await;
    let first = put(7).await;
    let again = put(7).await;
    assert_eq!((again.id, again.is_new), (first.id, false));
    assert!(put(u128::MAX).await.is_new && put(u128::MAX - 1).await.is_new, "they differ in the last digit");
    jobs.advance("59m").await;
    assert_eq!(row(&jobs, first.id).await.state, JobState::Completed);
    assert!(!put(7).await.is_new, "it has ended, but the hour is not over");
    jobs.advance("61s").await;
    let next = put(7).await;
    assert!(next.is_new && next.id != first.id);
    jobs.advance("1s").await;
    assert_eq!(given.all().iter().filter(|id| *id == "7").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_where_it_is_put_in_goes_before_the_attribute() {
    let (jobs, _given) = with("hourly").await;
    put(7).await;
    jobs.advance("1s").await;
    let put = hourly::enqueue(8).unique_for("1m").await.expect("the store answers");
    jobs.advance("2m").await;
    assert!(put.is_new && hourly::enqueue(8).unique_for("1m").await.expect("the store answers").is_new);
}

#[tokio::test(start_paused = true)]
async fn an_unfinished_one_keeps_others_out_until_its_last_attempt() {
    let (jobs, _given) = with("unfinished").await;
    for fails in [true, false] {
        assert!(unfinished::enqueue(fails).await.expect("the store answers").is_new);
        assert!(!unfinished::enqueue(fails).await.expect("the store answers").is_new);
    }
    jobs.advance("30s").await;
    assert!(!unfinished::enqueue(true).await.expect("the store answers").is_new, "it waits for its second attempt");
    assert!(unfinished::enqueue(false).await.expect("the store answers").is_new, "it has completed");
    jobs.advance("1m").await;
    assert!(unfinished::enqueue(true).await.expect("the store answers").is_new, "it was discarded");
}

#[tokio::test(start_paused = true)]
async fn a_key_stands_for_the_arguments() {
    let (jobs, given) = with("free").await;
    let put = |id: u32, key: u32| free::enqueue(id, "x".to_owned()).unique_key(key);
    assert!(put(1, 7).await.expect("the store answers").is_new);
    assert!(!put(2, 7).await.expect("the store answers").is_new);
    assert!(put(1, 8).await.expect("the store answers").is_new);
    assert!(free::enqueue(1, "x".to_owned()).await.expect("the store answers").is_new, "without a key it is its own");
    jobs.advance("1s").await;
    assert_eq!(given.all().len(), 3);
    assert!(put(3, 7).await.expect("the store answers").is_new, "a key holds as long as the job is unfinished");
}

#[tokio::test(start_paused = true)]
async fn a_second_one_replaces_the_first_or_puts_it_off() {
    let (jobs, given) = with("free").await;
    let put = |id: u32| free::enqueue(id, id.to_string()).unique_key("all").after("10s");
    let first = put(1).await.expect("the store answers");
    let skipped = put(2).priority(5).await.expect("the store answers");
    assert_eq!((skipped.id, skipped.is_new, row(&jobs, first.id).await.priority), (first.id, false, 0));
    jobs.advance("4s").await;
    put(3).on_conflict("debounce").await.expect("the store answers");
    assert_eq!(row(&jobs, first.id).await.args, r#"{"id":1,"text":"1"}"#);
    jobs.advance("4s").await;
    put(4).on_conflict("replace").priority(5).await.expect("the store answers");
    let replaced = row(&jobs, first.id).await;
    assert_eq!((replaced.args.as_str(), replaced.priority), (r#"{"id":4,"text":"4"}"#, 5));
    jobs.advance("1m").await;
    assert_eq!((given.all(), starts(&jobs, "free")), (vec!["4 4".to_owned()], vec![18_000]));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_one_keeps_none_out() {
    let (jobs, _given) = with("hourly").await;
    let first = hourly::enqueue(7).after("10m").await.expect("the store answers");
    row(&jobs, first.id).await.cancel("not wanted").await.expect("the store answers");
    assert!(put(7).await.is_new);
}
