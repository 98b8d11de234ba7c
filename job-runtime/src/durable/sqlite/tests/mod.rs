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
use crate::durable::alike::{Time, agree, seeds};
use crate::durable::conformance::Bench;
use crate::durable::memory::Memory;

/// For what every store does.
pub(in crate::durable) async fn bench() -> Bench {
    let folder = Folder::new();
    Bench::new(Arc::new(Sqlite::new(folder.file())), None, folder).await
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
    }
}
