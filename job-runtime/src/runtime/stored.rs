//! A runtime with a store: how it is given one, and what it does with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Builder, Runtime, node};
use crate::durable::{self, Durable, IntoStore, JobRow, Link, Queue, Shelf, StoreConfig, Subject};
use crate::engine::registry::Found;
use crate::engine::supervisor::Owner;
use crate::error::{Error, Mistake, Result};
use crate::event::EventKind;
use crate::job::{Home, Job, Keep, Run, no_runtime};
use crate::outcome::RunId;

/// The store that was chosen, and how many jobs of its queues run at once.
#[derive(Default)]
pub(crate) struct Choice {
    store: Option<Result<StoreConfig>>,
    queues: BTreeMap<String, u32>,
    /// Whether the memory will do where there is none.
    memory: bool,
}

/// A store that a runtime is opened with.
pub(crate) struct Chosen(StoreConfig);

/// The versions of a store's schema, from [`migrate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migrated {
    /// The version that was found; 0 where there was none.
    pub before: u32,
    /// The version that it has now.
    pub after: u32,
}

/// Brings the schema of a store up to date, as every start of a runtime with a store does; for those who do it in a step
/// of its own, with rights that the program itself has not. Whatever runs beside it goes on; several at once wait for each
/// other, and all but the first find it done.
///
/// ```
/// # #[tokio::main]
/// # async fn main() -> job_runtime::Result {
/// # let address = "memory:";
/// let migrated = job_runtime::migrate(address).await?; // "postgres://deploy@db.example/shop"
/// println!("from version {} to {}", migrated.before, migrated.after);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::is_configuration`] when it is no address of a store; [`Error::is_unavailable`] when the store could not be
/// reached or refused, when what it has is too new for this program, and on PostgreSQL when it took more than 60 s, or
/// others had locked what is to be changed.
///
/// # Cancel safety
/// Safe: a migration is done or not.
pub async fn migrate(store: impl IntoStore) -> Result<Migrated> {
    let versions = durable::migrate(store.into_store()?.open()).await?;
    Ok(Migrated { before: versions.before, after: versions.after })
}

impl Builder {
    /// Where jobs wait that have a `queue`, and what is known of recurring jobs over restarts and among nodes: the
    /// address of a store, or a [`StoreConfig`]. What is wrong with it is refused at the start; so is a store that cannot
    /// be reached then. The variable `JOBS_STORE`, an address, takes its place with all that is set in it.
    ///
    /// Its schema is brought up to date at the start, also while others do the same.
    ///
    /// ```standalone_crate
    /// use job_runtime::{StoreConfig, job};
    ///
    /// #[job(queue = "mail")]
    /// async fn welcome_mail(user_id: u64) {}
    ///
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// let store = StoreConfig::memory().keep_completed("7d")?; // or "sqlite://jobs.db"
    /// let runtime = job_runtime::run_all().store(store).queue("mail", 50).start().await?;
    /// welcome_mail::enqueue(7).await?;
    /// # runtime.shutdown().await
    /// # }
    /// ```
    pub fn store(mut self, store: impl IntoStore) -> Self {
        self.stored.store = Some(store.into_store());
        self
    }

    /// How many jobs of a queue run at once in this process; else as [`StoreConfig::max_running`] says. With 0 this
    /// process only puts jobs in, and others run them. A queue that no job of the program is in is refused at the start.
    pub fn queue(mut self, name: &str, max_running: u32) -> Self {
        self.stored.queues.insert(name.to_owned(), max_running);
        self
    }

    /// Where no store is chosen and a job wants one, it is the memory of this process.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) fn or_memory(mut self) -> Self {
        self.stored.memory = true;
        self
    }
}

impl Choice {
    /// The store in force, and what is wrong with it, or with the jobs that want one.
    pub(crate) fn resolve(
        self,
        jobs: &[Found],
        environment: &BTreeMap<String, String>,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Chosen> {
        let given = environment.get("JOBS_STORE").map(|address| address.as_str().into_store());
        let from = if given.is_some() { "the environment has `JOBS_STORE`" } else { "`.store`" };
        let wanting = || jobs.iter().filter(|job| job.options.is_stored());
        let memory = (self.memory && wanting().next().is_some()).then(|| Ok(StoreConfig::memory()));
        let store = match (given, self.store) {
            (Some(Ok(given)), Some(Ok(store))) => Some(Ok(given.used_as(store))),
            (given, store) => given.or(store).or(memory),
        };
        let Some(store) = store else {
            mistakes.extend(wanting().map(lacking));
            return None;
        };
        let mut store = store.map_err(|error| mistakes.push(Mistake::anywhere(format!("{from}: {error}")))).ok()?;
        let known = |name: &str| jobs.iter().any(|job| job.options.queue.as_deref() == Some(name));
        for (queue, count) in self.queues {
            if known(&queue) {
                store.settings.queues.insert(queue, count);
            } else {
                let queues = jobs.iter().filter_map(|job| job.options.queue.as_deref());
                let hint = crate::name::hint(&queue, queues);
                mistakes.push(Mistake::anywhere(format!("`.queue` names `{queue}`, which no job is in{hint}")));
            }
        }
        Some(Chosen(store))
    }
}

/// A job that wants a store, where there is none.
fn lacking(job: &Found) -> Mistake {
    let name = job.name();
    let text = match &job.options.queue {
        Some(queue) => format!(
            "job `{name}` waits in the queue `{queue}`, and there is no store: write `.store(\"sqlite://jobs.db\")` or \
             `.store(\"postgres://…\")`"
        ),
        None => format!(
            "job `{name}` has `scope = \"cluster\"`, and there is no store that nodes could share: write \
             `.store(\"postgres://…\")`"
        ),
    };
    Mistake::at((job.place.file, job.place.line), text)
}

/// The kind that keeps its jobs in a store, where there is one.
pub(super) fn kind(chosen: Option<Chosen>, home: &Arc<Home>) -> Option<Box<dyn Owner>> {
    let Chosen(config) = chosen?;
    let office = durable::prepare(config.open(), config.settings, home, &node());
    Some(Box::new(Durable::new(office)))
}

impl Runtime {
    /// Opens the store, if there is one.
    pub(crate) async fn open_store(&self) -> Result<()> {
        let engine = self.engine()?;
        match Shelf::of(&engine.home).and_then(Shelf::office) {
            Some(office) => durable::open(&office, &engine).await,
            None => Ok(()),
        }
    }

    /// What recurring jobs remember is written down, if that needs no waiting: the test is over.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) fn put_down(&self) {
        let engine = self.engine().ok();
        let office = engine.and_then(|engine| Shelf::of(&engine.home).and_then(Shelf::office));
        if let Some(office) = office {
            let mut writing = std::pin::pin!(durable::put_down(&office));
            let _ = writing.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        }
    }

    /// Runs a recurring job of all nodes once.
    pub(crate) async fn trigger_stored(job: &Arc<Job>, keep: Keep) -> Result<Arc<Run>> {
        if let Some(queue) = &job.options.queue {
            let name = &job.name;
            return Err(Error::configuration(format!("job `{name}` waits in the queue `{queue}`: enqueue it")));
        }
        let office = Shelf::of(&job.home).and_then(Shelf::office).ok_or_else(no_runtime)?;
        durable::trigger(&office, job, keep).await
    }

    /// Pauses a job for all nodes, or resumes it.
    pub(crate) async fn pause_stored(&self, job: &Arc<Job>, reason: Option<&str>) -> Result<()> {
        let link = Shelf::of(&job.home).map(Shelf::link).ok_or_else(no_runtime)?;
        link.pause(Subject::Job, &job.name, reason).await?;
        let kind = reason.map_or(EventKind::Resumed, |reason| EventKind::Paused { reason: reason.into() });
        self.with(|core, _| core.post(Some(job), None, kind))
    }

    fn link(&self) -> Result<Link> {
        let engine = self.engine()?;
        let link = Shelf::of(&engine.home).map(Shelf::link);
        link.ok_or_else(|| Error::refused("this runtime has no store: write `.store(\"sqlite://jobs.db\")`"))
    }

    /// A queue of the store, to be looked at and acted upon; see [`Queue`].
    ///
    /// # Errors
    /// [`Error::is_configuration`] when no queue can have this name, [`Error::is_refused`] when the runtime has no store,
    /// or is gone.
    pub fn queue(&self, name: &str) -> Result<Queue> {
        if !crate::name::is_name(name) {
            let rule = "has 1 to 255 bytes, without control characters, commas, and white space at its ends";
            return Err(Error::configuration(format!("`queue`: the name of a queue {rule}")));
        }
        Ok(Queue::new(name, self.link()?))
    }

    /// A job in the store, to be looked at and acted upon, by the identity that it had from `enqueue` or
    /// [`Context::id`](crate::Context::id), or [from a number](RunId::of_row); `None` when there is no such row, or no more.
    /// See [`JobRow`].
    ///
    /// # Errors
    /// [`Error::is_refused`] when the runtime has no store, or is gone; [`Error::is_unavailable`] when the store did not
    /// answer.
    ///
    /// # Cancel safety
    /// Safe: it only asks.
    pub async fn job_row(&self, id: RunId) -> Result<Option<JobRow>> {
        match id.row() {
            Some(row) => self.link()?.row(row).await,
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_changes_the_store_and_not_how_it_is_used() {
        let given = StoreConfig::memory().max_running(3).lease("7s").expect("a lease");
        let choice = Choice { store: Some(Ok(given)), ..Choice::default() };
        let environment = BTreeMap::from([("JOBS_STORE".to_owned(), "memory://".to_owned())]);
        let mut mistakes = Vec::new();
        let Chosen(chosen) = choice.resolve(&[], &environment, &mut mistakes).expect("a store");
        assert!(mistakes.is_empty());
        assert_eq!((chosen.settings.max_running, chosen.settings.lease.as_secs()), (3, 7));
    }
}
