//! What is SQLite's own: the file and its schema, the threads, other processes, and transactions of the program's.

mod folder;
mod joining;
mod migrating;
mod others;
mod processes;
mod writing;

use std::sync::Arc;

use self::folder::Folder;
use super::Sqlite;
use super::migration::VERSIONS;
use crate::durable::alike::{Time, agree, seeds};
use crate::durable::conformance::Bench;
use crate::durable::conformance::newer::newer;
use crate::durable::memory::Memory;
use crate::durable::store::{Asked, Store};

/// For what every store does.
pub(in crate::durable) async fn bench() -> Bench {
    bench_in(Folder::new()).await
}

/// One whose file a newer version has made.
pub(in crate::durable) async fn newer_bench() -> Bench {
    let folder = Folder::new();
    let made = "INSERT INTO job_runtime_version (version, min_reader, applied_at) VALUES (2, 1, 0)";
    let made = [&newer(VERSIONS), &newer(include_str!("../schema/1.sql")), made].concat();
    folder.connection().execute_batch(&made).expect("it is SQL");
    bench_in(folder).await
}

async fn bench_in(folder: Folder) -> Bench {
    let file = folder.file();
    let other = move || -> Asked<'static, Arc<dyn Store>> {
        let other: Arc<dyn Store> = Arc::new(Sqlite::new(file.clone()));
        Box::pin(std::future::ready(Ok(other)))
    };
    Bench::new(Arc::new(Sqlite::new(folder.file())), Box::new(other), folder).await
}

/// Few enough for each run of the tests.
const SEEDS: u64 = 6;
const MANY: u64 = 500;

#[tokio::test]
async fn it_answers_as_one_in_memory_does() {
    agrees(SEEDS).await;
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn it_answers_as_one_in_memory_does_to_everything() {
    agrees(MANY).await;
}

async fn agrees(count: u64) {
    for seed in seeds(count) {
        let folder = Folder::new();
        let store = folder.store().await;
        agree(&Memory::default(), &store, Time::Given, seed).await;
        // What its indexes are by says the same as the state.
        let other = "SELECT count(*) FROM job_runtime_job
            WHERE (state = 'running') <> (token <> 0) OR (state = 'parked') <> (parked IS NOT NULL)
                OR (state IN ('completed', 'cancelled', 'discarded')) <> (finished_at IS NOT NULL)";
        let other: i64 = folder.connection().query_row(other, [], |row| row.get(0)).expect("a number");
        assert_eq!(other, 0, "seed {seed}");
    }
}
