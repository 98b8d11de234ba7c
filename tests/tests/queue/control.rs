//! The type beside a job in a queue: pause, resume, status.

use job_runtime::{JobState, Kind, StoreConfig, job};

use crate::stage::auto;
use crate::{Given, row};

#[job(queue = "controlled", priority = 3, unique_for = "unfinished", max_attempts = 5)]
async fn controlled(user: u32, given: &Given) {
    given.note(user.to_string());
}

#[job(queue = "controlled")]
async fn other(given: &Given) {
    given.note("other");
}

#[tokio::test(start_paused = true)]
async fn a_paused_job_stays_in_its_queue_and_lets_others_by() {
    let given = Given::default();
    let jobs = auto(&["controlled", "other"]).data(given.clone()).await;
    controlled::pause("the server is full").await.expect("the store answers");
    let put = controlled::enqueue(7).await.expect("it is taken");
    other::enqueue().await.expect("it is taken");
    jobs.advance("1m").await;
    assert_eq!((given.all(), row(&jobs, put.id).await.state), (vec!["other".to_owned()], JobState::Available));
    assert_eq!(controlled::status().await.expect("it is there").paused.as_deref(), Some("the server is full"));
    controlled::resume().await.expect("the store answers");
    jobs.advance("1s").await;
    assert_eq!(given.all(), ["other", "7"]);
    assert_eq!(controlled::status().await.expect("it is there").paused, None);
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_for_other_runtimes_and_over_restarts() {
    let (given, store) = (Given::default(), StoreConfig::memory());
    let start = || auto(&["controlled"]).data(given.clone()).store(store.clone());
    let before = start().await;
    controlled::pause("the server is full").await.expect("the store answers");
    drop(before);
    let jobs = start().await;
    controlled::enqueue(7).await.expect("it is taken");
    jobs.advance("1m").await;
    assert!(given.all().is_empty());
    assert_eq!(controlled::status().await.expect("it is there").paused.as_deref(), Some("the server is full"));
    controlled::resume().await.expect("the store answers");
    jobs.advance("1s").await;
    assert_eq!(given.all(), ["7"]);
}

#[tokio::test(start_paused = true)]
async fn its_status_tells_the_queue_and_what_is_unusual() {
    let jobs = auto(&["controlled"]).data(Given::default()).await;
    let status = controlled::status().await.expect("it is there");
    assert_eq!((status.kind, &*status.name), (Kind::Job, "controlled"));
    assert_eq!(status.policies, ["queue controlled", "priority 3", "unique_for unfinished", "max_attempts 5"]);
    let told = jobs.runtime().trigger("controlled").await.expect_err("it has no arguments").to_string();
    assert_eq!(told, "job `controlled` waits in the queue `controlled`: enqueue it");
}

#[tokio::test(start_paused = true)]
async fn a_queue_has_a_name() {
    let jobs = auto(&["controlled"]).data(Given::default()).await;
    for wrong in ["", " mail", "a\0b", "a,b", &"z".repeat(256)] {
        let error = jobs.runtime().queue(wrong).expect_err("no queue can have it");
        assert!(error.is_configuration() && error.to_string().starts_with("`queue`: the name of a queue"), "{error}");
    }
    let longest = "z".repeat(255);
    assert_eq!(jobs.runtime().queue(&longest).expect("it may be that long").name(), longest);
}
