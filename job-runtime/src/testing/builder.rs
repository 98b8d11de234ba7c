//! Starting the linked jobs for a test.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::runtime::{Handle, RuntimeFlavor};

use super::harness::Harness;
use super::record::Record;
use crate::clock::{Clock, machine_time};
use crate::duration::IntoDuration;
use crate::engine::registry::{Inventory, refuse};
use crate::error::{Error, Result};
use crate::event::Event;
use crate::job::JobConfig;
use crate::runtime::{Builder, Mode, run_all};
use crate::timestamp::IntoTime;

/// All linked jobs, in manual mode; awaiting it starts them.
///
/// ```standalone_crate
/// # use job_runtime::periodic;
/// # #[periodic(every = "10m")]
/// # async fn purge_sessions() {}
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let jobs = job_runtime::testing::start().await;
/// assert!(jobs.tick("purge_sessions").await.is_ok());
/// # }
/// ```
///
/// # Panics
/// Awaiting it panics with the full list when the start is refused, and outside a paused current-thread runtime.
#[must_use = "nothing is started until it is awaited"]
pub fn start() -> TestBuilder {
    TestBuilder { builder: run_all(), auto: false, at: Ok(None) }
}

/// Checks signatures, schedules, options and names of all linked jobs, without starting any. Data is not looked at.
/// It needs no tokio runtime.
///
/// ```standalone_crate
/// # #[job_runtime::periodic(every = "10m")]
/// # async fn purge_sessions() {}
/// // in a test: #[test]
/// fn every_job_is_valid() {
///     job_runtime::testing::assert_all_valid();
/// }
/// # every_job_is_valid();
/// ```
///
/// # Panics
/// When anything is wrong, with the full list.
#[track_caller]
pub fn assert_all_valid() {
    let mut inventory = Inventory::collect();
    inventory.check();
    if let Err(error) = refuse(inventory.mistakes) {
        panic!("{error}");
    }
}

/// What a test starts its jobs with; made by [`start`].
///
/// It has the functions of [`Builder`] that make sense in a test, and two of its own. The environment is not read.
///
/// ```standalone_crate
/// use job_runtime::{Context, periodic};
///
/// #[periodic(every = "1h")]
/// async fn report(cx: &Context, recipients: &Vec<String>) {
///     println!("{:?} to {recipients:?}", cx.scheduled_at());
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let jobs = job_runtime::testing::start()
///     .data(vec!["ops@example.org".to_owned()])
///     .configure("report", |job| job.align(true))
///     .auto()
///     .at("2026-03-28T12:30:00+01:00[Europe/Berlin]")
///     .await;
/// jobs.advance("30m").await;
/// assert_eq!(jobs.runs("report").len(), 1);
/// # }
/// ```
///
/// # Panics
/// See [`start`].
///
/// # Cancel safety
/// Awaiting it is safe: once polled it is done, and dropped before that nothing is started.
#[must_use = "nothing is started until it is awaited"]
pub struct TestBuilder {
    builder: Builder,
    auto: bool,
    at: Result<Option<SystemTime>>,
}

impl TestBuilder {
    /// Lets schedules tick while the clocks move. Data is then looked at with the start, otherwise with the first
    /// tick of a job.
    pub fn auto(mut self) -> Self {
        self.auto = true;
        self
    }

    /// What the wall clock shows at the start: `"2026-03-28T12:00:00+01:00[Europe/Berlin]"`, or a `SystemTime`. Unless
    /// it is set, it is the machine's time. A text that is not a time is refused at the start.
    pub fn at(mut self, time: impl IntoTime) -> Self {
        self.at = time.into_time().map(Some);
        self
    }

    /// As [`Builder::data`].
    pub fn data<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.with(|builder| builder.data(value))
    }

    /// As [`Builder::data_arc`].
    pub fn data_arc<T: ?Sized + Send + Sync + 'static>(self, value: Arc<T>) -> Self {
        self.with(|builder| builder.data_arc(value))
    }

    /// As [`Builder::state_with`].
    pub fn state_with<S: Send + 'static>(self, make: impl Fn() -> S + Send + Sync + 'static) -> Self {
        self.with(|builder| builder.state_with(make))
    }

    /// As [`Builder::configure`].
    pub fn configure(self, job: &str, change: impl FnOnce(JobConfig) -> Result<JobConfig> + Send + 'static) -> Self {
        self.with(|builder| builder.configure(job, change))
    }

    /// As [`Builder::only`].
    pub fn only<'a>(self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.with(|builder| builder.only(names))
    }

    /// As [`Builder::shutdown_timeout`].
    pub fn shutdown_timeout(self, limit: impl IntoDuration) -> Self {
        self.with(|builder| builder.shutdown_timeout(limit))
    }

    /// As [`Builder::on_event`].
    pub fn on_event(self, f: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.with(|builder| builder.on_event(f))
    }

    /// Starts the jobs, and gives the error with which awaiting would panic.
    ///
    /// ```standalone_crate
    /// use job_runtime::{periodic, testing};
    ///
    /// struct Database;
    ///
    /// #[periodic(every = "10m")]
    /// async fn purge_sessions(db: &Database) {}
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let error = testing::start().auto().try_start().await.unwrap_err();
    /// assert!(error.to_string().contains("which was not given"));
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::is_configuration`] when the start is refused, with everything that is wrong; or when the runtime's
    /// clock is not paused.
    ///
    /// # Cancel safety
    /// Safe: once polled it is done, and dropped before that nothing is started.
    pub async fn try_start(self) -> Result<Harness> {
        if !is_paused() {
            let sentence =
                "the test kit needs a paused current-thread runtime: write `#[tokio::test(start_paused = true)]`";
            return Err(Error::configuration(sentence.to_owned()));
        }
        let wall = self.at?.unwrap_or_else(machine_time);
        let mode = Mode { clock: Clock::fake(wall), manual: !self.auto, environment: BTreeMap::new() };
        let record = Arc::new(Record::default());
        let observer = Arc::clone(&record);
        let runtime = self.builder.or_memory().on_event(move |event| observer.note(event)).start_in(mode)?;
        runtime.open_store().await?;
        Harness::new(runtime, record, !self.auto)
    }

    pub(super) fn with(mut self, change: impl FnOnce(Builder) -> Builder) -> Self {
        self.builder = change(self.builder);
        self
    }
}

impl IntoFuture for TestBuilder {
    type Output = Harness;
    type IntoFuture = Pin<Box<dyn Future<Output = Harness> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async {
            match self.try_start().await {
                Ok(harness) => harness,
                Err(error) => panic!("{error}"),
            }
        })
    }
}

impl fmt::Debug for TestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestBuilder").field("auto", &self.auto).finish_non_exhaustive()
    }
}

/// Whether tokio's clock stands still here. It offers no question for that, but a clock that stands still shows
/// the same before and after a little real time.
fn is_paused() -> bool {
    let single = Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::CurrentThread);
    single && crate::clock::stands_still(Duration::from_micros(10))
}
