//! Processes that are started, and killed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rusqlite::Connection;

use super::folder::{Folder, NOW, jobs, node, wish};
use crate::durable::sqlite::Sqlite;
use crate::durable::store::Store;

const FILE: &str = "JOB_RUNTIME_TEST_FILE";

/// A process that does what the test of this name does with the file of a folder.
pub(super) fn child(what: &str, folder: &Folder) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("it runs"));
    child.args([&format!("{}::{what}", module_path!().split_once("::").expect("a path").1), "--exact", "--ignored"]);
    child.args(["--nocapture", "--test-threads=1"]).env(FILE, folder.file());
    child.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it can be started")
}

/// The store of a process that was started so.
fn store() -> Option<Sqlite> {
    std::env::var_os(FILE).map(|file| Sqlite::new(file.into()))
}

#[tokio::test]
#[ignore = "started by other tests"]
async fn migrates() {
    let Some(store) = store() else { return };
    let versions = store.migrate(NOW).await.expect("it can be made");
    println!("before {} after {}", versions.before, versions.after);
}

/// Puts jobs in, and tells of each when that is certain.
#[tokio::test]
#[ignore = "started by other tests"]
async fn enqueues() {
    let Some(store) = store() else { return };
    store.migrate(NOW).await.expect("it can be made");
    loop {
        let inserted = store.insert(&jobs(3), NOW).await.expect("taken in");
        for inserted in inserted {
            println!("row {}", inserted.id);
        }
    }
}

/// Works on jobs, and tells so.
#[tokio::test]
#[ignore = "started by other tests"]
async fn claims() {
    let Some(store) = store() else { return };
    store.migrate(NOW).await.expect("it can be made");
    store.join(&node(1), NOW).await.expect("it joins");
    let claimed = store.claim(&wish(1, 10), NOW).await.expect("it answers").rows;
    println!("row {}", claimed.len());
    std::future::pending::<()>().await;
}

/// The numbers that a process tells, as long as it does, beginning with the first so many.
fn told(child: &mut Child, first: usize) -> impl Iterator<Item = i64> + use<> {
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
    let mut rows = lines.filter_map(|line| line.rsplit_once("row ")?.1.parse().ok());
    let first: Vec<i64> = rows.by_ref().take(first).collect();
    first.into_iter().chain(rows)
}

fn kill(mut child: Child) {
    child.kill().expect("it runs");
    child.wait().expect("it is dead");
}

#[test]
fn what_was_acknowledged_is_there_after_a_kill_at_any_moment() {
    let folder = Folder::new();
    let mut acknowledged = Vec::new();
    for round in 0..8 {
        let mut child = child("enqueues", &folder);
        let rows = told(&mut child, 1 + round * 40);
        // What it goes on to tell until it is dead counts too.
        kill(child);
        acknowledged.extend(rows);
        // Opening a copy does what opening the file itself would, and leaves that to the next process.
        let copy = Folder::new();
        for file in folder.files().iter().filter(|file| !file.ends_with("-shm")) {
            fs::copy(folder.path().join(file), copy.path().join(file)).expect("it can be copied");
        }
        let db = copy.connection();
        let sound: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("it is checked");
        assert_eq!(sound, "ok");
        let lost: Vec<i64> = acknowledged.iter().filter(|row| !is_there(&db, **row)).copied().collect();
        assert!(lost.is_empty(), "{lost:?} of {} are lost", acknowledged.len());
    }
}

fn is_there(db: &Connection, row: i64) -> bool {
    db.prepare_cached("SELECT 1 FROM job_runtime_job WHERE id = ?1")
        .expect("it is SQL")
        .exists([row])
        .expect("it is asked")
}

#[tokio::test]
async fn a_dead_process_is_known_before_its_lease_is_over() {
    let folder = Folder::new();
    let store = folder.store().await;
    store.insert(&jobs(3), NOW).await.expect("taken in");
    let mut child = child("claims", &folder);
    assert_eq!(told(&mut child, 1).next(), Some(3));
    store.join(&node(2), NOW).await.expect("it joins");
    assert_eq!(store.rescue(3, NOW).await.expect("it answers").jobs, 0, "it lives");
    kill(child);
    assert_eq!(store.rescue(3, NOW).await.expect("it answers").jobs, 3, "a lease is 20 s");
    let again = store.claim(&wish(2, 10), NOW + Duration::from_secs(1)).await.expect("it answers").rows;
    assert!(again.len() == 3 && again.iter().all(|row| row.deaths == 1 && row.claim.attempt == 2), "{again:?}");
}
