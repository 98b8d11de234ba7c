//! The way from what was looked at in a store back to it, as long as the runtime is there.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use super::office::{Office, in_words};
use super::row::{Filter, JobRow};
use super::store::{Cancelled, Fault, Store, Subject};
use crate::error::{Error, Result};
use crate::job::no_runtime;

/// The way to the store of a runtime.
#[derive(Clone, Default)]
pub(crate) struct Link(Weak<Office>);

impl Link {
    pub(super) fn to(office: &Weak<Office>) -> Self {
        Self(office.clone())
    }

    pub(super) fn office(&self) -> Result<Arc<Office>> {
        self.0.upgrade().ok_or_else(no_runtime)
    }

    /// The store, and what time it is here.
    fn store(&self) -> Result<(Arc<dyn Store>, SystemTime)> {
        let office = self.office()?;
        Ok((Arc::clone(&office.store), office.clock().now().wall))
    }

    pub(crate) async fn row(&self, id: i64) -> Result<Option<JobRow>> {
        let (store, now) = self.store()?;
        let row = told(&*store, store.row(id, now).await)?;
        Ok(row.map(|row| self.tie(row)))
    }

    pub(super) async fn rows(&self, filter: &Filter) -> Result<Vec<JobRow>> {
        let (store, now) = self.store()?;
        let rows = told(&*store, store.rows(filter, now).await)?;
        Ok(rows.into_iter().map(|row| self.tie(row)).collect())
    }

    /// All rows of a job, the newest first.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) async fn of_job(&self, name: &str) -> Result<Vec<JobRow>> {
        self.rows(&Filter { name: Some(name.to_owned()), limit: u32::MAX, ..Filter::default() }).await
    }

    fn tie(&self, row: JobRow) -> JobRow {
        JobRow { link: self.clone(), ..row }
    }

    pub(super) async fn census(&self, queue: &str) -> Result<super::row::QueueInfo> {
        let (store, now) = self.store()?;
        told(&*store, store.census(queue, now).await)
    }

    pub(crate) async fn pause(&self, what: Subject, name: &str, reason: Option<&str>) -> Result<()> {
        let office = self.office()?;
        let paused = office.store.pause(what, name, reason, office.clock().now().wall).await;
        told(&*office.store, paused)?;
        // Whoever asks next sees it so.
        let all = told(&*office.store, office.store.pauses().await)?;
        office.pause_all(all);
        Ok(())
    }
}

/// An answer, or what the store said instead.
pub(super) fn told<T>(store: &dyn Store, answer: std::result::Result<T, Fault>) -> Result<T> {
    answer.map_err(|fault| {
        let text = in_words(store, &fault);
        if fault.mistaken { Error::configuration(text) } else { Error::unavailable(text) }
    })
}

impl JobRow {
    fn number(&self) -> i64 {
        self.id.row().unwrap_or_default()
    }

    /// Cancels the job: one that waits or is parked never runs, one that runs is asked to stop, on whatever node it does,
    /// and is not tried again; false when it had come to its end before, or its row was deleted.
    ///
    /// # Errors
    /// [`Error::is_unavailable`] when the store did not answer, [`Error::is_refused`] when the runtime is gone.
    ///
    /// # Cancel safety
    /// When the future is dropped after it was polled, it may have been done, or not.
    pub async fn cancel(&self, reason: &str) -> Result<bool> {
        let (store, now) = self.link.store()?;
        let cancelled = told(&*store, store.cancel(self.number(), reason, now).await)?;
        Ok(matches!(cancelled, Cancelled::AtOnce | Cancelled::Asked))
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
        let (store, now) = self.link.store()?;
        told(&*store, store.retry(self.number(), now).await)
    }

    /// Deletes the job from the store; false when it is running, or was deleted before.
    ///
    /// # Errors
    /// As [`cancel`](Self::cancel).
    ///
    /// # Cancel safety
    /// As [`cancel`](Self::cancel).
    pub async fn delete(&self) -> Result<bool> {
        let (store, _) = self.link.store()?;
        told(&*store, store.delete(self.number()).await)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}
