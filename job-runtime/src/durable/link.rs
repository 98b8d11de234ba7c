//! The way from what was looked at in a store back to it, as long as the runtime is there.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use super::office::Office;
use super::shown::{Act, Acted, Filter, JobRow, QueueInfo};
use super::store::{Cancelled, Store, Subject, told};
use crate::error::Result;
use crate::job::no_runtime;

/// The way to the store of a runtime.
#[derive(Clone)]
pub(crate) struct Link(Weak<Office>);

impl Link {
    pub(crate) fn to(office: &Weak<Office>) -> Self {
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
        let actor: Weak<dyn Act> = self.0.clone();
        JobRow { actor: Some(actor), ..row }
    }

    pub(super) async fn census(&self, queue: &str) -> Result<QueueInfo> {
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

impl Act for Office {
    fn cancel<'a>(&'a self, id: i64, reason: &'a str) -> Acted<'a> {
        Box::pin(async move {
            let cancelled = told(&*self.store, self.store.cancel(id, reason, self.clock().now().wall).await)?;
            Ok(matches!(cancelled, Cancelled::AtOnce | Cancelled::Asked))
        })
    }

    fn retry(&self, id: i64) -> Acted<'_> {
        Box::pin(async move { told(&*self.store, self.store.retry(id, self.clock().now().wall).await) })
    }

    fn delete(&self, id: i64) -> Acted<'_> {
        Box::pin(async move { told(&*self.store, self.store.delete(id).await) })
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link")
    }
}
