//! The thread that writes: many commands in one transaction, each for itself, and what becomes of it.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Weak};

use rusqlite::Connection;

use super::folder::{Folder, NOW, count, jobs, node, wish};
use crate::durable::settle::{End, Settlement};
use crate::durable::shown::Filter;
use crate::durable::sqlite::Sqlite;
use crate::durable::store::{Fault, Notice, Retention, Store};
use crate::outcome::Outcome;

/// Keeps all others from writing as long as it is there.
fn lock(folder: &Folder) -> Connection {
    let db = folder.connection();
    db.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
    db
}

#[tokio::test]
async fn what_fails_among_others_takes_none_along() {
    let folder = Folder::new();
    let store = folder.store().await;
    let lock = lock(&folder);
    let (few, many, all) = (jobs(1), jobs(2), jobs(3));
    // They all wait for the lock, and are done together.
    let first = store.insert(&few, NOW);
    let second = store.insert(&many, NOW);
    let wrong = store.write(|table| table.db.execute("INSERT INTO job_runtime_job (id) VALUES (1)", []));
    let panics = store.write::<(), _>(|table| {
        table.db.execute("DELETE FROM job_runtime_job", [])?;
        panic!("on purpose")
    });
    let third = store.insert(&all, NOW);
    lock.execute_batch("COMMIT").expect("it was open");
    assert_eq!(first.await.expect("taken in").len(), 1);
    let wrong = wrong.await.expect_err("a column is missing");
    assert!(!wrong.passing && wrong.text.contains("NOT NULL"), "{wrong}");
    let panicked = panics.await.expect_err("it panicked");
    assert!(panicked.text.contains("panic"), "{panicked}");
    assert_eq!((second.await.expect("taken in").len(), third.await.expect("taken in").len()), (2, 3));
    assert_eq!(count(&folder.connection()), 6);
}

#[tokio::test]
async fn what_comes_together_is_one_transaction() {
    let folder = Folder::new();
    let store = folder.store().await;
    let seen = folder.connection();
    let version = || seen.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).expect("it is told");
    let lock = lock(&folder);
    let one = jobs(1);
    // The first of them may be waiting for the lock alone.
    let waiting: Vec<_> = (0..100).map(|_| store.insert(&one, NOW)).collect();
    let before = version();
    lock.execute_batch("COMMIT").expect("it was open");
    let mut versions = vec![before];
    for inserted in waiting {
        inserted.await.expect("taken in");
        versions.push(version());
    }
    versions.dedup();
    assert!(versions.len() <= 3, "{versions:?}");
}

#[tokio::test]
async fn what_changed_is_told_when_it_is_there() {
    let folder = Folder::new();
    let store = folder.store().await;
    let heard: Arc<Mutex<Vec<(Notice, i64)>>> = Arc::default();
    let (listener, file) = (Arc::clone(&heard), folder.file());
    store.tell(Arc::new(move |notice| {
        let there = count(&Connection::open(&file).expect("it is there"));
        listener.lock().expect("no panic").push((notice, there));
    }));
    let _ = store.write::<(), _>(|_| panic!("on purpose")).await;
    store.insert(&jobs(3), NOW).await.expect("taken in");
    assert_eq!(*heard.lock().expect("no panic"), [(Notice::Work("mail".into()), 3)]);
}

#[tokio::test]
async fn a_lock_that_lasts_is_told_and_passes() {
    let folder = Folder::new();
    let store = folder.impatient().await;
    let lock = lock(&folder);
    let fault = store.insert(&jobs(1), NOW).await.expect_err("it is locked");
    assert!(fault.passing && fault.text.contains("locked"), "{fault}");
    assert_eq!(store.row(1, NOW).await.map(|row| row.is_none()), Ok(true), "who looks is not kept out");
    drop(lock);
    assert_eq!(store.insert(&jobs(1), NOW).await.expect("it is free").len(), 1);
}

#[tokio::test]
async fn the_threads_end_with_the_store() {
    let folder = Folder::new();
    let store = folder.store().await;
    store.row(1, NOW).await.expect("the one that reads is there too");
    let file = Arc::downgrade(&store.file);
    drop(store);
    gone(&file).await;
    let left = folder.files();
    assert_eq!(left, ["jobs.db"], "who is the last to close it clears up");
}

/// Waits until nobody has it.
async fn gone<T>(held: &Weak<T>) {
    while held.strong_count() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_closed_is_one_file_and_opens_again() {
    let folder = Folder::new();
    let store = folder.store().await;
    store.insert(&jobs(2), NOW).await.expect("taken in");
    store.rows(&Filter::default(), NOW).await.expect("it is read");
    assert!(folder.files().len() > 1, "{:?}", folder.files());
    store.close().await.expect("it closes");
    assert_eq!(folder.files(), ["jobs.db"]);
    store.close().await.expect("it is closed");
    store.insert(&jobs(1), NOW).await.expect("taken in");
    assert_eq!(count(&folder.connection()), 3);
}

#[tokio::test]
async fn nothing_is_written_to_a_file_that_was_deleted() {
    let folder = Folder::new();
    let store = folder.store().await;
    store.insert(&jobs(1), NOW).await.expect("taken in");
    let every = Filter { limit: 10, ..Filter::default() };
    assert_eq!(store.rows(&every, NOW).await.expect("it is read").len(), 1);
    fs::remove_file(folder.file()).expect("it is there");
    let fault = store.insert(&jobs(1), NOW).await.expect_err("nobody would ever find it");
    assert!(fault.passing && fault.text.contains("cannot be opened"), "{fault}");
    // Another one in its place, as from a backup.
    folder.store().await.insert(&jobs(2), NOW).await.expect("taken in");
    store.insert(&jobs(3), NOW).await.expect("taken in");
    assert_eq!(count(&folder.connection()), 5);
    assert_eq!(store.rows(&every, NOW).await.expect("it is read").len(), 5, "who reads has the new one too");
}

#[tokio::test]
async fn a_file_that_cannot_be_is_told_in_words() {
    let folder = Folder::new();
    let nowhere = Sqlite::new(folder.path().join("nowhere").join("jobs.db"));
    let fault = nowhere.migrate(NOW).await.expect_err("its folder is not there");
    assert!(fault.passing && fault.text.contains("is its folder there"), "{fault}");
    fs::write(folder.file(), "this is no database, but a text that is long enough to be taken for one".repeat(100))
        .expect("it can be written");
    let fault = Sqlite::new(folder.file()).migrate(NOW).await.expect_err("it is a text");
    assert!(!fault.passing && fault.text.contains("is not a file of SQLite"), "{fault}");
    let Fault { text, .. } =
        Sqlite::new(PathBuf::from("nowhere.db")).insert(&jobs(1), NOW).await.expect_err("not made");
    assert!(text.contains("`nowhere.db` cannot be opened"), "{text}");
}

#[tokio::test]
async fn a_file_that_was_out_of_reach_is_opened_anew() {
    let folder = Folder::new();
    let store = folder.store().await;
    store.insert(&jobs(1), NOW).await.expect("taken in");
    let broken = store.write::<(), _>(|_| {
        Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR), None))
    });
    assert!(broken.await.expect_err("its disk is gone").passing);
    store.insert(&jobs(1), NOW).await.expect("its disk is back");
    assert_eq!(count(&folder.connection()), 2);
}

#[tokio::test]
async fn much_is_deleted_in_handfuls() {
    let folder = Folder::new();
    let store = folder.store().await;
    store.insert(&jobs(2_500), NOW).await.expect("taken in");
    store.join(&node(1), NOW).await.expect("it joins");
    let claimed = store.claim(&wish(1, 2_400), NOW).await.expect("it answers").rows;
    let settlements: Vec<Settlement> = claimed
        .iter()
        .map(|row| Settlement {
            claim: row.claim,
            end: End::Completed,
            outcome: Outcome::Completed,
            error: None,
            keyed: false,
            name: row.name.clone(),
            awaited: false,
        })
        .collect();
    assert!(store.settle(&settlements, NOW).await.expect("it answers").into_iter().all(|settled| settled));
    let (keep, later) = (std::time::Duration::ZERO, NOW + std::time::Duration::from_secs(1));
    let keep = Retention { completed: Some(keep), discarded: Some(keep) };
    let tidied = store.tidy(&["mail".into()], keep, later).await.expect("put in order");
    assert_eq!((tidied.pruned, count(&folder.connection())), (2_400, 100));
}
