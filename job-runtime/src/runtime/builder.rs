//! Starting a runtime: [`run_all`] and [`Builder`].

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::stored::Choice;
use super::{Runtime, Start};
use crate::clock::Clock;
use crate::duration::{self, IntoDuration, Setting};
use crate::engine::registry::{Change, Found, Inventory, refuse};
use crate::error::{Error, Mistake, Result};
use crate::event::{self, Event, Observer};
use crate::job::{Data, Home, Job, JobConfig, Makers};
use crate::name::did_you_mean;
use crate::schedule::check_zone_data;

const SETTINGS: [&str; 4] = ["JOBS_DISABLE", "JOBS_SHUTDOWN_TIMEOUT", "JOBS_STORE", "JOBS_ZONE_DATA"];

/// All annotated functions of the linked program, ready to be started.
///
/// Awaiting the builder starts them and runs until SIGTERM or Ctrl-C; [`Builder::start`] only starts them. Either
/// refuses to start while anything is wrong, and tells everything that is.
///
/// ```standalone_crate
/// # use job_runtime::periodic;
/// #[periodic(every = "10m", on_overlap = "ignore")]
/// async fn purge_sessions() {
///     println!("purging");
/// }
///
/// #[tokio::main]
/// async fn main() -> job_runtime::Result {
///     job_runtime::run_all()
/// #       .shutdown_on(std::future::ready(()))
///         .await
/// }
/// ```
///
/// # Signals
///
/// Under an awaited builder, with the feature `signals` and on UNIX, the first SIGTERM or SIGINT (Ctrl-C) begins the
/// shutdown; a second one ends the process with 1 and names what was still on. SIGUSR1 does what
/// [`Runtime::quiet`] does. A run that keeps its thread at the end of the shutdown also ends the process with 1, as
/// nothing else could.
///
/// Once the first has been heard, a second one ends the process also when the jobs have ended and something else
/// keeps it. When the builder was dropped, or ended otherwise, before any was heard, signals are the program's own
/// affair again; tokio leaves their default action switched off, so a program that goes on listens to them itself.
///
/// # Environment
///
/// It is read at the start, and goes before what the program says.
///
/// | variable | means |
/// |---|---|
/// | `JOB_PURGE_SESSIONS_EVERY=5m` | an option of a job, here `every` of `purge_sessions` |
/// | `JOBS_DISABLE=purge_sessions,import` | these jobs start paused, whatever `…_ENABLED` says; `all` for every one |
/// | `JOBS_SHUTDOWN_TIMEOUT=10s` | see [`Builder::shutdown_timeout`] |
/// | `JOBS_STORE=sqlite://jobs.db` | a store in the place of the one that `Builder::store` gives, whose settings stay; with the feature `sqlite` or `postgres` |
/// | `JOBS_ZONE_DATA=system` | time zones as the machine knows them; `bundled`, the default, as this library does |
///
/// The name of a job is written in upper case, with `_` for what is neither a letter nor a digit.
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
        stored: Choice::default(),
    }
}

/// What a runtime is started with; made by [`run_all`].
///
/// Awaiting it starts the jobs, and is ready when they have been shut down.
///
/// ```standalone_crate
/// use job_runtime::periodic;
///
/// struct Database;
///
/// #[periodic(every = "10m")]
/// async fn purge_sessions(db: &Database) {}
///
/// #[tokio::main]
/// async fn main() -> job_runtime::Result {
///     job_runtime::run_all()
///         .data(Database)
///         .configure("purge_sessions", |job| job.timeout("2m"))
///         .shutdown_timeout("10s")
/// #       .shutdown_on(std::future::ready(()))
///         .await
/// }
/// ```
///
/// # Errors
/// Awaiting it gives what [`start`](Self::start) gives, when the start is refused, and else what
/// [`Runtime::shutdown`] gives.
///
/// # Panics
/// Awaiting it, or [`start`](Self::start), panics outside a tokio runtime with its time enabled.
///
/// # Cancel safety
/// Not safe: when the future of an awaited builder is dropped, the runtime goes with it, and what runs is killed
/// without grace. To end it in order, use [`shutdown_on`](Self::shutdown_on).
#[must_use = "nothing is started until the builder is awaited, or `start` is"]
pub struct Builder {
    data: Data,
    makers: Makers,
    changes: Vec<Change>,
    only: Option<Vec<String>>,
    observers: Vec<Observer>,
    shutdown_timeout: Result<Option<Duration>>,
    shutdown_on: Vec<Pin<Box<dyn Future<Output = ()> + Send>>>,
    pub(super) stored: Choice,
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
        // What is not UTF-8 stays in, and is refused like any other value that cannot be read.
        let text = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let environment = std::env::vars_os().map(|(name, value)| (text(name), text(value)));
        Self { clock: Clock::real(), manual: false, environment: environment.collect() }
    }
}

impl Builder {
    /// Data for the jobs that take `&T`. They are given it by its type: two values of one type are refused at the
    /// start, and so is a job for which there is none.
    ///
    /// ```standalone_crate
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use job_runtime::periodic;
    ///
    /// #[derive(Default)]
    /// struct Purged(AtomicU32);
    ///
    /// #[periodic(every = "10m")]
    /// async fn purge_sessions(purged: &Purged) {
    ///     purged.0.fetch_add(1, Ordering::Relaxed);
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// let runtime = job_runtime::run_all().data(Purged::default()).start().await?;
    /// # purge_sessions::trigger().await?.await.expect("it ends well");
    /// # runtime.shutdown().await
    /// # }
    /// ```
    pub fn data<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.data_arc(Arc::new(value))
    }

    /// [`data`](Self::data) that is shared already, also as `Arc<dyn Trait>` for the jobs that take `&dyn Trait`.
    ///
    /// ```standalone_crate
    /// use std::sync::Arc;
    /// use job_runtime::periodic;
    ///
    /// trait Mailer: Send + Sync {
    ///     fn send(&self, text: &str);
    /// }
    /// # struct Smtp;
    /// # impl Mailer for Smtp { fn send(&self, _text: &str) {} }
    ///
    /// #[periodic(every = "24h")]
    /// async fn digest(mailer: &dyn Mailer) {
    ///     mailer.send("what happened today");
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// let mailer: Arc<dyn Mailer> = Arc::new(Smtp);
    /// let runtime = job_runtime::run_all().data_arc(mailer).start().await?;
    /// # digest::trigger().await?.await.expect("it ends well");
    /// # runtime.shutdown().await
    /// # }
    /// ```
    pub fn data_arc<T: ?Sized + Send + Sync + 'static>(mut self, value: Arc<T>) -> Self {
        self.data.insert(value);
        self
    }

    /// How the state of jobs with `&mut S` is made; goes before `Default`, which `S` need not have then. `make` is
    /// called with the first run of each job and each instance, and again after a run that panicked or was dropped,
    /// and so lost the state.
    ///
    /// ```standalone_crate
    /// use job_runtime::periodic;
    ///
    /// struct Cursor(u64);
    ///
    /// #[periodic(every = "10s")]
    /// async fn follow(cursor: &mut Cursor) {
    ///     cursor.0 += 1;
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// let runtime = job_runtime::run_all().state_with(|| Cursor(100)).start().await?;
    /// follow::trigger().await?.await.expect("it ends well");
    /// assert_eq!(follow::peek(|cursor| cursor.0).await?, Some(101));
    /// # runtime.shutdown().await
    /// # }
    /// ```
    pub fn state_with<S: Send + 'static>(mut self, make: impl Fn() -> S + Send + Sync + 'static) -> Self {
        self.makers.insert(make);
        self
    }

    /// Changes the options of a job, named by its name or by `crate::module::function`. An unknown name, and an error
    /// of `change`, is refused at the start. Changes are made in the order of the calls; the environment goes
    /// before them.
    ///
    /// ```standalone_crate
    /// use job_runtime::periodic;
    ///
    /// #[periodic(every = "10m")]
    /// async fn purge_sessions() {}
    ///
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// let often = std::env::args().any(|argument| argument == "--often");
    /// let runtime = job_runtime::run_all()
    ///     .configure("purge_sessions", move |job| if often { job.every("1m") } else { Ok(job) })
    ///     .configure("crate::purge_sessions", |job| job.pause_after(3)?.enabled(false))
    ///     .start()
    ///     .await?;
    /// assert_eq!(purge_sessions::status().await?.paused.as_deref(), Some("disabled"));
    /// # runtime.shutdown().await
    /// # }
    /// ```
    pub fn configure(
        mut self,
        job: &str,
        change: impl FnOnce(JobConfig) -> Result<JobConfig> + Send + 'static,
    ) -> Self {
        self.changes.push(Change { job: job.to_owned(), change: Box::new(change) });
        self
    }

    /// Starts only these jobs, named as for [`configure`](Self::configure); the others are not checked, started or
    /// listed. Several calls add up; an unknown name is refused at the start. An empty list starts none, for programs
    /// that [`add`](crate::Runtime::add) all their jobs.
    ///
    /// ```standalone_crate
    /// use job_runtime::periodic;
    ///
    /// #[periodic(every = "10m")]
    /// async fn purge_sessions() {}
    ///
    /// #[periodic(every = "24h")]
    /// async fn digest() {}
    ///
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// let runtime = job_runtime::run_all().only(["digest"]).start().await?;
    /// assert_eq!(runtime.jobs().len(), 1);
    /// assert!(purge_sessions::trigger().await.is_err());
    /// # runtime.shutdown().await
    /// # }
    /// ```
    pub fn only<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.only.get_or_insert_default().extend(names.into_iter().map(str::to_owned));
        self
    }

    /// How long shutdown waits for all runs together, whatever their own `job_shutdown`; 25 s unless it is set, and
    /// `"infinity"` for ever. What is not a duration is refused at the start.
    #[expect(clippy::needless_pass_by_value, reason = "a text or a duration, as everywhere")]
    pub fn shutdown_timeout(mut self, limit: impl IntoDuration) -> Self {
        self.shutdown_timeout = limit_of(limit.as_setting());
        self
    }

    /// Shuts down in order when `signal` is ready, besides the signals of the system, and with
    /// [`start`](Self::start) too. It is polled in a task of the program's runtime; of several, the first one
    /// counts. One that panics counts as ready.
    ///
    /// ```standalone_crate
    /// # use job_runtime::periodic;
    /// # #[periodic(every = "10m")]
    /// # async fn purge_sessions() {}
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    /// let jobs = job_runtime::run_all().shutdown_on(async move { drop(stopped.await) });
    ///
    /// drop(stop); // where the server has ended, for example
    /// jobs.await
    /// # }
    /// ```
    pub fn shutdown_on(mut self, signal: impl Future<Output = ()> + Send + 'static) -> Self {
        self.shutdown_on.push(Box::pin(signal));
        self
    }

    /// Calls `f` with everything that happens. A panic in it is ignored.
    ///
    /// Observers are called one event after another, in order, on a thread of the runtime's own: a slow one delays
    /// other observers, subscribers and the log, but no job. One that is more than a million events behind loses the
    /// oldest, with a count in the log. A shutdown ends when they have been told everything, unless one takes more
    /// than a second for an event. In tests they are called at once, by what moves the clocks.
    ///
    /// ```standalone_crate
    /// use job_runtime::{EventKind, periodic};
    ///
    /// #[periodic(every = "10m")]
    /// async fn purge_sessions() {}
    ///
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// let runtime = job_runtime::run_all()
    ///     .on_event(|event| {
    ///         if let EventKind::Finished { outcome, duration, .. } = event.kind {
    ///             println!("{:?} {outcome} after {duration:?}", event.job);
    ///         }
    ///     })
    ///     .start()
    ///     .await?;
    /// # purge_sessions::trigger().await?.await.expect("it ends well");
    /// # runtime.shutdown().await
    /// # }
    /// ```
    pub fn on_event(mut self, f: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.observers.push(Box::new(f));
        self
    }

    /// Starts the jobs and returns, for programs with a `main` of their own; no signal handlers are installed. Dropping
    /// the runtime and all its clones kills what runs: keep it, and [shut it down](Runtime::shutdown).
    ///
    /// ```standalone_crate
    /// # use job_runtime::periodic;
    /// # #[periodic(every = "10m")]
    /// # async fn purge_sessions() {}
    /// # async fn serve() {}
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// let runtime = job_runtime::run_all().start().await?;
    /// serve().await;
    /// runtime.shutdown().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::is_configuration`] when anything is wrong with the jobs, the data or the environment: one error that
    /// lists everything, and nothing is started. [`Error::is_refused`] when the system gives no thread.
    ///
    /// # Panics
    /// Outside a tokio runtime with its time enabled.
    ///
    /// # Cancel safety
    /// Safe: until it is ready nothing is started.
    pub async fn start(self) -> Result<Runtime> {
        let runtime = self.start_in(Mode::real())?;
        runtime.open_store().await?;
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
        if let Some(Err(error)) = environment.get("JOBS_ZONE_DATA").map(|data| check_zone_data(data)) {
            mistakes.push(Mistake::anywhere(format!("the environment has `JOBS_ZONE_DATA`: {error}")));
        }
        let inventory = find(self.changes, self.only.as_deref(), &environment, &mut mistakes);
        let home = Arc::new(Home::new(clock, self.data, self.makers));
        let Inventory { found, groupings, notices, .. } = inventory;
        let store = self.stored.resolve(&found, &environment, &mut mistakes);
        let jobs = check(found, &home, manual, &mut mistakes);
        refuse(mistakes)?;
        for notice in &notices {
            event::log_notice(notice);
        }
        let runtime = Runtime::open(home, self.observers, shutdown_timeout, manual, Start { jobs, groupings, store })?;
        let engine = runtime.engine()?;
        for signal in self.shutdown_on {
            engine.shutdown_when(signal);
        }
        Ok(runtime)
    }

    async fn run(self) -> Result {
        let runtime = self.start_in(Mode::real())?;
        let engine = runtime.engine()?;
        runtime.open_store().await?;
        // Before the first job runs: a signal that comes then must find its handler.
        let signals = crate::signals::listen(&engine)?;
        engine.drive()?;
        let result = runtime.join().await;
        if engine.is_stuck() {
            if let Some(error) = result.err().filter(Error::is_gave_up) {
                eprintln!("Error: {error}");
            }
            // A thread that never yields would keep tokio's runtime, and so the process, from ending.
            engine.exit("these runs are stuck");
        }
        if !engine.board.is_empty() {
            eprintln!("job-runtime: the end was not told to everybody: a listener to events is stuck");
        }
        signals.stop();
        drop(runtime);
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
) -> Inventory {
    let mut inventory = Inventory::collect();
    inventory.configure(changes);
    inventory.read_environment(environment);
    if let Some(names) = only {
        inventory.only(names);
    }
    inventory.check();
    mistakes.extend(environment.keys().filter_map(|name| misspelt(name)));
    mistakes.append(&mut inventory.mistakes);
    inventory
}

/// A `JOBS_…` variable that is nearly one of ours.
fn misspelt(variable: &str) -> Option<Mistake> {
    if !variable.starts_with("JOBS_") || SETTINGS.contains(&variable) {
        return None;
    }
    let longer = || SETTINGS.into_iter().find(|setting| setting.starts_with(variable));
    let near = did_you_mean(variable, SETTINGS).or_else(longer)?;
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
