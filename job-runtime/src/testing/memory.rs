//! What the jobs of a test remember from one start to the next: it stands in for a store, until there is one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use crate::engine::supervisor::{Chronicle, Mark};

/// The marks of jobs by their names. Clones mean the same ones.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<HashMap<Arc<str>, Mark>>>);

impl Memory {
    /// Writes down of a job, whose schedule that is in words, which nominal time had its turn last and which is next.
    pub fn write(&self, job: &str, schedule: &str, last: Option<SystemTime>, next: SystemTime) {
        self.put_down([(job.into(), Mark { schedule: schedule.to_owned(), last, next })]);
    }

    /// What is written down of a job.
    #[must_use]
    pub fn read(&self, job: &str) -> Option<(String, Option<SystemTime>, SystemTime)> {
        self.lock().get(job).map(|mark| (mark.schedule.clone(), mark.last, mark.next))
    }

    pub(crate) fn chronicle(&self) -> Chronicle {
        Chronicle::new(self.lock().clone(), Arc::default())
    }

    pub(crate) fn put_down(&self, changes: impl IntoIterator<Item = (Arc<str>, Mark)>) {
        self.lock().extend(changes);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Mark>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
