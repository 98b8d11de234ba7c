//! Other stores on the same file: who lives, who is dead, and who cannot say.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use super::folder::{Folder, NOW, jobs, node, wish};
use crate::durable::sqlite::Sqlite;
use crate::durable::store::Store;

/// A store that has claimed all there is.
async fn worker(folder: &Folder, id: i64) -> Sqlite {
    let store = folder.store().await;
    store.insert(&jobs(2), NOW).await.expect("taken in");
    store.join(&node(id), NOW).await.expect("it joins");
    assert_eq!(store.claim(&wish(id, 10), NOW).await.expect("it answers").rows.len(), 2);
    store
}

async fn rescued(store: &Sqlite, after: u64) -> u64 {
    store.rescue(3, NOW + Duration::from_secs(after)).await.expect("it answers").jobs
}

#[tokio::test]
async fn a_live_one_keeps_what_it_has_and_a_dead_one_loses_it_at_once() {
    let folder = Folder::new();
    let (live, other) = (worker(&folder, 1).await, folder.store().await);
    assert_eq!(rescued(&other, 0).await, 0);
    assert_eq!(rescued(&live, 0).await, 0, "nor does it lose it by itself");
    let signs = Arc::downgrade(&live.signs);
    drop(live);
    while signs.strong_count() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(rescued(&other, 0).await, 2);
    assert!(!folder.files().iter().any(|file| file.contains("-node-")), "{:?}", folder.files());
}

#[tokio::test]
async fn one_that_hangs_loses_what_it_has_when_its_lease_is_over() {
    let folder = Folder::new();
    let (_hangs, other) = (worker(&folder, 1).await, folder.store().await);
    assert_eq!(rescued(&other, 20).await, 0);
    assert_eq!(rescued(&other, 21).await, 2);
}

#[tokio::test]
async fn without_its_sign_the_lease_says_whether_one_is_there() {
    let folder = Folder::new();
    let (live, other) = (worker(&folder, 1).await, folder.store().await);
    fs::remove_file(folder.path().join("jobs.db-node-1")).expect("it is there");
    assert_eq!(rescued(&other, 0).await, 0);
    drop(live);
    assert_eq!(rescued(&other, 19).await, 0);
    assert_eq!(rescued(&other, 21).await, 2);
}

#[tokio::test]
async fn who_leaves_takes_its_sign_along() {
    let folder = Folder::new();
    let store = worker(&folder, 1).await;
    assert!(folder.files().contains(&"jobs.db-node-1".to_owned()));
    store.leave(1, NOW).await.expect("it goes");
    assert!(!folder.files().iter().any(|file| file.contains("-node-")), "{:?}", folder.files());
}

#[tokio::test]
async fn after_a_sleep_of_the_machine_nobody_is_robbed() {
    let folder = Folder::new();
    let (first, second) = (worker(&folder, 1).await, folder.store().await);
    second.join(&node(2), NOW).await.expect("it joins");
    let at = |seconds: u64| NOW + Duration::from_secs(seconds);
    assert!(second.beat(&node(2), at(600)).await.expect("it answers").known, "it is awake first");
    assert_eq!(rescued(&second, 600).await, 0);
    assert!(first.beat(&node(1), at(605)).await.expect("it answers").known);
    assert!(second.beat(&node(2), at(615)).await.expect("it answers").known);
    assert_eq!(rescued(&second, 621).await, 0);
    assert!(second.beat(&node(2), at(630)).await.expect("it answers").known);
    assert_eq!(rescued(&second, 630).await, 2, "the first has been silent since");
}

#[tokio::test]
async fn two_that_write_all_the_time_do_not_keep_each_other_out() {
    let folder = Folder::new();
    let (one, other) = (Arc::new(folder.store().await), Arc::new(folder.store().await));
    let busy = |store: Arc<Sqlite>| async move {
        for _ in 0..200 {
            store.insert(&jobs(1), NOW).await.expect("it has its turn");
        }
    };
    tokio::join!(busy(Arc::clone(&one)), busy(Arc::clone(&one)), busy(Arc::clone(&other)));
    assert_eq!(super::folder::count(&folder.connection()), 600);
}
