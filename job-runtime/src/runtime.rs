//! Talking to a running runtime: [`Runtime`].

mod builder;
mod current;
#[cfg(feature = "_durable")]
mod stored;
#[cfg(not(feature = "_durable"))]
#[path = "runtime/not_stored.rs"]
mod stored;

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::deferred::Deferred;
use crate::engine::driver::Engine;
use crate::engine::executor;
use crate::engine::registry::Grouping;
use crate::engine::supervisor::{Core, Owner};
use crate::error::{Error, Result};
use crate::event::{self, Board, Events, Observer};
use crate::job::{Arguments, Context, Home, Job, JobHandle, JobInfo, Keep, Spawn, Spawned, When, closing, no_runtime};
use crate::name::hint;
use crate::outcome::Trigger;
use crate::panics;
use crate::periodic::{Periodic, Periodics};
use crate::schedule::{Recurrence, Timetable};
use crate::service::Services;

pub use builder::{Builder, run_all};
#[cfg(feature = "_durable")]
pub use stored::{Migrated, migrate};

#[cfg_attr(not(feature = "testing"), expect(unused_imports, reason = "used by the test kit"))]
pub(crate) use builder::{Mode, missing};

/// A running runtime: runs, pauses, adds and removes its jobs, tells how they are, and shuts down. Clones mean the
/// same one.
///
/// The one that [`Builder::start`] gives, and its clones, keep it alive: when the last of them is dropped, what
/// still runs is killed. Those from [`Runtime::current`] and [`Context::runtime`] do not keep it alive, and when it
/// is gone, they refuse what is asked of them.
///
/// Jobs are meant by their names; what has an attribute can also be controlled through the
/// [type beside the function](crate#beside-the-function).
///
/// ```standalone_crate
/// use job_runtime::periodic;
///
/// #[periodic(every = "10m")]
/// async fn purge_sessions() {}
///
/// #[tokio::main]
/// async fn main() -> job_runtime::Result {
///     let runtime = job_runtime::run_all().start().await?;
///     runtime.trigger("purge_sessions").await?;
///     println!("{:?}", runtime.job("purge_sessions"));
///     runtime.shutdown().await
/// }
/// ```
#[derive(Clone)]
pub struct Runtime {
    engine: Weak<Engine>,
    /// Held for its drop.
    #[expect(dead_code, reason = "held for its drop")]
    owner: Option<Arc<Owned>>,
}

/// What a runtime begins with, checked.
struct Start {
    jobs: Vec<(Option<TypeId>, Arc<Job>)>,
    groupings: Vec<Grouping>,
    store: Option<stored::Chosen>,
}

/// Kills the engine when the last owner lets go.
struct Owned(Arc<Engine>);

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.kill();
    }
}

impl Runtime {
    /// A runtime with its jobs, which do not tick before its engine is driven.
    fn open(
        home: Arc<Home>,
        observers: Vec<Observer>,
        shutdown_timeout: Option<Duration>,
        manual: bool,
        Start { jobs, groupings, store }: Start,
    ) -> Result<Self> {
        home.clock.probe();
        panics::install_panic_hook();
        if cfg!(panic = "abort") {
            event::warn_of_abort();
        }
        let mut kinds: Vec<Box<dyn Owner>> =
            vec![Box::new(Periodics::new(node())), Box::new(Deferred::new()), Box::new(Services::new())];
        kinds.extend(stored::kind(store, &home));
        let engine = Engine::new(home, Board::new(observers), kinds, shutdown_timeout, manual);
        let guest = Self { engine: Arc::downgrade(&engine), owner: None };
        let _ = engine.home.runtime.set(Box::new(guest.clone()));
        let templates = jobs.iter().filter_map(|(companion, job)| Some(((*companion)?, job.arguments?)));
        let _ = engine.home.templates.set(templates.collect());
        current::register(&engine);
        let runtime = Self { owner: Some(Arc::new(Owned(Arc::clone(&engine)))), ..guest };
        engine.with(|core, kinds| {
            for (companion, job) in jobs {
                let entry = core.admit(kinds, &job)?;
                core.companions.extend(companion.map(|companion| (companion, entry)));
            }
            for grouping in groupings {
                core.add_family(grouping);
            }
            Ok(())
        })?;
        Ok(runtime)
    }

    /// The runtime that is meant here: inside a run its own; else the one started on this tokio runtime; else
    /// the first of the process that is still there.
    ///
    /// Tests side by side, spawned tasks and the handlers of a server so find their own.
    ///
    /// # Errors
    /// [`Error::is_refused`] when there is none.
    pub fn current() -> Result<Self> {
        if let Some(run) = executor::current()
            && let Some(runtime) = run.job.home.runtime.get().and_then(|runtime| runtime.downcast_ref::<Self>())
        {
            return Ok(runtime.clone());
        }
        let engine = current::engine().ok_or_else(no_runtime)?;
        Ok(Self { engine, owner: None })
    }

    /// Adds a recurring job. Its first tick comes one period from now, or after its `initial_delay`; that of a
    /// [`Recurrence`] of your own when it says.
    ///
    /// ```standalone_crate
    /// use job_runtime::{Context, Periodic, Schedule};
    /// # #[job_runtime::periodic(every = "1h")]
    /// # async fn linked() {}
    ///
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// # let runtime = job_runtime::run_all().start().await?;
    /// for shard in 1..=3 {
    ///     let job = Periodic::new(format!("poll-{shard}"), Schedule::every("30s")?, move |_: Context| async move {
    ///         println!("polling shard {shard}");
    ///     });
    ///     runtime.add(job)?;
    /// }
    /// assert!(runtime.job("poll-3").is_some());
    /// # runtime.shutdown().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::is_configuration`] when there is a job of that name already, or its options contradict each other;
    /// [`Error::is_refused`] when the runtime shuts down or is gone.
    pub fn add(&self, job: Periodic) -> Result<()> {
        let job = job.into_job(&self.open_engine()?.home)?;
        self.with(|core, kinds| {
            let entry = core.admit(kinds, &job)?;
            core.begin_job(kinds, entry, Trigger::Schedule);
            Ok(())
        })?
    }

    /// Removes a job, an annotated one too. What is pending is skipped, what runs is stopped as by
    /// [`JobHandle::cancel`]; the name is free at once. False when there is none of that name.
    ///
    /// ```standalone_crate
    /// # #[job_runtime::periodic(every = "10m")]
    /// # async fn purge_sessions() {}
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// # let runtime = job_runtime::run_all().start().await?;
    /// assert!(runtime.remove("purge_sessions"));
    /// assert!(!runtime.remove("purge_sessions"));
    /// assert!(runtime.job("purge_sessions").is_none());
    /// # runtime.shutdown().await
    /// # }
    /// ```
    #[must_use = "false means that there was no such job"]
    pub fn remove(&self, name: &str) -> bool {
        self.of_name(name, |core, owner, entry| owner.remove(core, entry)).is_ok()
    }

    /// Gives a job another schedule; periods are counted from now. What runs goes on. Of a template, all instances
    /// get it, those to come too. The schedule is taken as it is: an `align` of the job does not hold for it.
    ///
    /// ```standalone_crate
    /// use job_runtime::Schedule;
    /// # #[job_runtime::periodic(every = "10m")]
    /// # async fn purge_sessions() {}
    ///
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// # let runtime = job_runtime::run_all().start().await?;
    /// runtime.reschedule("purge_sessions", Schedule::every("1m")?)?;
    /// let info = runtime.job("purge_sessions").expect("it is there");
    /// assert_eq!(info.schedule.as_deref(), Some("every 1m"));
    /// # runtime.shutdown().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::is_configuration`] when there is no such job, [`Error::is_refused`] when the runtime is gone.
    pub fn reschedule(&self, name: &str, schedule: impl Recurrence) -> Result<()> {
        let timetable = Timetable::of(schedule);
        self.of_name(name, |core, owner, entry| owner.reschedule(core, entry, &timetable))?
    }

    /// Runs a job now, if its guard and its overlap policy let it; also while it is paused. Of a template, all
    /// instances. It does not wait for the run, nor for the decision: what becomes of it is an [event](Self::events).
    /// `trigger` of the [type beside the function](crate#beside-the-function) gives a [`JobHandle`] on the run.
    ///
    /// ```standalone_crate
    /// # #[job_runtime::periodic(every = "10m")]
    /// # async fn purge_sessions() {}
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// # let runtime = job_runtime::run_all().start().await?;
    /// runtime.trigger("purge_sessions").await?;
    /// let error = runtime.trigger("purge_session").await.unwrap_err();
    /// assert!(error.to_string().contains("did you mean `purge_sessions`?"));
    /// # runtime.shutdown().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::is_configuration`] when there is no such job, or it waits in a queue; [`Error::is_refused`] when the runtime
    /// shuts down or is gone; [`Error::is_unavailable`] when the store did not answer, which decides about runs of
    /// `scope = "cluster"`.
    ///
    /// # Cancel safety
    /// Safe: once polled it is done, and dropped before that nothing has happened. Of a job with `scope = "cluster"` it may
    /// have been done, or not, when the future is dropped after it was polled.
    pub async fn trigger(&self, name: &str) -> Result<()> {
        if let Some(job) = self.stored(name) {
            return Self::trigger_stored(&job, Keep::Nothing).await.map(drop);
        }
        self.of_name(name, |core, owner, entry| owner.request(core, entry, false).map(drop))?
    }

    /// Pauses a job: its ticks are skipped until it is resumed, and counted as such. What runs goes on, and a trigger
    /// still works. A second pause changes the reason. Of a job with a `queue`, or with `scope = "cluster"`, it is written
    /// into the store, and holds for all nodes and over restarts. Of any other nothing is stored: the next start of the
    /// program is not paused.
    ///
    /// ```standalone_crate
    /// # #[job_runtime::periodic(every = "10m")]
    /// # async fn purge_sessions() {}
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// # let runtime = job_runtime::run_all().start().await?;
    /// runtime.pause("purge_sessions", "the disk is full").await?;
    /// let info = runtime.job("purge_sessions").expect("it is there");
    /// assert_eq!(info.paused.as_deref(), Some("the disk is full"));
    /// runtime.resume("purge_sessions").await?;
    /// # runtime.shutdown().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::is_configuration`] when there is no such job, [`Error::is_refused`] when the runtime is gone,
    /// [`Error::is_unavailable`] when the store did not answer, where it is asked.
    ///
    /// # Cancel safety
    /// Safe: once polled it is done, and dropped before that nothing has happened. Where the store is asked, it may have
    /// been done, or not, when the future is dropped after it was polled.
    pub async fn pause(&self, name: &str, reason: &str) -> Result<()> {
        if let Some(job) = self.stored(name) {
            return self.pause_stored(&job, Some(reason)).await;
        }
        self.of_name(name, |core, owner, entry| core.pause_by_hand(owner, entry, reason))
    }

    /// Resumes a paused job, whether it was paused by [`pause`](Self::pause), by `enabled = false` or by
    /// `pause_after`. Its schedule went on meanwhile, so that its next tick is the next planned one.
    ///
    /// # Errors
    /// As [`pause`](Self::pause).
    ///
    /// # Cancel safety
    /// As [`pause`](Self::pause).
    pub async fn resume(&self, name: &str) -> Result<()> {
        if let Some(job) = self.stored(name) {
            self.pause_stored(&job, None).await?;
        }
        self.of_name(name, Core::resume)
    }

    /// From now on no tick starts a run; everything else goes on, triggers included. Ticks count as skipped, as
    /// while [paused](crate::SkipReason::Paused). There is no way back: it is meant for the time before a shutdown.
    pub fn quiet(&self) {
        let _ = self.with(|core, _| core.quiet = true);
    }

    /// All jobs, in the order of their names; none when the runtime is gone. After a shutdown they can still be read.
    ///
    /// ```standalone_crate
    /// # #[job_runtime::periodic(every = "10m")]
    /// # async fn purge_sessions() {}
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// # let runtime = job_runtime::run_all().start().await?;
    /// for job in runtime.jobs() {
    ///     let schedule = job.schedule.unwrap_or_default();
    ///     println!("{} {schedule}: {} ran, {} on", job.name, job.accounting.ran, job.running);
    /// }
    /// # runtime.shutdown().await
    /// # }
    /// ```
    #[must_use]
    pub fn jobs(&self) -> Vec<JobInfo> {
        let jobs = self.with(|core, kinds| {
            let entries = core.entries.keys();
            let info =
                |entry| core.with_owner(kinds, entry, |core, owner, entry| core.info(owner, entry)).ok().flatten();
            let mut jobs: Vec<JobInfo> = entries.into_iter().filter_map(info).collect();
            jobs.sort_by(|left, right| left.name.cmp(&right.name));
            jobs
        });
        jobs.unwrap_or_default()
    }

    /// One job; `None` when there is none of that name.
    ///
    /// ```standalone_crate
    /// # #[job_runtime::periodic(every = "10m")]
    /// # async fn purge_sessions() {}
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// # let runtime = job_runtime::run_all().start().await?;
    /// let job = runtime.job("purge_sessions").expect("it is linked");
    /// assert_eq!((job.running, job.paused, job.overdue), (0, None, false));
    /// # runtime.shutdown().await
    /// # }
    /// ```
    #[must_use]
    pub fn job(&self, name: &str) -> Option<JobInfo> {
        self.of_name(name, |core, owner, entry| core.info(owner, entry)).ok().flatten()
    }

    /// Subscribes to everything that happens from now on; see [`Events`]. When the runtime is gone, there is nothing
    /// to come.
    ///
    /// ```standalone_crate
    /// # #[job_runtime::periodic(every = "10m")]
    /// # async fn purge_sessions() {}
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// # let runtime = job_runtime::run_all().start().await?;
    /// let mut events = runtime.events();
    /// let listener = tokio::spawn(async move {
    ///     while let Some(event) = events.recv().await {
    ///         println!("{event:?}");
    ///     }
    /// });
    /// runtime.shutdown().await?;
    /// listener.await.expect("it ends with the runtime");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn events(&self) -> Events {
        match self.engine() {
            Ok(engine) => engine.board.subscribe(),
            Err(_) => Board::new(Vec::new()).subscribe(),
        }
    }

    /// Whether the runtime is well: what a liveness and a readiness probe ask. It takes 5 s at most, and mostly no time
    /// at all.
    ///
    /// ```standalone_crate
    /// # #[job_runtime::periodic(every = "10m")]
    /// # async fn purge_sessions() {}
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// # let runtime = job_runtime::run_all().start().await?;
    /// let health = runtime.health().await;
    /// assert!(health.live && health.ready);
    /// assert!(health.overdue.is_empty());
    /// # runtime.shutdown().await
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// Safe: it only asks.
    pub async fn health(&self) -> Health {
        let Ok(engine) = self.engine() else { return Health { live: false, ready: false, overdue: Vec::new() } };
        let live = engine.ping(PATIENCE).await;
        let overdue = self.jobs().into_iter().filter(|job| job.overdue).map(|job| job.name).collect();
        Health { live, ready: live && !engine.is_closing(), overdue }
    }

    /// Shuts down in order: nothing new starts, runs are asked to stop and have their grace, all at once and within
    /// [`Builder::shutdown_timeout`]; what remains is dropped. A second call waits for the same end. It never ends
    /// the process.
    ///
    /// Called from inside a run of the same runtime it begins the shutdown and returns at once, because the run
    /// itself is waited for.
    ///
    /// ```standalone_crate
    /// # #[job_runtime::periodic(every = "10m")]
    /// # async fn purge_sessions() {}
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// # let runtime = job_runtime::run_all().start().await?;
    /// if let Err(error) = runtime.shutdown().await {
    ///     eprintln!("{error}"); // shut down without waiting for `purge_sessions`
    /// }
    /// assert!(runtime.trigger("purge_sessions").await.unwrap_err().is_refused());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::is_abandoned`] when runs had to be dropped, or are stuck; the text names them.
    /// [`Error::is_refused`] when the runtime is gone.
    ///
    /// # Cancel safety
    /// Once polled, the shutdown goes on when the future is dropped; it can be waited for by [`join`](Self::join).
    pub async fn shutdown(&self) -> Result {
        let engine = self.engine()?;
        let _moving = engine.home.clock.hold();
        engine.begin_shutdown();
        if is_in_run_of(&engine) {
            return Ok(());
        }
        engine.end().await
    }

    /// Waits for the end without asking for it: for [`shutdown`](Self::shutdown) somewhere else, or for
    /// [`Builder::shutdown_on`].
    ///
    /// # Errors
    /// What [`shutdown`](Self::shutdown) gives; and [`Error::is_refused`] from inside a run of the same runtime, which
    /// would wait for itself.
    ///
    /// # Cancel safety
    /// Safe: it only waits.
    pub async fn join(&self) -> Result {
        let engine = self.engine()?;
        if is_in_run_of(&engine) {
            return Err(Error::refused("a run cannot wait for the end of its own runtime"));
        }
        engine.end().await
    }

    /// A job that is kept in a store.
    fn stored(&self, name: &str) -> Option<Arc<Job>> {
        self.of_name(name, |core, _, entry| core.job(entry).filter(|job| job.is_stored()).cloned()).ok()?
    }

    /// The job of a companion type, where it is kept in a store.
    pub(crate) fn stored_companion<C: 'static>(&self) -> Option<Arc<Job>> {
        self.of_companion::<C, _>(|core, _, entry| core.job(entry).filter(|job| job.is_stored()).cloned()).ok()?
    }

    pub(crate) fn engine(&self) -> Result<Arc<Engine>> {
        self.engine.upgrade().ok_or_else(no_runtime)
    }

    /// The engine, when it takes new work.
    fn open_engine(&self) -> Result<Arc<Engine>> {
        let engine = self.engine()?;
        if engine.is_closing() {
            return Err(closing());
        }
        Ok(engine)
    }

    pub(crate) fn with<T>(&self, decide: impl FnOnce(&mut Core, &mut [Box<dyn Owner>]) -> T) -> Result<T> {
        Ok(self.engine()?.with(decide))
    }

    /// Does something with the job of a name.
    pub(crate) fn of_name<T>(&self, name: &str, act: impl FnOnce(&mut Core, &mut dyn Owner, u32) -> T) -> Result<T> {
        self.with(|core, kinds| {
            if let Some(entry) = core.names.get(name).copied() {
                return core.with_owner(kinds, entry, act);
            }
            let hint = hint(name, core.names.keys().map(|name| &**name));
            Err(Error::configuration(format!("there is no job `{name}`{hint}")))
        })?
    }

    /// Does something with the job of a companion type.
    pub(crate) fn of_companion<C: 'static, T>(
        &self,
        act: impl FnOnce(&mut Core, &mut dyn Owner, u32) -> T,
    ) -> Result<T> {
        self.with(|core, kinds| match core.companions.get(&TypeId::of::<C>()).copied() {
            Some(entry) => core.with_owner(kinds, entry, act),
            None => Err(not_here::<C>()),
        })?
    }

    /// How the arguments of the template of a companion type are hashed and compared, when they are of type `A`.
    pub(crate) fn arguments<C: 'static, A: 'static>(&self) -> Result<Arguments> {
        let engine = self.engine()?;
        let arguments = engine.home.templates.get().and_then(|templates| templates.get(&TypeId::of::<C>()).copied());
        let arguments = arguments.filter(|arguments| arguments.id == TypeId::of::<A>());
        arguments.ok_or_else(|| not_here::<C>())
    }

    /// Spawns the job of a companion type on the current runtime.
    pub(crate) fn spawn_companion<C: 'static>(when: When, given: Box<dyn Any + Send>) -> Result<Spawned> {
        // Kept here, so that what nobody takes on is not dropped under the lock.
        let mut spawn = Some(Spawn { when, trigger: Trigger::Spawn, given, keep: Keep::Output });
        let runtime = Self::current()?;
        let spawned = runtime.of_companion::<C, _>(|core, owner, entry| owner.accept(core, entry, spawn.take()?))?;
        spawned.ok_or_else(not_here::<C>)
    }

    /// Triggers the job of a companion type and gives a handle on the run.
    pub(crate) async fn trigger_companion<C: 'static, R>(&self) -> Result<JobHandle<R>> {
        if let Some(job) = self.stored_companion::<C>() {
            return Self::trigger_stored(&job, Keep::Output).await.map(JobHandle::new);
        }
        let run = self.of_companion::<C, _>(|core, owner, entry| owner.request(core, entry, true))??;
        let run = run.into_iter().next().ok_or_else(|| Error::refused("the job was removed"))?;
        Ok(JobHandle::new(run))
    }
}

/// The error of a job that is not of this runtime, or no more.
fn not_here<C>() -> Error {
    Error::configuration(format!("the job `{}` is not in this runtime", std::any::type_name::<C>()))
}

/// Whether this is asked in a run of that engine, for which its end would have to wait.
fn is_in_run_of(engine: &Engine) -> bool {
    executor::current().is_some_and(|run| Arc::ptr_eq(&run.job.home, &engine.home))
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

/// Whether a runtime is well; from [`Runtime::health`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// The engine answers within 5 s. When it does not, the process is best started anew.
    pub live: bool,
    /// It is live, and takes new work: it is not shutting down.
    pub ready: bool,
    /// The jobs whose next tick is late by more than a minute and more than their period.
    pub overdue: Vec<Arc<str>>,
}

/// The name of this machine, for what is fixed per node.
fn node() -> String {
    let file = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = file.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    name.map(|name| name.trim().to_owned()).unwrap_or_default()
}
