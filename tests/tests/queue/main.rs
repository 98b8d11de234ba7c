//! Jobs in a queue as their users see them, on paused time and with the store in memory.

#[path = "../stage/mod.rs"]
mod stage;

mod arguments;
mod attempts;
mod cluster;
mod control;
mod enqueue;
mod kit;
mod options;
mod order;
mod several;
mod unique;
mod versions;

use std::sync::{Arc, Mutex};

use job_runtime::testing::Harness;
use job_runtime::{JobRow, RunId};

/// What jobs were given, in order. Clones mean the same list.
#[derive(Clone, Default)]
struct Given(Arc<Mutex<Vec<String>>>);

impl Given {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().expect("nobody panics with it").push(what.into());
    }

    fn all(&self) -> Vec<String> {
        self.0.lock().expect("nobody panics with it").clone()
    }
}

/// A row that is there.
async fn row(jobs: &Harness, id: RunId) -> JobRow {
    jobs.runtime().job_row(id).await.expect("there is a store").expect("there is a row")
}
