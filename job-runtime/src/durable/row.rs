//! A job in a store: as it is put in, as it is claimed, and as it is looked at.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::link::Link;
use super::store::Claim;
use crate::clock::later;
use crate::outcome::{JobState, Outcome, RunId, Trigger};
use crate::policy::unique::{OnConflict, UniqueFor};

/// How long after the epoch what waits for another run to end is shown to be due: the year 9999.
pub(crate) const FAR: Duration = Duration::from_secs(253_370_764_800);

/// When a job is to run for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Now,
    After(Duration),
    At(SystemTime),
}

impl Due {
    /// The time that is meant.
    pub(crate) fn time(self, now: SystemTime) -> SystemTime {
        match self {
            Self::Now => now,
            Self::After(delay) => later(now, delay),
            Self::At(time) => time,
        }
    }
}

/// Jobs of one kind that are put in together.
#[derive(Clone, Debug)]
pub(crate) struct NewJobs {
    pub(crate) queue: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) priority: u32,
    pub(crate) due: Due,
    pub(crate) max_attempts: u32,
    pub(crate) unique: Option<(UniqueFor, OnConflict)>,
    pub(crate) jobs: Vec<NewJob>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct NewJob {
    /// Its arguments, as JSON.
    pub(crate) args: String,
    /// What makes it the same as another, where that matters.
    pub(crate) key: Option<String>,
}

/// A job that a node has claimed.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) claim: Claim,
    pub(crate) name: Arc<str>,
    pub(crate) queue: Arc<str>,
    pub(crate) args: String,
    /// When it was due at first, which is its identity for those who run it, and when it was due now.
    pub(crate) scheduled_at: SystemTime,
    pub(crate) run_at: SystemTime,
    pub(crate) max_attempts: u32,
    /// How often it was started, this time included.
    pub(crate) starts: u32,
    /// How often its process died under it.
    pub(crate) deaths: u32,
    pub(crate) trigger: Trigger,
    /// Whether it keeps others out by a key.
    pub(crate) keyed: bool,
    /// Whether its guard is to be asked first.
    pub(crate) asking: bool,
}

impl Row {
    /// Whether it runs alone among those that had their process die under them.
    pub(crate) fn is_solitary(&self) -> bool {
        self.deaths > 1
    }
}

/// Why a job is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Parked {
    /// Its queue is worked on, and no node has a job of its name. It waits again as soon as one joins that has.
    Unknown,
    /// Its arguments could not be read by the job of its name.
    Undecodable,
    /// Its process died under it three times, or as often as
    /// [`quarantine_after`](crate::StoreConfig::quarantine_after) says.
    Quarantined,
}

impl Parked {
    const ALL: [Self; 3] = [Self::Unknown, Self::Undecodable, Self::Quarantined];

    /// The word in metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Undecodable => "undecodable",
            Self::Quarantined => "quarantined",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|parked| parked.as_str() == word)
    }
}

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
    /// Through what it is acted upon; a store leaves it empty.
    pub(crate) link: Link,
}

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
