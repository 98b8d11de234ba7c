//! What is put into a queue, and what came of it: [`Enqueued`].

use std::sync::Arc;
use std::time::SystemTime;

use super::key::unique_key;
use super::open::Shelf;
use super::row::{Due, NewJob, NewJobs};
use super::store::{Fault, Inserted, Store, told};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::outcome::RunId;
use crate::policy::unique::{OnConflict, UniqueFor};

/// What is put in, and where.
pub(crate) struct Order {
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) job: Arc<Job>,
    store: Arc<dyn Store>,
    now: SystemTime,
    pub(crate) jobs: NewJobs,
    pub(super) unique_for: Option<UniqueFor>,
    /// What was said of it, if anything was.
    pub(super) on_conflict: Option<OnConflict>,
    /// Instead of the arguments.
    pub(super) key: Option<String>,
}

/// A job that was put into its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Enqueued {
    /// Its identity, by which [`Runtime::job_row`](crate::Runtime::job_row) finds it, as long as its row is kept.
    pub id: RunId,
    /// Whether it is a new one; else it is the one that was there and kept this one out.
    pub is_new: bool,
}

impl Order {
    pub(super) fn new(job: Arc<Job>, args: impl Iterator<Item = std::result::Result<String, String>>) -> Result<Self> {
        let name = &job.name;
        let shelf = Shelf::of(&job.home);
        let shelf = shelf.ok_or_else(|| Error::refused(format!("job `{name}`: this runtime has no store")))?;
        let queue = job.options.queue.as_deref();
        let queue = queue.ok_or_else(|| Error::configuration(format!("job `{name}` has no queue: spawn it")))?;
        let args = args.map(|args| args.map(|args| NewJob { args, key: None }));
        let jobs: std::result::Result<Vec<NewJob>, String> = args.collect();
        let jobs = jobs.map_err(|error| {
            Error::configuration(format!("job `{name}`: its arguments cannot be written as JSON: {error}"))
        })?;
        let jobs = NewJobs {
            queue: queue.into(),
            name: Arc::clone(name),
            priority: job.options.priority,
            due: Due::Now,
            max_attempts: job.options.max_attempts,
            unique: None,
            jobs,
        };
        Ok(Self {
            store: Arc::clone(&shelf.store),
            now: job.home.clock.now().wall,
            jobs,
            unique_for: job.options.unique_for,
            on_conflict: None,
            key: None,
            job,
        })
    }

    /// With the keys by which the same is known.
    pub(super) fn complete(mut self) -> Result<Self> {
        let Some(unique_for) = self.unique_for else {
            return match self.on_conflict {
                None => Ok(self),
                Some(_) => Err(Error::configuration(format!(
                    "job `{}`: `on_conflict` needs `unique_for` or `unique_key`, without which nothing is the same",
                    self.jobs.name
                ))),
            };
        };
        self.jobs.unique = Some((unique_for, self.on_conflict.unwrap_or_default()));
        for job in &mut self.jobs.jobs {
            job.key = Some(unique_key(&self.jobs.name, self.key.as_deref(), &job.args)?);
        }
        Ok(self)
    }

    pub(super) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// What time it was when it was made.
    pub(super) fn now(&self) -> SystemTime {
        self.now
    }

    pub(super) async fn put_in(self) -> Result<Vec<Enqueued>> {
        let order = self.complete()?;
        if order.jobs.jobs.is_empty() {
            return Ok(Vec::new());
        }
        let inserted = order.store.insert(&order.jobs, order.now).await;
        answered(&*order.store, inserted)
    }
}

/// What a store answered, for the one who put jobs in.
pub(super) fn answered(
    store: &dyn Store,
    inserted: std::result::Result<Vec<Inserted>, Fault>,
) -> Result<Vec<Enqueued>> {
    Ok(told(store, inserted)?.into_iter().map(Enqueued::from).collect())
}

impl From<Inserted> for Enqueued {
    fn from(Inserted { id, new }: Inserted) -> Self {
        Self { id: RunId::of_row(id), is_new: new }
    }
}

/// What awaiting an [`Enqueue`] gives.
pub trait Taken: sealed::Sealed + Sized + Send + 'static {
    #[doc(hidden)]
    fn taken(all: Vec<Enqueued>) -> Result<Self>;
}

impl Taken for Enqueued {
    fn taken(all: Vec<Enqueued>) -> Result<Self> {
        all.into_iter().next().ok_or_else(|| Error::unavailable("the store answered nothing".to_owned()))
    }
}

impl Taken for Vec<Enqueued> {
    fn taken(all: Vec<Enqueued>) -> Result<Self> {
        Ok(all)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Enqueued {}
    impl Sealed for Vec<super::Enqueued> {}
}
