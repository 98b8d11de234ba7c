//! The schema: whoever brings it up to date, and whatever others know.

use std::sync::Barrier;

use super::folder::{Folder, NOW, jobs};
use super::processes::child;
use crate::durable::sqlite::Sqlite;
use crate::durable::store::{Store, Versions};

#[tokio::test]
async fn a_new_file_is_given_its_schema_once() {
    let folder = Folder::new();
    let versions = async || Sqlite::new(folder.file()).migrate(NOW).await;
    assert_eq!(versions().await, Ok(Versions { before: 0, after: 1 }));
    assert_eq!(versions().await, Ok(Versions { before: 1, after: 1 }));
}

#[test]
fn many_threads_do_so_at_once() {
    for _ in 0..5 {
        let (folder, together) = (Folder::new(), Barrier::new(8));
        let migrate = || {
            let store = Sqlite::new(folder.file());
            together.wait();
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("it is plain");
            runtime.block_on(async {
                let versions = store.migrate(NOW).await.expect("it is made by one");
                store.insert(&jobs(1), NOW).await.expect("taken in");
                versions.before
            })
        };
        let before: Vec<u32> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(migrate)).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert_eq!(before.iter().filter(|before| **before == 0).count(), 1, "{before:?}");
    }
}

#[test]
fn many_processes_do_so_at_once() {
    let folder = Folder::new();
    let children: Vec<_> = (0..8).map(|_| child("migrates", &folder)).collect();
    let outputs = children.into_iter().map(|child| child.wait_with_output().expect("it ends"));
    let outputs: Vec<String> = outputs.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).collect();
    let first = outputs.iter().filter(|output| output.contains("before 0 after 1")).count();
    let later = outputs.iter().filter(|output| output.contains("before 1 after 1")).count();
    assert_eq!((first, later), (1, 7), "{outputs:?}");
}

/// A newer program has been at the file.
async fn newer(folder: &Folder, min_reader: u32) -> Sqlite {
    folder.store().await;
    let change = format!(
        "ALTER TABLE job_runtime_job ADD COLUMN colour TEXT;
        INSERT INTO job_runtime_version (version, min_reader, applied_at) VALUES (7, {min_reader}, 0)"
    );
    folder.connection().execute_batch(&change).expect("it can be changed");
    Sqlite::new(folder.file())
}

#[tokio::test]
async fn a_newer_file_is_worked_with_where_that_adds_only() {
    let folder = Folder::new();
    let store = newer(&folder, 1).await;
    assert_eq!(store.migrate(NOW).await, Ok(Versions { before: 7, after: 7 }));
    assert_eq!(store.insert(&jobs(2), NOW).await.expect("taken in").len(), 2);
}

#[tokio::test]
async fn a_newer_file_is_refused_that_this_one_cannot_work_with() {
    let folder = Folder::new();
    let fault = newer(&folder, 2).await.migrate(NOW).await.expect_err("it is too new");
    assert!(!fault.passing, "{fault}");
    for words in ["jobs.db", "newer version of job-runtime", "version 7", "version 1"] {
        assert!(fault.text.contains(words), "{fault}");
    }
}
