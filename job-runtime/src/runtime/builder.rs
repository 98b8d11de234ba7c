//! Starting a runtime: [`run_all`] and [`Builder`].

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::Runtime;
use crate::clock::Clock;
use crate::duration::{self, IntoDuration, Setting};
use crate::engine::registry::{Change, Found, Inventory, refuse};
use crate::error::{Error, Mistake, Result};
use crate::event::{Event, Observer};
use crate::job::{Data, Home, Job, JobConfig, Makers};
use crate::name::did_you_mean;

const SETTINGS: [&str; 2] = ["JOBS_DISABLE", "JOBS_SHUTDOWN_TIMEOUT"];

/// All annotated functions of the linked program, ready to be started.
///
/// Awaiting the builder starts them and runs until SIGTERM or Ctrl-C; [`Builder::start`] only starts them.
///
/// ```no_run,standalone_crate
/// # use job_runtime::periodic;
/// #[periodic(every = "10m", on_overlap = "ignore")]
/// async fn purge_sessions() {
///     println!("purging");
/// }
///
/// #[tokio::main]
/// async fn main() -> job_runtime::Result {
///     job_runtime::run_all().await
/// }
/// ```
#[must_use = "nothing is started until the builder is awaited, or `start` is"]
pub fn run_all() -> Builder {
    Builder {
        data: Data::default(),
        makers: Makers::default(),
        changes: Vec::new(),
        only: None,
        observers: Vec::new(),
        shutdown_timeout: Ok(Some(Duration::from_secs(25))),
        shutdown_on: Vec::new(),
    }
}

/// What a runtime is started with; made by [`run_all`].
///
/// # Panics
/// Awaiting it, or [`start`](Self::start), panics outside a tokio runtime with its time enabled.
#[must_use = "nothing is started until the builder is awaited, or `start` is"]
pub struct Builder {
    data: Data,
    makers: Makers,
    changes: Vec<Change>,
    only: Option<Vec<String>>,
    observers: Vec<Observer>,
    shutdown_timeout: Result<Option<Duration>>,
    shutdown_on: Vec<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

/// How a runtime keeps time and where its options come from.
pub(crate) struct Mode {
    pub(crate) clock: Clock,
    /// No ticks but those by hand, and data is looked at with the first of them.
    pub(crate) manual: bool,
    pub(crate) environment: BTreeMap<String, String>,
}

impl Mode {
    fn real() -> Self {
        let text = |text: std::ffi::OsString| text.into_string().ok();
        let environment = std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?)));
        Self { clock: Clock::real(), manual: false, environment: environment.collect() }
    }
}

impl Builder {
    /// Data for the jobs that take `&T`.
    pub fn data<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.data_arc(Arc::new(value))
    }

    /// Data that is shared already, also as `Arc<dyn Trait>` for the jobs that take `&dyn Trait`.
    pub fn data_arc<T: ?Sized + Send + Sync + 'static>(mut self, value: Arc<T>) -> Self {
        self.data.insert(value);
        self
    }

    /// How the state of jobs with `&mut S` is made; goes before `Default`.
    pub fn state_with<S: Send + 'static>(mut self, make: impl Fn() -> S + Send + Sync + 'static) -> Self {
        self.makers.insert(make);
        self
    }

    /// Changes the options of a job, named by its name or by `crate::module::function`.
    pub fn configure(
        mut self,
        job: &str,
        change: impl FnOnce(JobConfig) -> Result<JobConfig> + Send + 'static,
    ) -> Self {
        self.changes.push(Change { job: job.to_owned(), change: Box::new(change) });
        self
    }

    /// Starts only these jobs; the others are not checked, started or listed.
    pub fn only<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.only.get_or_insert_default().extend(names.into_iter().map(str::to_owned));
        self
    }

    /// How long shutdown waits for all runs together; 25 s unless said otherwise, and `"infinity"` for ever.
    #[expect(clippy::needless_pass_by_value, reason = "a text or a duration, as everywhere")]
    pub fn shutdown_timeout(mut self, limit: impl IntoDuration) -> Self {
        self.shutdown_timeout = limit_of(limit.as_setting());
        self
    }

    /// Shuts down when `signal` is ready, besides the signals of the system.
    pub fn shutdown_on(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.shutdown_on.push(Box::pin(signal));
        self
    }

    /// Calls `f` with everything that happens, in order. It should be quick; a panic in it is ignored.
    pub fn on_event(mut self, f: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.observers.push(Box::new(f));
        self
    }

    /// Starts the jobs and returns; no signal handlers are installed. Dropping the runtime and all its clones
    /// kills what runs.
    ///
    /// # Errors
    /// When anything is wrong with the jobs, the data or the environment: one error that lists everything, and
    /// nothing is started.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    #[expect(clippy::unused_async, reason = "stores are opened here, and the signature stays")]
    pub async fn start(self) -> Result<Runtime> {
        let runtime = self.start_in(Mode::real())?;
        runtime.engine()?.drive()?;
        Ok(runtime)
    }

    /// A runtime whose jobs do not tick before its engine is driven.
    pub(crate) fn start_in(self, mode: Mode) -> Result<Runtime> {
        let Mode { clock, manual, environment } = mode;
        let mut mistakes: Vec<Mistake> = self.data.mistakes().into_iter().map(Mistake::anywhere).collect();
        let given = environment.get("JOBS_SHUTDOWN_TIMEOUT").map(|limit| limit_of(Setting::Text(limit)));
        let from = if given.is_some() { "the environment has `JOBS_SHUTDOWN_TIMEOUT`" } else { "the shutdown timeout" };
        let shutdown_timeout = given.unwrap_or(self.shutdown_timeout).unwrap_or_else(|error| {
            mistakes.push(Mistake::anywhere(format!("{from}: {error}")));
            None
        });
        let found = find(self.changes, self.only.as_deref(), &environment, &mut mistakes);
        let home = Arc::new(Home::new(clock, self.data, self.makers));
        let jobs = check(found, &home, manual, &mut mistakes);
        refuse(mistakes)?;
        let runtime = Runtime::open(home, self.observers, shutdown_timeout, manual, jobs)?;
        let engine = runtime.engine()?;
        for signal in self.shutdown_on {
            engine.shutdown_when(signal);
        }
        Ok(runtime)
    }

    async fn run(self) -> Result {
        let runtime = self.start_in(Mode::real())?;
        let engine = runtime.engine()?;
        // Before the first job runs: a signal that comes then must find its handler.
        let _signals = crate::signals::listen(&engine)?;
        engine.drive()?;
        let result = runtime.join().await;
        if engine.is_stuck() {
            // A thread that never yields would keep tokio's runtime, and so the process, from ending.
            engine.exit("these runs are stuck");
        }
        engine.let_go().await;
        result
    }
}

impl IntoFuture for Builder {
    type Output = Result;
    type IntoFuture = Pin<Box<dyn Future<Output = Result> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}

fn limit_of(limit: Setting<'_>) -> Result<Option<Duration>> {
    match limit {
        Setting::Text("infinity") => Ok(None),
        Setting::Text(text) => duration::read(text).map(Some),
        Setting::Duration(duration) => Ok(Some(duration)),
        Setting::Number(_) | Setting::Flag(_) => Err(Error::configuration("takes a duration".to_owned())),
    }
}

/// The linked jobs with their options in force, and everything that is wrong with them.
fn find(
    changes: Vec<Change>,
    only: Option<&[String]>,
    environment: &BTreeMap<String, String>,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Found> {
    let mut inventory = Inventory::collect();
    inventory.configure(changes);
    inventory.read_environment(environment);
    if let Some(names) = only {
        inventory.only(names);
    }
    inventory.check();
    mistakes.extend(environment.keys().filter_map(|name| misspelt(name)));
    mistakes.append(&mut inventory.mistakes);
    inventory.found
}

/// A `JOBS_…` variable that is nearly one of ours.
fn misspelt(variable: &str) -> Option<Mistake> {
    if !variable.starts_with("JOBS_") || SETTINGS.contains(&variable) {
        return None;
    }
    let near = did_you_mean(variable, SETTINGS)?;
    Some(Mistake::anywhere(format!("the environment has `{variable}`; did you mean `{near}`?")))
}

/// The jobs in their runtime, with what they miss noted.
fn check(
    found: Vec<Found>,
    home: &Arc<Home>,
    manual: bool,
    mistakes: &mut Vec<Mistake>,
) -> Vec<(Option<TypeId>, Arc<Job>)> {
    let jobs: Vec<_> = found.into_iter().filter_map(|found| Some((found.companion, found.into_job(home)?))).collect();
    if !manual {
        for (_, job) in &jobs {
            mistakes.extend(missing(job));
        }
    }
    jobs
}

pub(crate) fn missing(job: &Job) -> impl Iterator<Item = Mistake> {
    let place = (job.place.file, job.place.line);
    job.missing().into_iter().map(move |text| Mistake::at(place, text))
}
