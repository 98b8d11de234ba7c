//! Jobs that wait in a store, under test.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::builder::TestBuilder;
use super::harness::{Harness, Performs};
use crate::clock::{first, in_real_time};
use crate::durable::{
    Due, Durable, Enqueue, IntoStore, JobRow, Link, NewJobs, Office, Order, Shelf, canonical, fetch_by_hand, mark,
    put_down, set_mark,
};
use crate::engine::supervisor::Mark;
use crate::job::{JobHandle, Return};
use crate::outcome::{JobState, RunId};

/// How long a drain may take in real time.
const PATIENCE: Duration = Duration::from_secs(5);
/// How far a job may be from the time it is expected at.
const ABOUT: Duration = Duration::from_secs(1);

/// Where jobs wait.
impl TestBuilder {
    /// As [`Builder::store`](crate::Builder::store). Without it, jobs that want a store have one in memory, for this
    /// harness alone; a [`StoreConfig::memory`](crate::StoreConfig::memory) of which clones are kept is there for several
    /// harnesses, one after another or at once.
    pub fn store(self, store: impl IntoStore) -> Self {
        self.with(|builder| builder.store(store))
    }

    /// As [`Builder::queue`](crate::Builder::queue).
    pub fn queue(self, name: &str, max_running: u32) -> Self {
        self.with(|builder| builder.queue(name, max_running))
    }
}

/// What became of the jobs that were drained: how many of them are now in each state.
///
/// ```
/// # use job_runtime::testing::Drained;
/// let drained = Drained::default();
/// assert_eq!((drained.ran, drained.completed, drained.retryable), (0, 0, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Runs that were started; one for each attempt.
    pub ran: u64,
    /// Jobs that ended well.
    pub completed: u64,
    /// Jobs that failed, and wait for their next attempt.
    pub retryable: u64,
    /// Jobs that asked to be run again later.
    pub snoozed: u64,
    /// Jobs that failed for the last time.
    pub discarded: u64,
    /// Jobs that were cancelled.
    pub cancelled: u64,
    /// Jobs that are parked.
    pub parked: u64,
}

/// Jobs in queues.
impl Harness {
    /// Runs all jobs of a queue that are due, and those that they put into it meanwhile, until none is left. What waits
    /// for a later time, the next attempt of what failed too, is left where it is: [`advance`](Self::advance) first.
    ///
    /// # Panics
    /// When no job is in such a queue; when a run goes on for more than 5 real seconds: it waits for something that the
    /// clocks do not bring.
    ///
    /// # Cancel safety
    /// When the future is dropped, what was started goes on.
    pub async fn drain(&self, queue: &str) -> Drained {
        let _moving = self.engine.home.clock.hold();
        let office = self.office();
        office.assert_known(queue);
        let mut ran = 0;
        let mut rows = BTreeSet::new();
        loop {
            let started = fetch_by_hand(&office, Some(queue)).await;
            if started.is_empty() && office.is_idle() {
                break;
            }
            ran += u64::try_from(started.len()).unwrap_or(u64::MAX);
            rows.extend(started);
            let done = first(office.until_idle(), in_real_time(PATIENCE)).await;
            assert!(done.is_some(), "a job of the queue `{queue}` is still on after {PATIENCE:?} of real time");
        }
        let mut drained = Drained { ran, ..Drained::default() };
        for row in rows {
            if let Ok(Some(row)) = self.runtime().job_row(RunId::of_row(row)).await {
                drained.count(&row);
            }
        }
        drained
    }

    /// Checks that a job waits in its queue: with these arguments, this priority and, to the second, this time.
    ///
    /// # Panics
    /// When there is none; the text lists what waits of that job.
    #[track_caller]
    pub fn assert_enqueued<R, O>(&self, expected: Enqueue<R, O>) -> impl Future<Output = JobRow> {
        let caller = std::panic::Location::caller();
        async move {
            let (order, waiting) = self.look_for(expected).await;
            let found = waiting.iter().find(|row| is_expected(row, &order, self.now()));
            match found {
                Some(row) => row.clone(),
                None => {
                    panic!("{caller}: not enqueued: {}\n{}", expectation(&order), listing(&order.jobs.name, &waiting))
                }
            }
        }
    }

    /// Checks that no such job waits in its queue.
    ///
    /// # Panics
    /// When there is one.
    #[track_caller]
    pub fn refute_enqueued<R, O>(&self, expected: Enqueue<R, O>) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let (order, waiting) = self.look_for(expected).await;
            let found = waiting.iter().any(|row| is_expected(row, &order, self.now()));
            assert!(!found, "{caller}: enqueued: {}\n{}", expectation(&order), listing(&order.jobs.name, &waiting));
        }
    }

    /// The jobs of this name that wait in a queue, the oldest first.
    ///
    /// # Panics
    /// When there is no store.
    pub async fn enqueued(&self, job: &str) -> Vec<JobRow> {
        let link = Link::to(&Arc::downgrade(&self.office()));
        let rows = link.of_job(job).await.unwrap_or_else(|error| panic!("{error}"));
        let waits = |row: &JobRow| matches!(row.state, JobState::Available | JobState::Scheduled | JobState::Retryable);
        let mut waiting: Vec<JobRow> = rows.into_iter().filter(waits).collect();
        waiting.reverse();
        waiting
    }

    /// What is written down of a job: its schedule in words, which nominal time had its turn last, and which is next.
    #[doc(hidden)]
    pub async fn mark(&self, job: &str) -> Option<(String, Option<SystemTime>, SystemTime)> {
        let office = self.office();
        put_down(&office).await;
        mark(&office, job).await.map(|mark| (mark.schedule, mark.last, mark.next))
    }

    /// Writes that down.
    #[doc(hidden)]
    pub async fn set_mark(&self, job: &str, schedule: &str, last: Option<SystemTime>, next: SystemTime) {
        set_mark(&self.office(), job, Mark { schedule: schedule.to_owned(), last, next }).await;
    }

    async fn look_for<R, O>(&self, expected: Enqueue<R, O>) -> (Order, Vec<JobRow>) {
        let order = expected.into_order().unwrap_or_else(|error| panic!("{error}"));
        let waiting = self.enqueued(&order.jobs.name).await;
        (order, waiting)
    }

    fn office(&self) -> Arc<Office> {
        let office = Shelf::of(&self.engine.home).and_then(Shelf::office);
        office.unwrap_or_else(|| panic!("no job of this test waits in a store"))
    }
}

impl Drained {
    fn count(&mut self, row: &JobRow) {
        *match row.state {
            JobState::Completed => &mut self.completed,
            JobState::Retryable => &mut self.retryable,
            JobState::Discarded => &mut self.discarded,
            JobState::Cancelled => &mut self.cancelled,
            JobState::Parked => &mut self.parked,
            JobState::Available | JobState::Scheduled | JobState::Running => &mut self.snoozed,
        } += 1;
    }
}

/// A job that is enqueued is performed at once, beside its queue: its arguments are written and read as on their way
/// through the store, and it has one attempt.
impl<R: Return> Performs for Enqueue<R> {
    type Return = R;

    fn handle(self, harness: &Harness) -> JobHandle<R> {
        let order = self.into_order().unwrap_or_else(|error| panic!("{error}"));
        let args = order.jobs.jobs.first().map_or("{}", |job| job.args.as_str());
        let given = Durable::read(&order.job, args);
        let given =
            given.unwrap_or_else(|error| panic!("job `{}`: its arguments cannot be read: {error}", order.job.name));
        JobHandle::new(harness.engine.with_core(|core| Durable::perform(core, &order.job, given)))
    }
}

fn is_expected(row: &JobRow, order: &Order, now: SystemTime) -> bool {
    let args = order.jobs.jobs.first().is_none_or(|job| is_same(&job.args, &row.args));
    let due = order.jobs.due.time(now);
    let apart = row.scheduled_at.duration_since(due).unwrap_or_else(|error| error.duration());
    let timely = order.jobs.due == Due::Now || apart <= ABOUT;
    args && timely && row.priority == order.jobs.priority
}

/// Whether two texts of JSON say the same.
fn is_same(left: &str, right: &str) -> bool {
    canonical(left).ok() == canonical(right).ok()
}

fn expectation(order: &Order) -> String {
    let args = order.jobs.jobs.first().map_or("{}", |job| job.args.as_str());
    let NewJobs { name, priority, due, .. } = &order.jobs;
    format!("{name} {args}, priority {priority}, due {due:?}")
}

fn listing(job: &str, waiting: &[JobRow]) -> String {
    if waiting.is_empty() {
        return format!("no `{job}` waits in a queue");
    }
    let mut list = format!("what waits of `{job}`:");
    for row in waiting {
        let _ = write!(list, "\n  {} {} in `{}`, priority {}", row.state, row.args, row.queue, row.priority);
    }
    list
}
