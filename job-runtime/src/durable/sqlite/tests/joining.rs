//! Transactions of the program's own.

use std::sync::{Arc, Mutex};

use rusqlite::{Connection, Transaction};

use super::folder::{Folder, NOW, count, jobs, node, wish};
use crate::durable::memory::Memory;
use crate::durable::row::{NewJob, NewJobs};
use crate::durable::store::{Fault, Inserted, Notice, Store};
use crate::durable::within::{Insertion, Within};
use crate::policy::unique::{OnConflict, UniqueFor};

/// Puts jobs in with a transaction; it is done at once.
async fn put(transaction: &mut Transaction<'_>, store: Arc<dyn Store>, jobs: NewJobs) -> Result<Vec<Inserted>, Fault> {
    transaction.put(Insertion { store, jobs, now: NOW }).await.0
}

#[tokio::test]
async fn jobs_are_there_with_what_else_was_committed() {
    let folder = Folder::new();
    let store = Arc::new(folder.store().await);
    let mut db = folder.connection();
    db.execute_batch("CREATE TABLE account (name TEXT)").expect("it is the program's too");
    for (committed, there) in [(false, 0), (true, 3)] {
        let mut transaction = db.transaction().expect("it begins");
        transaction.execute("INSERT INTO account VALUES ('Ada')", []).expect("it is put in");
        let inserted = put(&mut transaction, store.clone(), jobs(3)).await.expect("they are taken in");
        assert!(inserted.len() == 3 && inserted.iter().all(|inserted| inserted.new));
        if committed { transaction.commit() } else { transaction.rollback() }.expect("it ends");
        let accounts: i64 = db.query_row("SELECT count(*) FROM account", [], |row| row.get(0)).expect("it is there");
        assert_eq!((count(&db), accounts), (there, i64::from(committed)));
    }
    store.join(&node(1), NOW).await.expect("it joins");
    assert_eq!(store.claim(&wish(1, 10), NOW).await.expect("it answers").rows.len(), 3);
}

#[tokio::test]
async fn who_looks_for_work_when_told_finds_it() {
    let folder = Folder::new();
    let store = Arc::new(folder.store().await);
    store.join(&node(1), NOW).await.expect("it joins");
    let heard: Arc<Mutex<Vec<Notice>>> = Arc::default();
    let listener = Arc::clone(&heard);
    store.tell(Arc::new(move |notice| listener.lock().expect("no panic").push(notice)));
    let mut db = folder.connection();
    let mut transaction = db.transaction().expect("it begins");
    put(&mut transaction, store.clone(), jobs(1)).await.expect("it is taken in");
    assert_eq!(*heard.lock().expect("no panic"), [Notice::Work("mail".into())]);
    // It is asked before the transaction is over, and waits for that.
    let wish = wish(1, 10);
    let claimed = store.claim(&wish, NOW);
    transaction.commit().expect("it ends");
    assert_eq!(claimed.await.expect("it answers").rows.len(), 1);
}

#[tokio::test]
async fn a_key_keeps_out_of_a_transaction_too() {
    let folder = Folder::new();
    let store = Arc::new(folder.store().await);
    let unique = Some((UniqueFor::Unfinished, OnConflict::Skip));
    let keyed =
        || NewJobs { unique, jobs: vec![NewJob { args: "[]".to_owned(), key: Some("one".to_owned()) }], ..jobs(0) };
    let first = store.insert(&keyed(), NOW).await.expect("it is taken in");
    let mut db = folder.connection();
    let mut transaction = db.transaction().expect("it begins");
    let second = put(&mut transaction, store.clone(), keyed()).await.expect("it is answered");
    assert_eq!(second, [Inserted { id: first[0].id, new: false }]);
}

#[tokio::test]
async fn a_transaction_of_something_else_is_refused_in_words() {
    let (folder, other) = (Folder::new(), Folder::new());
    let store = Arc::new(folder.store().await);
    drop(other.store().await);
    let mut db = other.connection();
    let mut transaction = db.transaction().expect("it begins");
    let fault = put(&mut transaction, store.clone(), jobs(1)).await.expect_err("it is another file");
    assert!(!fault.passing && fault.text.contains("another file"), "{fault}");
    let fault = put(&mut transaction, Arc::new(Memory::default()), jobs(1)).await.expect_err("it is no file");
    assert!(fault.text.contains("no file of SQLite"), "{fault}");
    drop(transaction);
    let mut db = Connection::open_in_memory().expect("it is plain");
    db.execute("ATTACH ?1 AS jobs", [folder.file().to_str()]).expect("it is there");
    let mut transaction = db.transaction().expect("it begins");
    put(&mut transaction, store, jobs(1)).await.expect("the file is attached");
    transaction.commit().expect("it ends");
    assert_eq!(count(&folder.connection()), 1);
}
