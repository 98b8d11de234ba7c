//! How a store is to be used.

use std::collections::BTreeMap;
use std::time::Duration;

use super::store::Retention;

/// What can be set of a store, with what is usual.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) lease: Duration,
    pub(crate) retention: Retention,
    /// How often a process may die under a job before it is parked.
    pub(crate) quarantine: u32,
    /// How many jobs of a queue run at once in this process, unless it is said for the queue.
    pub(crate) max_running: u32,
    pub(crate) queues: BTreeMap<String, u32>,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(20),
            retention: Retention { completed: Some(DAY), discarded: Some(DAY * 7) },
            quarantine: 3,
            max_running: 10,
            queues: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// How often a lease is renewed: four times before it is over.
    pub(crate) fn beat(&self) -> Duration {
        self.lease / 4
    }

    pub(crate) fn room(&self, queue: &str) -> u32 {
        self.queues.get(queue).copied().unwrap_or(self.max_running)
    }
}
