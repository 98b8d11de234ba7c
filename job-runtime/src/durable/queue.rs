//! A queue, to be looked at and acted upon: [`Queue`].

use std::sync::Arc;

use super::link::Link;
use super::shown::{Filter, JobRow, QueueInfo};
use super::store::Subject;
use crate::error::Result;
use crate::outcome::JobState;

/// A queue of a store, on all nodes: from [`Runtime::queue`](crate::Runtime::queue). There need not be a job in it, nor
/// one that goes into it.
///
/// ```standalone_crate
/// use job_runtime::{JobState, StoreConfig, job};
///
/// #[job(queue = "mail")]
/// async fn welcome_mail(user_id: u64) {}
///
/// # #[tokio::main]
/// # async fn main() -> job_runtime::Result {
/// # let store = StoreConfig::memory().max_running(0);
/// # let runtime = job_runtime::run_all().store(store).start().await?;
/// welcome_mail::enqueue_all([7, 8]).await?;
/// let mail = runtime.queue("mail")?;
/// mail.pause("the server is down").await?;
/// let info = mail.status().await?;
/// assert_eq!((info.available, info.paused.as_deref()), (2, Some("the server is down")));
/// for row in mail.jobs(JobState::Available, 100).await? {
///     row.cancel("nobody reads them").await?;
/// }
/// assert_eq!(mail.status().await?.cancelled, 2);
/// # runtime.shutdown().await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Queue {
    name: Arc<str>,
    link: Link,
}

impl Queue {
    pub(crate) fn new(name: &str, link: Link) -> Self {
        Self { name: name.into(), link }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it stands in the store. What has just ended here is written down a moment after its
    /// [`Finished`](crate::EventKind::Finished): until then it counts as running.
    ///
    /// # Errors
    /// [`Error::is_unavailable`](crate::Error::is_unavailable) when the store did not answer,
    /// [`Error::is_refused`](crate::Error::is_refused) when the runtime is gone.
    ///
    /// # Cancel safety
    /// Safe: it only asks.
    pub async fn status(&self) -> Result<QueueInfo> {
        self.link.census(&self.name).await
    }

    /// Pauses the queue on all nodes, over restarts too: no job of it starts until it is resumed; what runs goes on. A
    /// second pause changes the reason.
    ///
    /// # Errors
    /// As [`status`](Self::status).
    ///
    /// # Cancel safety
    /// When the future is dropped after it was polled, it may have been done, or not.
    pub async fn pause(&self, reason: &str) -> Result<()> {
        self.link.pause(Subject::Queue, &self.name, Some(reason)).await
    }

    /// Resumes the queue on all nodes; on SQLite other processes hear of it with the next renewal of their leases, within
    /// 5 s as they usually are.
    ///
    /// # Errors
    /// As [`status`](Self::status).
    ///
    /// # Cancel safety
    /// As [`pause`](Self::pause).
    pub async fn resume(&self) -> Result<()> {
        self.link.pause(Subject::Queue, &self.name, None).await
    }

    /// Jobs of the queue, the newest first, those in one state or, with `None`, all: at most `limit`.
    ///
    /// # Errors
    /// As [`status`](Self::status).
    ///
    /// # Cancel safety
    /// Safe: it only asks.
    pub async fn jobs(&self, state: impl Into<Option<JobState>>, limit: u32) -> Result<Vec<JobRow>> {
        let filter = Filter { queue: Some(self.name.to_string()), state: state.into(), limit, ..Filter::default() };
        self.link.rows(&filter).await
    }
}
