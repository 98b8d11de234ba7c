//! A job in a store as it is looked at, and what can be done about it then.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use super::row::Parked;
use crate::error::Result;
use crate::job::no_runtime;
use crate::outcome::{JobState, Outcome, RunId};

/// One attempt at a job, as its row keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttemptRow {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// When it was claimed.
    pub started_at: SystemTime,
    /// When it ended, if it has.
    pub finished_at: Option<SystemTime>,
    /// The node that made it, by its name.
    pub node: Option<String>,
    /// How it ended; `None` while it is on, and where its process died.
    pub outcome: Option<Outcome>,
    /// Its error with all causes.
    pub error: Option<String>,
    /// What it had told of its progress.
    pub progress: Option<String>,
}

/// A job in a store, as it was when it was asked for: see [`Runtime::job_row`](crate::Runtime::job_row). It can be acted
/// upon: [`cancel`](Self::cancel), [`retry`](Self::retry), [`delete`](Self::delete).
///
/// ```standalone_crate
/// use job_runtime::{JobState, StoreConfig, job};
///
/// #[job(queue = "mail")]
/// async fn welcome_mail(user_id: u64) -> Result<(), String> {
///     Err(format!("there is no user {user_id}"))
/// }
///
/// # #[cfg(not(feature = "testing"))]
/// # fn main() {}
/// # #[cfg(feature = "testing")]
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> job_runtime::Result {
/// # let jobs = job_runtime::testing::start().store(StoreConfig::memory()).await;
/// # let runtime = jobs.runtime();
/// let id = welcome_mail::enqueue(7).await?.id;
/// # jobs.drain("mail").await;
/// let row = runtime.job_row(id).await?.expect("it is kept for seven days");
/// assert_eq!((row.state, row.args.as_str()), (JobState::Discarded, r#"{"user_id":7}"#));
/// assert_eq!(row.attempts[0].error.as_deref(), Some("there is no user 7"));
/// assert!(row.retry().await?); // now, with one more attempt
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JobRow {
    /// Its identity.
    pub id: RunId,
    /// The job's name.
    pub name: String,
    /// The queue it is in; `@cluster` for the ticks of recurring jobs of all nodes.
    pub queue: String,
    /// Its arguments, as JSON.
    pub args: String,
    /// Where it is on its way.
    pub state: JobState,
    /// Its place among those of its queue, from 0, which goes first.
    pub priority: u32,
    /// The attempt that is on, or was the last; 0 before the first.
    pub attempt: u32,
    /// How many attempts it has.
    pub max_attempts: u32,
    /// When it was put in.
    pub enqueued_at: SystemTime,
    /// When it was to run at first.
    pub scheduled_at: SystemTime,
    /// When it runs next, or could have run last; far in the future while it waits for another run to end.
    pub run_at: SystemTime,
    /// When it came to its end.
    pub finished_at: Option<SystemTime>,
    /// The node that has claimed it, by its name.
    pub node: Option<String>,
    /// How often its process died under it.
    pub deaths: u32,
    /// Why it is parked, if it is.
    pub parked: Option<Parked>,
    /// Why it was cancelled, discarded or parked, or why its last attempt failed.
    pub error: Option<String>,
    /// Its attempts, the oldest first.
    pub attempts: Vec<AttemptRow>,
    /// Who acts upon it; a store leaves that empty.
    pub(crate) actor: Option<Weak<dyn Act>>,
}

/// Acts upon the rows of a store.
pub(crate) trait Act: Send + Sync {
    /// False when it had come to its end before.
    fn cancel<'a>(&'a self, id: i64, reason: &'a str) -> Acted<'a>;

    /// False when it cannot run now.
    fn retry(&self, id: i64) -> Acted<'_>;

    /// False when it is running, or was deleted before.
    fn delete(&self, id: i64) -> Acted<'_>;
}

/// Whether it was done.
pub(crate) type Acted<'a> = Pin<Box<dyn Future<Output = Result<bool>> + Send + 'a>>;

/// Which rows are looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) queue: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) state: Option<JobState>,
    /// Only rows with a lower number.
    pub(crate) before: Option<i64>,
    pub(crate) limit: u32,
}

/// How a queue stands, by the store: from [`Queue::status`](crate::Queue::status).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueInfo {
    /// Jobs that could run now.
    pub available: u64,
    /// Jobs whose time has not come.
    pub scheduled: u64,
    /// Jobs that run.
    pub running: u64,
    /// Jobs that wait for their next attempt.
    pub retryable: u64,
    /// Jobs that ended well, as far as they are kept.
    pub completed: u64,
    /// Jobs that were cancelled, as far as they are kept.
    pub cancelled: u64,
    /// Jobs that failed for the last time, as far as they are kept.
    pub discarded: u64,
    /// Jobs that wait for a person.
    pub parked: u64,
    /// How long the job that could have run for longest has waited.
    pub oldest: Option<Duration>,
    /// Why the queue is paused, if it is.
    pub paused: Option<String>,
}

impl QueueInfo {
    /// The count of a state.
    pub(crate) fn of(&mut self, state: JobState) -> &mut u64 {
        match state {
            JobState::Available => &mut self.available,
            JobState::Scheduled => &mut self.scheduled,
            JobState::Running => &mut self.running,
            JobState::Retryable => &mut self.retryable,
            JobState::Completed => &mut self.completed,
            JobState::Cancelled => &mut self.cancelled,
            JobState::Discarded => &mut self.discarded,
            JobState::Parked => &mut self.parked,
        }
    }
}

impl JobRow {
    fn number(&self) -> i64 {
        self.id.row().unwrap_or_default()
    }

    fn actor(&self) -> Result<Arc<dyn Act>> {
        self.actor.as_ref().and_then(Weak::upgrade).ok_or_else(no_runtime)
    }

    /// Cancels the job: one that waits or is parked never runs, one that runs is asked to stop, on whatever node it does,
    /// and is not tried again; false when it had come to its end before, or its row was deleted.
    ///
    /// # Errors
    /// [`Error::is_unavailable`](crate::Error::is_unavailable) when the store did not answer, [`Error::is_refused`](crate::Error::is_refused)
    /// when the runtime is gone.
    ///
    /// # Cancel safety
    /// When the future is dropped after it was polled, it may have been done, or not.
    pub async fn cancel(&self, reason: &str) -> Result<bool> {
        self.actor()?.cancel(self.number(), reason).await
    }

    /// Lets the job run now: again, where it is over or parked, and with one more attempt at least; sooner, where it
    /// waits for its time or its next attempt. The deaths of its processes are forgotten, and a key that it gave up at its
    /// end is not taken again. False when it is running, waits for another run to end, or was deleted.
    ///
    /// # Errors
    /// As [`cancel`](Self::cancel).
    ///
    /// # Cancel safety
    /// As [`cancel`](Self::cancel).
    pub async fn retry(&self) -> Result<bool> {
        self.actor()?.retry(self.number()).await
    }

    /// Deletes the job from the store; false when it is running, or was deleted before.
    ///
    /// # Errors
    /// As [`cancel`](Self::cancel).
    ///
    /// # Cancel safety
    /// As [`cancel`](Self::cancel).
    pub async fn delete(&self) -> Result<bool> {
        self.actor()?.delete(self.number()).await
    }
}
