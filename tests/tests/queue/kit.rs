//! The test kit's store: in memory, for each harness its own, unless another is given.

use job_runtime::testing::{assert_all_valid, start};
use job_runtime::{Outcome, StoreConfig, job, periodic};

use crate::Given;
use crate::stage::{auto, manual};

#[job(queue = "kit", max_attempts = 3)]
async fn greets(name: String, given: &Given) -> Result<String, String> {
    given.note(&*name);
    if name.is_empty() { Err("nobody".to_owned()) } else { Ok(format!("hello {name}")) }
}

#[periodic(every = "10m")]
async fn wants_none() {}

#[tokio::test(start_paused = true)]
async fn each_harness_has_a_store_of_its_own() {
    let given = Given::default();
    let one = manual(&["greets"]).data(given.clone()).await;
    greets::enqueue("one".to_owned()).await.expect("it is taken");
    let two = manual(&["greets"]).data(given.clone()).await;
    assert_eq!((one.enqueued("greets").await.len(), two.enqueued("greets").await.len()), (1, 0));
    assert_eq!((two.drain("kit").await.ran, one.drain("kit").await.ran), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_given_is_shared() {
    let (given, store) = (Given::default(), StoreConfig::memory());
    let one = manual(&["greets"]).data(given.clone()).store(store.clone()).await;
    greets::enqueue("shared".to_owned()).await.expect("it is taken");
    let two = auto(&["greets"]).data(given.clone()).store(store).await;
    two.advance("1s").await;
    assert_eq!((given.all(), one.enqueued("greets").await.len()), (vec!["shared".to_owned()], 0));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_none_is_refused_also_in_tests() {
    let error = start().only(["wants_none"]).store("mysql://x").try_start().await.expect_err("there is no such store");
    assert!(error.is_configuration() && error.to_string().starts_with("`.store`: "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn without_a_job_that_wants_one_there_is_none() {
    let jobs = auto(&["wants_none"]).await;
    assert!(jobs.runtime().queue("kit").is_err_and(|error| error.is_refused()));
    jobs.advance("10m").await;
    assert_eq!(jobs.runs("wants_none")[0].outcome, Some(Outcome::Completed));
}

#[tokio::test(start_paused = true)]
async fn a_job_is_performed_beside_its_queue_with_what_would_be_written() {
    let given = Given::default();
    let jobs = manual(&["greets"]).data(given.clone()).await;
    let output = jobs.perform(greets::enqueue("me".to_owned())).await.expect("it ends well");
    assert_eq!((output.as_str(), given.all()), ("hello me", vec!["me".to_owned()]));
    let error = jobs.perform(greets::enqueue(String::new())).await.expect_err("it fails");
    assert_eq!((error.error().map(String::as_str), jobs.runs("greets").len()), (Some("nobody"), 2));
    assert!(jobs.enqueued("greets").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_asserted_by_its_arguments_and_time() {
    let jobs = manual(&["greets"]).data(Given::default()).await;
    greets::enqueue("me".to_owned()).after("5m").priority(3).await.expect("it is taken");
    let row = jobs.assert_enqueued(greets::enqueue("me".to_owned()).priority(3)).await;
    assert_eq!(row.args, r#"{"name":"me"}"#);
    jobs.assert_enqueued(greets::enqueue("me".to_owned()).priority(3).after("5m")).await;
    jobs.refute_enqueued(greets::enqueue("you".to_owned()).priority(3)).await;
    jobs.refute_enqueued(greets::enqueue("me".to_owned()).priority(3).after("6m")).await;
}

#[test]
fn the_jobs_of_this_binary_are_valid_but_for_those_of_two_versions() {
    let told = std::panic::catch_unwind(assert_all_valid).expect_err("two versions of one job are linked");
    let told = told.downcast_ref::<String>().expect("a text");
    assert!(told.lines().skip(1).all(|line| line.contains("has the name of the one at")), "{told}");
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "no job is in a queue `post`")]
async fn a_queue_that_no_job_is_in_cannot_be_drained() {
    manual(&["greets"]).data(Given::default()).await.drain("post").await;
}
