//! Rows that another version of the program wrote: what can be read runs, what cannot is kept for a person.

use job_runtime::testing::Harness;
use job_runtime::{EventKind, JobState, Parked, StoreConfig, job};
use serde::{Deserialize, Deserializer, Serialize};

use crate::stage::{auto, counts, manual};
use crate::{Given, row};

mod old {
    use super::*;

    #[job(queue = "mail", name = "send")]
    pub(super) async fn old_send(user: u64, template: String, gone: Option<u8>) {
        let _ = (user, template, gone);
    }

    #[job(queue = "mail", name = "count")]
    pub(super) async fn old_count(number: String) {
        drop(number);
    }

    #[job(queue = "mail", name = "unreadable")]
    pub(super) async fn old_unreadable(number: u8) {
        let _ = number;
    }
}

#[job(queue = "mail")]
async fn send(template: String, copies: Option<u32>, user: u128, given: &Given) {
    given.note(format!("{template} {copies:?} {user}"));
}

#[job(queue = "mail")]
async fn count(number: u32, given: &Given) {
    given.note(number.to_string());
}

#[job(queue = "mail")]
async fn unreadable(number: Panics) {
    let Panics = number;
}

#[derive(Serialize)]
struct Panics;

impl<'de> Deserialize<'de> for Panics {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("the users' code")
    }
}

/// What the old version leaves in a store, and the new one on it.
async fn after(
    old: &str,
    put: impl AsyncFnOnce() -> job_runtime::RunId,
    new: &str,
) -> (Harness, Given, job_runtime::RunId) {
    let (store, given) = (StoreConfig::memory(), Given::default());
    let before = manual(&[old]).data(given.clone()).store(store.clone()).await;
    let id = put().await;
    drop(before);
    (auto(&[new]).data(given.clone()).store(store).await, given, id)
}

#[tokio::test(start_paused = true)]
async fn parameters_may_come_and_go_and_change_places() {
    let put = async || old::old_send::enqueue(7, "x".to_owned(), Some(3)).await.expect("it is taken").id;
    let (jobs, given, id) = after("crate::versions::old::old_send", put, "crate::versions::send").await;
    jobs.advance("1s").await;
    assert_eq!(given.all(), ["x None 7"]);
    assert_eq!(row(&jobs, id).await.state, JobState::Completed);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_parked_with_its_error_and_nothing_else_stops() {
    let put = async || {
        let id = old::old_count::enqueue("three".to_owned()).await.expect("it is taken").id;
        old::old_count::enqueue("4".to_owned()).await.expect("it is taken");
        id
    };
    let (jobs, given, id) = after("crate::versions::old::old_count", put, "crate::versions::count").await;
    count::enqueue(5).await.expect("it is taken");
    jobs.advance("1s").await;
    assert_eq!(given.all(), ["5"]);
    let parked = row(&jobs, id).await;
    assert_eq!((parked.state, parked.parked), (JobState::Parked, Some(Parked::Undecodable)));
    let told = parked.error.expect("it is told why");
    assert!(told.starts_with("`number`: invalid type: string \"three\", expected u32"), "{told}");
    let told = jobs.events().into_iter().filter(|event| matches!(&event.kind, EventKind::Parked { .. })).count();
    assert_eq!((told, counts(&jobs, "count")), (2, (1, 1, 0, 0, 0)));
    jobs.advance("1h").await;
    assert_eq!((jobs.runs("count").len(), row(&jobs, id).await.args.as_str()), (1, r#"{"number":"three"}"#));
}

#[tokio::test(start_paused = true)]
async fn reading_that_panics_is_parked_too() {
    let put = async || old::old_unreadable::enqueue(3).await.expect("it is taken").id;
    let (jobs, _given, id) = after("crate::versions::old::old_unreadable", put, "crate::versions::unreadable").await;
    jobs.advance("1s").await;
    let parked = row(&jobs, id).await;
    assert_eq!((parked.parked, parked.error.as_deref()), (Some(Parked::Undecodable), Some("reading them panicked")));
}
