//! A job as `jobs()` shows it.

use std::sync::Arc;
use std::time::SystemTime;

use super::{Accounting, Job, Ledger};
use crate::outcome::{Kind, Outcome};

/// What is known of a job at one moment: see [`Runtime::jobs`](crate::Runtime::jobs), and `status()` of the type
/// beside the function.
///
/// ```standalone_crate
/// use job_runtime::periodic;
///
/// #[periodic(every = "10m", timeout = "2m", on_overlap = "ignore")]
/// async fn purge_sessions() {}
///
/// # #[tokio::main]
/// # async fn main() -> job_runtime::Result {
/// # let runtime = job_runtime::run_all().start().await?;
/// let info = purge_sessions::status().await?;
/// assert_eq!(info.schedule.as_deref(), Some("every 10m"));
/// assert_eq!(info.policies, ["on_overlap ignore", "timeout 2m"]);
/// assert_eq!((info.running, info.last_outcome), (0, None));
/// assert_eq!(info.next.len(), 5);
/// # runtime.shutdown().await
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct JobInfo {
    /// Its name.
    pub name: Arc<str>,
    /// Its kind.
    pub kind: Kind,
    /// Its schedule in words, as in `every 10m`. Every recurring job has one, and no other.
    pub schedule: Option<String>,
    /// The time zone of its schedule, in which people read its ticks; UTC where it has none.
    pub zone: Arc<str>,
    /// The source file of its attribute; `(added at run time)` without one.
    pub file: &'static str,
    /// The line there; 0 without an attribute.
    pub line: u32,
    /// Its policies in words, as in `timeout 2m`: first what is told of every job of its kind, `on_overlap` of a
    /// recurring job, `serial` of a job on demand with state, `restart` and `max_restarts` of a service; then `dst` of
    /// calendar times, and what differs from its default.
    pub policies: Vec<String>,
    /// Runs that are on, those waiting for a retry included.
    pub running: usize,
    /// Started instances of a template; otherwise one.
    pub instances: usize,
    /// Why it is paused, if it is; `disabled` from its option `enabled = false`.
    pub paused: Option<Arc<str>>,
    /// How its last run ended, after its last attempt; `None` before.
    pub last_outcome: Option<Outcome>,
    /// Its next ticks, five at most, also while it is paused; of a template, those of the instances that are due
    /// first. With `delay_mode = "shifted"` there is one, and none while the run is on. Of a job on demand, the
    /// times that were asked for; of a service, the restart it waits for.
    pub next: Vec<SystemTime>,
    /// Whether its next tick is late by more than a minute and more than its period.
    pub overdue: bool,
    /// How its occasions ended.
    pub accounting: Accounting,
    /// The group it is a member of.
    pub group: Option<Arc<str>>,
}

impl JobInfo {
    /// What is known of any job; its kind knows more.
    pub(crate) fn of(job: &Job, ledger: &Ledger) -> Self {
        Self {
            name: Arc::clone(&job.name),
            kind: job.kind,
            schedule: None,
            zone: "UTC".into(),
            file: job.place.file,
            line: job.place.line,
            policies: Vec::new(),
            running: ledger.running,
            instances: 1,
            paused: ledger.paused.clone(),
            last_outcome: ledger.last_outcome,
            next: Vec::new(),
            overdue: false,
            accounting: ledger.accounting(),
            group: None,
        }
    }
}
