//! Which jobs of a queue go first, and how many run at once.

use job_runtime::testing::Harness;
use job_runtime::{JobState, job};

use crate::Given;
use crate::stage::{Door, auto};

#[job(queue = "narrow")]
async fn step(name: String, given: &Given) {
    given.note(name);
}

#[job(queue = "narrow", priority = 2)]
async fn middling(given: &Given) {
    given.note("middling");
}

#[job(queue = "wide")]
async fn waits(number: u32, door: &Door, given: &Given) {
    given.note(format!("{number} in"));
    door.wait().await;
    given.note(format!("{number} out"));
}

async fn with(width: u32) -> (Harness, Given, Door) {
    let (given, door) = (Given::default(), Door::new());
    let jobs = auto(&["step", "middling", "waits"]).data(given.clone()).data(door.clone());
    (jobs.queue("narrow", 1).queue("wide", width).await, given, door)
}

async fn put(name: &str, priority: u32) {
    step::enqueue(name.to_owned()).priority(priority).await.expect("it is taken");
}

#[tokio::test(start_paused = true)]
async fn the_most_urgent_goes_first_and_then_the_one_that_was_there_first() {
    let (jobs, given, _door) = with(1).await;
    put("last", 9).await;
    put("second", 1).await;
    put("third", 1).await;
    middling::enqueue().await.expect("it is taken");
    step::enqueue("first".to_owned()).await.expect("it is taken");
    middling::enqueue().priority(0).await.expect("it is taken");
    jobs.advance("1s").await;
    assert_eq!(given.all(), ["first", "middling", "second", "third", "middling", "last"]);
}

#[tokio::test(start_paused = true)]
async fn what_has_waited_longer_goes_first_whenever_it_was_put_in() {
    let (jobs, given, _door) = with(1).await;
    for (name, delay) in [("c", "3s"), ("a", "1s"), ("b", "2s")] {
        step::enqueue(name.to_owned()).after(delay).await.expect("it is taken");
    }
    jobs.runtime().queue("narrow").expect("there is a store").pause("to see the order").await.expect("it answers");
    jobs.advance("10s").await;
    assert!(given.all().is_empty());
    jobs.runtime().queue("narrow").expect("there is a store").resume().await.expect("it answers");
    jobs.advance("1s").await;
    assert_eq!(given.all(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn as_many_run_as_the_queue_has_room_for() {
    let (jobs, given, door) = with(2).await;
    waits::enqueue_all(1..=5).await.expect("they are taken");
    jobs.advance("1s").await;
    assert_eq!((given.all(), jobs.running().len()), (vec!["1 in".to_owned(), "2 in".to_owned()], 2));
    door.let_through(1, &jobs).await;
    assert_eq!(given.all()[2..], ["1 out", "3 in"]);
    door.let_through(4, &jobs).await;
    jobs.advance("1s").await;
    assert_eq!((given.all().len(), jobs.running().len()), (10, 0));
}

#[tokio::test(start_paused = true)]
async fn unless_it_is_said_ten_run() {
    let (given, door) = (Given::default(), Door::new());
    let jobs = auto(&["waits"]).data(given.clone()).data(door.clone()).await;
    waits::enqueue_all(0..25).await.expect("they are taken");
    jobs.advance("1s").await;
    assert_eq!((given.all().len(), jobs.running().len()), (10, 10));
    let status = jobs.runtime().queue("wide").expect("there is a store").status().await.expect("it answers");
    assert_eq!((status.running, status.available), (10, 15));
    door.let_through(25, &jobs).await;
    assert_eq!(given.all().len(), 50);
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_holds_up_no_other() {
    let (jobs, given, door) = with(1).await;
    waits::enqueue_all(1..=2).await.expect("they are taken");
    put("free", 0).await;
    jobs.advance("1s").await;
    let mut begun = given.all();
    begun.sort_unstable();
    assert_eq!(begun, ["1 in", "free"]);
    let waiting = jobs.enqueued("waits").await;
    assert_eq!(waiting.iter().map(|row| row.state).collect::<Vec<_>>(), [JobState::Available]);
    door.let_through(2, &jobs).await;
}
