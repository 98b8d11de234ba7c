//! Many jobs put in at once: `enqueue_all`.

use job_runtime::job;

use crate::stage::{auto, counts, starts};
use crate::{Given, row};

#[job(queue = "many")]
async fn one(number: u32, given: &Given) {
    given.note(number.to_string());
}

#[job(queue = "many")]
async fn two(number: u32, given: &Given, word: String) {
    given.note(format!("{number} {word}"));
}

#[job(queue = "many", unique_for = "1h")]
async fn none(given: &Given) {
    given.note("none");
}

#[tokio::test(start_paused = true)]
async fn each_is_put_in_with_its_own_arguments() {
    let given = Given::default();
    let jobs = auto(&["one", "two"]).data(given.clone()).queue("many", 1).await;
    let put = one::enqueue_all(1..=3).await.expect("they are taken");
    assert!(put.len() == 3 && put.iter().all(|put| put.is_new), "{put:?}");
    let pairs = ["a", "b"].map(|word| (7, word.to_owned()));
    let put = two::enqueue_all(pairs).await.expect("they are taken");
    assert_eq!(row(&jobs, put[1].id).await.args, r#"{"number":7,"word":"b"}"#);
    jobs.advance("1s").await;
    assert_eq!(given.all(), ["1", "2", "3", "7 a", "7 b"]);
    assert_eq!(counts(&jobs, "one"), (3, 3, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_said_is_said_of_all() {
    let given = Given::default();
    let jobs = auto(&["one"]).data(given.clone()).await;
    let put = one::enqueue_all(vec![1, 2]).after("5m").priority(4).await.expect("they are taken");
    for put in put {
        assert_eq!(row(&jobs, put.id).await.priority, 4);
    }
    jobs.advance("5m").await;
    assert_eq!(starts(&jobs, "one"), [300_000, 300_000]);
}

#[tokio::test(start_paused = true)]
async fn none_is_no_mistake() {
    let jobs = auto(&["one", "two"]).data(Given::default()).await;
    assert_eq!(one::enqueue_all([]).await.expect("nothing is wrong"), []);
    assert_eq!(two::enqueue_all(std::iter::empty()).await.expect("nothing is wrong"), []);
    assert!(jobs.enqueued("one").await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_arguments_there_are_as_many_as_asked_for_unless_they_are_the_same() {
    let given = Given::default();
    let jobs = auto(&["none"]).data(given.clone()).await;
    let put = none::enqueue_all([(), (), ()]).await.expect("they are taken");
    assert_eq!(put.iter().map(|put| put.is_new).collect::<Vec<_>>(), [true, false, false]);
    assert!(put.iter().all(|other| other.id == put[0].id), "{put:?}");
    jobs.advance("1s").await;
    assert_eq!(given.all(), ["none"]);
}

#[tokio::test(start_paused = true)]
async fn many_run_as_there_is_room() {
    let given = Given::default();
    let jobs = auto(&["one"]).data(given.clone()).await;
    one::enqueue_all(0..1000).await.expect("they are taken");
    jobs.advance("1s").await;
    assert_eq!((given.all().len(), counts(&jobs, "one")), (1000, (1000, 1000, 0, 0, 0)));
}
