//! The store answers as one in memory does, to what is asked at random.

use super::clocked::Clocked;
use super::place::Place;
use crate::durable::alike::{Time, agree, seeds};
use crate::durable::memory::Memory;

/// Few enough for each run of the tests.
const SEEDS: u64 = 4;
const MANY: u64 = 200;

#[tokio::test]
async fn it_answers_as_one_in_memory_does() {
    agrees("alike", SEEDS).await;
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn it_answers_as_one_in_memory_does_to_everything() {
    agrees("alike_to_everything", MANY).await;
}

async fn agrees(name: &str, count: u64) {
    for seed in seeds(count) {
        let store = Clocked::new(&Place::with_clock(&format!("{name}_{seed}"))).await;
        agree(&Memory::default(), &store, Time::Given, seed).await;
    }
}
