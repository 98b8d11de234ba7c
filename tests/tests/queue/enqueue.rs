//! When a job runs that was put into its queue, and what the one who put it there is told.

use std::time::{Duration, SystemTime};

use job_runtime::testing::Harness;
use job_runtime::{Context, JobState, StoreConfig, Trigger, job};

use crate::stage::{at, auto, counts, manual, midnight, nominals, starts, story};
use crate::{Given, row};

#[job(queue = "mail")]
async fn welcome(user: u64, template: String, given: &Given) {
    given.note(format!("{user} {template}"));
}

#[job(queue = "mail")]
async fn tells_when(cx: &Context, given: &Given) {
    given.note(format!("{:?} {}", cx.trigger(), cx.scheduled_at() == cx.now()));
}

#[job(queue = "mail")]
fn plain(user: u64, given: &Given) -> Result<(), String> {
    given.note(format!("plain {user}"));
    Ok(())
}

#[job(queue = "mail")]
async fn puts_another_in() -> job_runtime::Result {
    welcome::enqueue(9, "from a run".to_owned()).await.map(drop)
}

async fn with(names: &[&str]) -> (Harness, Given) {
    let given = Given::default();
    (auto(names).data(given.clone()).await, given)
}

#[tokio::test(start_paused = true)]
async fn what_is_put_in_waits_and_runs_as_soon_as_the_clocks_move() {
    let (jobs, given) = with(&["welcome"]).await;
    let put = welcome::enqueue(7, "x".to_owned()).await.expect("the store takes it");
    assert!(put.is_new);
    let waiting = row(&jobs, put.id).await;
    assert_eq!((waiting.state, waiting.queue.as_str(), waiting.attempt), (JobState::Available, "mail", 0));
    assert_eq!((waiting.name.as_str(), waiting.args.as_str()), ("welcome", r#"{"user":7,"template":"x"}"#));
    assert!(given.all().is_empty() && waiting.enqueued_at == midnight());
    jobs.advance("0s").await;
    assert_eq!(given.all(), ["7 x"]);
    let over = row(&jobs, put.id).await;
    assert_eq!((over.state, over.attempt, over.finished_at), (JobState::Completed, 1, Some(midnight())));
    assert_eq!(story(&jobs, "welcome"), ["0ms 1 started", "0ms 1 completed"]);
    assert_eq!((jobs.runs("welcome")[0].id, counts(&jobs, "welcome")), (put.id, (1, 1, 0, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn the_function_beside_the_type_stays_a_function() {
    let given = Given::default();
    welcome(1, "by hand".to_owned(), &given).await;
    plain(2, &given).expect("it ends well");
    assert_eq!(given.all(), ["1 by hand", "plain 2"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_put_in_before_it_is_awaited() {
    let (jobs, given) = with(&["welcome"]).await;
    drop(welcome::enqueue(7, "x".to_owned()).after("1s"));
    jobs.advance("1h").await;
    assert!(given.all().is_empty() && jobs.enqueued("welcome").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_and_at_wait_for_exactly_that_time() {
    let (jobs, _given) = with(&["welcome"]).await;
    let later = welcome::enqueue(1, "later".to_owned()).after("5m").await.expect("it is taken");
    welcome::enqueue(2, "at".to_owned()).at(at(90_000)).await.expect("it is taken");
    welcome::enqueue(3, "after a duration".to_owned()).after(Duration::from_millis(1500)).await.expect("it is taken");
    welcome::enqueue(4, "long ago".to_owned()).at(SystemTime::UNIX_EPOCH).await.expect("it is taken");
    assert_eq!(row(&jobs, later.id).await.state, JobState::Scheduled);
    jobs.advance("299999ms").await;
    assert_eq!(starts(&jobs, "welcome"), [0, 1500, 90_000]);
    jobs.advance("1ms").await;
    assert_eq!(starts(&jobs, "welcome"), [0, 1500, 90_000, 300_000]);
    assert_eq!(row(&jobs, later.id).await.state, JobState::Completed);
}

#[tokio::test(start_paused = true)]
async fn the_last_word_on_the_time_counts() {
    let (jobs, _given) = with(&["welcome"]).await;
    welcome::enqueue(1, String::new()).at(at(60_000)).after("2s").await.expect("it is taken");
    welcome::enqueue(2, String::new()).after("1s").at(at(3000)).await.expect("it is taken");
    jobs.advance("1h").await;
    assert_eq!((starts(&jobs, "welcome"), nominals(&jobs, "welcome")), (vec![2000, 3000], vec![2000, 3000]));
}

#[tokio::test(start_paused = true)]
async fn a_run_knows_why_and_when_it_was_to_run() {
    let (jobs, given) = with(&["tells_when"]).await;
    tells_when::enqueue().await.expect("it is taken");
    tells_when::enqueue().after("1m").await.expect("it is taken");
    jobs.advance("1m").await;
    assert_eq!(given.all(), ["Spawn true", "Spawn true"]);
    assert_eq!(jobs.runs("tells_when")[1].trigger, Trigger::Spawn);
}

#[tokio::test(start_paused = true)]
async fn a_plain_function_is_put_in_like_any_other() {
    let (jobs, given) = with(&["plain"]).await;
    plain::enqueue(5).await.expect("it is taken");
    jobs.advance("0s").await;
    assert_eq!(given.all(), ["plain 5"]);
}

#[tokio::test(start_paused = true)]
async fn a_run_and_a_task_beside_it_put_others_in() {
    let (jobs, given) = with(&["welcome", "puts_another_in"]).await;
    puts_another_in::enqueue().await.expect("it is taken");
    let mut beside = tokio::task::JoinSet::new();
    beside.spawn(async { welcome::enqueue(8, "from a task".to_owned()).await });
    assert!(beside.join_all().await.remove(0).expect("it is taken").is_new);
    jobs.advance("1s").await;
    let mut all = given.all();
    all.sort_unstable();
    assert_eq!(all, ["8 from a task", "9 from a run"]);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_word_is_told_when_it_is_awaited_and_nothing_is_put_in() {
    let (jobs, _given) = with(&["welcome"]).await;
    let put = || welcome::enqueue(7, "x".to_owned());
    for (wrong, told) in [
        (put().after("soon"), "`soon` is not a duration"),
        (put().priority(10), "`priority`: takes a number from 0, the most urgent, to 9"),
        (put().unique_for("0s"), "`unique_for`: this duration must be longer than zero"),
        (put().unique_for("for ever"), "`unique_for`: `for ever` is not a duration"),
        (put().on_conflict("repalce"), "`on_conflict`: takes `skip`, `replace`, `debounce`, not `repalce`"),
        (put().on_conflict("replace"), "job `welcome`: `on_conflict` needs `unique_for` or `unique_key`"),
        (put().after("soon").priority(10).after("1s"), "`soon` is not a duration"),
    ] {
        let error = wrong.await.expect_err(told);
        assert!(error.is_configuration() && error.to_string().starts_with(told), "{error}");
    }
    assert!(jobs.enqueued("welcome").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_not_of_this_runtime_is_told_so() {
    let (_jobs, _given) = with(&["welcome"]).await;
    let error = plain::enqueue(3).await.expect_err("it is not there");
    assert!(error.is_configuration() && error.to_string().contains("plain` is not in this runtime"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn in_manual_mode_it_waits_for_the_drain() {
    let given = Given::default();
    let jobs = manual(&["welcome"]).data(given.clone()).await;
    welcome::enqueue(1, "now".to_owned()).await.expect("it is taken");
    let later = welcome::enqueue(2, "later".to_owned()).after("1h").await.expect("it is taken");
    let drained = jobs.drain("mail").await;
    assert_eq!((drained.ran, drained.completed, given.all()), (1, 1, vec!["1 now".to_owned()]));
    assert_eq!(row(&jobs, later.id).await.state, JobState::Scheduled);
}

#[tokio::test(start_paused = true)]
async fn what_is_put_in_when_the_runtime_has_shut_down_is_there_for_the_next() {
    let (given, store) = (Given::default(), StoreConfig::memory());
    let jobs = auto(&["welcome"]).data(given.clone()).store(store.clone()).await;
    jobs.shutdown().await.expect("nothing runs");
    assert!(welcome::enqueue(7, "x".to_owned()).await.expect("it is taken").is_new);
    let next = auto(&["welcome"]).data(given.clone()).store(store).await;
    next.advance("1s").await;
    assert_eq!(given.all(), ["7 x"]);
}
