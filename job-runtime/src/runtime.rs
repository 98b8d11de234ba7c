//! Starting a runtime ([`run_all`], [`Builder`]) and talking to a running one ([`Runtime`]).

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::{Handle, Id};

use crate::clock::Clock;
use crate::duration::{self, IntoDuration, Setting};
use crate::engine::driver::Engine;
use crate::engine::executor;
use crate::engine::registry::{Change, Found, Inventory, refuse};
use crate::engine::supervisor::Core;
use crate::error::{Error, Mistake, Result};
use crate::event::{self, Board, Event, Events, Observer};
use crate::job::{Context, Data, Home, Job, JobConfig, JobHandle, JobInfo, Makers, no_runtime};
use crate::name::{did_you_mean, hint};
use crate::outcome::Trigger;
use crate::periodic::{Periodic, Periodics, Request, reply};
use crate::schedule::{Recurrence, Timetable};

const SETTINGS: [&str; 2] = ["JOBS_DISABLE", "JOBS_SHUTDOWN_TIMEOUT"];

/// All annotated functions of the linked program, ready to be started.
///
/// Awaiting the builder starts them and runs until SIGTERM or Ctrl-C; [`Builder::start`] only starts them.
///
/// ```no_run
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
        self.start_in(Mode::real())
    }

    pub(crate) fn start_in(self, mode: Mode) -> Result<Runtime> {
        let Mode { clock, manual, environment } = mode;
        let mut mistakes: Vec<Mistake> = self.data.mistakes().into_iter().map(Mistake::anywhere).collect();
        let limit = environment.get("JOBS_SHUTDOWN_TIMEOUT").map(|limit| limit_of(Setting::Text(limit)));
        let shutdown_timeout = limit.unwrap_or(self.shutdown_timeout).unwrap_or_else(|error| {
            mistakes.push(Mistake::anywhere(format!("the shutdown timeout: {error}")));
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
        let runtime = self.start().await?;
        let engine = runtime.engine()?;
        let _signals = crate::signals::listen(&engine)?;
        let result = runtime.join().await;
        if engine.is_stuck() {
            // A thread that never yields would keep tokio's runtime, and so the process, from ending.
            crate::signals::exit(&engine, "these runs are stuck");
        }
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

/// A running runtime. Clones mean the same one.
///
/// The one that [`Builder::start`] gives, and its clones, keep it alive: when the last of them is dropped, what
/// still runs is killed. Those from [`Runtime::current`] and [`Context::runtime`] do not keep it alive.
#[derive(Clone)]
pub struct Runtime {
    engine: Weak<Engine>,
    /// Held for its drop.
    #[expect(dead_code, reason = "held for its drop")]
    owner: Option<Arc<Owned>>,
}

/// Kills the engine when the last owner lets go.
struct Owned(Arc<Engine>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.kill();
    }
}

impl Runtime {
    fn open(
        home: Arc<Home>,
        observers: Vec<Observer>,
        shutdown_timeout: Option<Duration>,
        manual: bool,
        jobs: Vec<(Option<TypeId>, Arc<Job>)>,
    ) -> Result<Self> {
        executor::install_panic_hook();
        if cfg!(panic = "abort") {
            event::warn_of_abort();
        }
        let periodics = Periodics::new(node());
        let engine = Engine::new(home, Board::new(observers), vec![Box::new(periodics)], shutdown_timeout, manual);
        let guest = Self { engine: Arc::downgrade(&engine), owner: None };
        let _ = engine.home.runtime.set(Box::new(guest.clone()));
        register(&engine);
        let runtime = Self { owner: Some(Arc::new(Owned(Arc::clone(&engine)))), ..guest };
        engine
            .with(|core, periodics: &mut Periodics| {
                jobs.into_iter().try_for_each(|(companion, job)| {
                    let entry = periodics.add(core, &job)?;
                    core.companions.extend(companion.map(|companion| (companion, entry)));
                    Ok(())
                })
            })
            .unwrap_or(Ok(()))?;
        engine.drive();
        Ok(runtime)
    }

    /// The runtime that is meant here: inside a run its own; else the one started on this tokio runtime; else
    /// the first of the process that is still there.
    ///
    /// # Errors
    /// When there is none.
    pub fn current() -> Result<Self> {
        if let Some(run) = executor::current()
            && let Some(runtime) = run.job.home.runtime.get().and_then(|runtime| runtime.downcast_ref::<Self>())
        {
            return Ok(runtime.clone());
        }
        let here = Handle::try_current().ok().map(|handle| handle.id());
        let known = runtimes();
        let started_here = known.iter().rev().find(|known| Some(known.tokio) == here && known.is_alive());
        let first = || known.iter().find(|known| known.process_wide && known.is_alive());
        let known = started_here.or_else(first).ok_or_else(no_runtime)?;
        Ok(Self { engine: known.engine.clone(), owner: None })
    }

    /// Adds a recurring job.
    ///
    /// # Errors
    /// When there is a job of that name already, its options contradict each other, or the runtime shuts down.
    pub fn add(&self, job: Periodic) -> Result<()> {
        let engine = self.open_engine()?;
        let home = Arc::clone(&engine.home);
        self.with(|core, periodics| {
            let job = job.into_job(&home, &periodics.usual)?;
            periodics.add(core, &job).map(drop)
        })?
    }

    /// Removes a job; its runs are asked to stop. False when there is none of that name.
    #[must_use = "false means that there was no such job"]
    pub fn remove(&self, name: &str) -> bool {
        let removed = self.with(|core, periodics| {
            core.names.get(name).copied().inspect(|entry| periodics.remove(core, *entry)).is_some()
        });
        removed.unwrap_or(false)
    }

    /// Gives a job another schedule; periods are counted from now.
    ///
    /// # Errors
    /// When there is no such job.
    pub fn reschedule(&self, name: &str, schedule: impl Recurrence) -> Result<()> {
        let timetable = Timetable::of(schedule);
        self.of_name(name, |core, periodics, entry| periodics.reschedule(core, entry, &timetable))
    }

    /// Runs a job now, if its guard and its overlap policy let it; also while it is paused. Of a template, all
    /// instances. It does not wait for the run, nor for the decision.
    ///
    /// # Errors
    /// When there is no such job, or the runtime shuts down.
    #[expect(clippy::unused_async, reason = "with a store it waits for it, and the signature stays")]
    pub async fn trigger(&self, name: &str) -> Result<()> {
        self.open_engine()?;
        self.of_name(name, |core, periodics, entry| {
            periodics.request(core, Request { entry, trigger: Trigger::Manual, reply: None });
        })
    }

    /// Pauses a job: its ticks are skipped until it is resumed. What runs goes on.
    ///
    /// # Errors
    /// When there is no such job.
    #[expect(clippy::unused_async, reason = "with a store it waits for it, and the signature stays")]
    pub async fn pause(&self, name: &str, reason: &str) -> Result<()> {
        self.of_name(name, |core, _, entry| core.pause(entry, &reason.into()))
    }

    /// Resumes a paused job.
    ///
    /// # Errors
    /// When there is no such job.
    #[expect(clippy::unused_async, reason = "with a store it waits for it, and the signature stays")]
    pub async fn resume(&self, name: &str) -> Result<()> {
        self.of_name(name, |core, _, entry| core.resume(entry))
    }

    /// From now on no tick starts a run; everything else goes on.
    pub fn quiet(&self) {
        let _ = self.with(|core, _| core.quiet = true);
    }

    /// All jobs, in the order of their names.
    #[must_use]
    pub fn jobs(&self) -> Vec<JobInfo> {
        let jobs = self.with(|core, periodics| {
            let mut jobs: Vec<JobInfo> =
                core.entries.keys().into_iter().filter_map(|entry| periodics.info(core, entry)).collect();
            jobs.sort_by(|left, right| left.name.cmp(&right.name));
            jobs
        });
        jobs.unwrap_or_default()
    }

    /// One job.
    #[must_use]
    pub fn job(&self, name: &str) -> Option<JobInfo> {
        self.of_name(name, |core, periodics, entry| periodics.info(core, entry)).ok().flatten()
    }

    /// Subscribes to everything that happens from now on.
    #[must_use]
    pub fn events(&self) -> Events {
        match self.engine() {
            Ok(engine) => engine.board.subscribe(),
            Err(_) => Board::new(Vec::new()).subscribe(),
        }
    }

    /// Whether the runtime is well.
    pub async fn health(&self) -> Health {
        let Ok(engine) = self.engine() else { return Health { live: false, ready: false, overdue: Vec::new() } };
        let live = engine.ping(PATIENCE).await;
        let overdue = self.jobs().into_iter().filter(|job| job.overdue).map(|job| job.name).collect();
        Health { live, ready: live && !engine.is_closing(), overdue }
    }

    /// Shuts down in order: nothing new starts, runs are asked to stop and have their grace, what remains is
    /// dropped. A second call waits for the same end. It never ends the process.
    ///
    /// # Errors
    /// [`Error::is_abandoned`] when runs had to be dropped, or are stuck; the text names them.
    ///
    /// # Cancel safety
    /// When the future is dropped, the shutdown goes on.
    pub async fn shutdown(&self) -> Result {
        let engine = self.engine()?;
        let _moving = engine.home.clock.hold();
        engine.begin_shutdown();
        engine.end().await
    }

    /// Waits for the end without asking for it.
    ///
    /// # Errors
    /// What [`shutdown`](Self::shutdown) gives.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn join(&self) -> Result {
        self.engine()?.end().await
    }

    pub(crate) fn engine(&self) -> Result<Arc<Engine>> {
        self.engine.upgrade().ok_or_else(no_runtime)
    }

    /// The engine, when it takes new work.
    pub(crate) fn open_engine(&self) -> Result<Arc<Engine>> {
        let engine = self.engine()?;
        if engine.is_closing() {
            return Err(Error::refused("the job runtime is shutting down"));
        }
        Ok(engine)
    }

    pub(crate) fn with<T>(&self, decide: impl FnOnce(&mut Core, &mut Periodics) -> T) -> Result<T> {
        self.engine()?.with(decide).ok_or_else(no_runtime)
    }

    /// Does something with the job of a name.
    pub(crate) fn of_name<T>(&self, name: &str, act: impl FnOnce(&mut Core, &mut Periodics, u32) -> T) -> Result<T> {
        self.with(|core, periodics| {
            if let Some(entry) = core.names.get(name).copied() {
                return Ok(act(core, periodics, entry));
            }
            let hint = hint(name, core.names.keys().map(|name| &**name));
            Err(Error::configuration(format!("there is no job `{name}`{hint}")))
        })?
    }

    /// Does something with the job of a companion type.
    pub(crate) fn of_companion<C: 'static, T>(
        &self,
        act: impl FnOnce(&mut Core, &mut Periodics, u32) -> T,
    ) -> Result<T> {
        self.with(|core, periodics| {
            if let Some(entry) = core.companions.get(&TypeId::of::<C>()).copied() {
                return Ok(act(core, periodics, entry));
            }
            let name = std::any::type_name::<C>();
            Err(Error::configuration(format!("the job `{name}` is not in this runtime")))
        })?
    }

    /// Triggers the job of a companion type and gives a handle on the run.
    pub(crate) fn trigger_companion<C: 'static, R>(&self) -> Result<JobHandle<R>> {
        self.open_engine()?;
        let (reply, ending) = reply();
        let run = self.of_companion::<C, _>(|core, periodics, entry| {
            periodics.request(core, Request { entry, trigger: Trigger::Manual, reply: Some(reply) })
        })?;
        let run = run.into_iter().next().ok_or_else(|| Error::refused("the job was removed"))?;
        Ok(JobHandle::new(run, ending))
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("running", &self.engine().is_ok_and(|engine| !engine.is_closing())).finish()
    }
}

impl Context {
    /// The runtime of this run.
    ///
    /// # Panics
    /// Never in a run: its runtime is there as long as it.
    #[must_use]
    #[expect(clippy::expect_used, reason = "set before the first run")]
    pub fn runtime(&self) -> &Runtime {
        let runtime = self.0.job.home.runtime.get().and_then(|runtime| runtime.downcast_ref());
        runtime.expect("a run has a runtime")
    }
}

/// How long the engine may take to answer before it is not live.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether a runtime is well.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// The engine answers within 5 s.
    pub live: bool,
    /// It is live, and takes new work.
    pub ready: bool,
    /// The jobs that are late by more than a minute and more than their period.
    pub overdue: Vec<Arc<str>>,
}

/// A runtime of this process.
struct Known {
    tokio: Id,
    engine: Weak<Engine>,
    /// Those of tests are not for everybody.
    process_wide: bool,
}

impl Known {
    fn is_alive(&self) -> bool {
        self.engine.strong_count() > 0
    }
}

fn runtimes() -> MutexGuard<'static, Vec<Known>> {
    static RUNTIMES: Mutex<Vec<Known>> = Mutex::new(Vec::new());
    RUNTIMES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn register(engine: &Arc<Engine>) {
    let mut known = runtimes();
    known.retain(Known::is_alive);
    known.push(Known {
        tokio: engine.handle().id(),
        engine: Arc::downgrade(engine),
        process_wide: !engine.home.clock.is_fake(),
    });
}

/// The name of this machine, for what is fixed per node.
fn node() -> String {
    let file = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = file.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    name.map(|name| name.trim().to_owned()).unwrap_or_default()
}
