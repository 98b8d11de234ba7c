//! Talking to a running runtime: [`Runtime`].

mod builder;
mod current;

use std::any::TypeId;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::engine::driver::Engine;
use crate::engine::executor;
use crate::engine::supervisor::Core;
use crate::error::{Error, Result};
use crate::event::{self, Board, Events, Observer};
use crate::job::{Context, Home, Job, JobHandle, JobInfo, no_runtime};
use crate::name::hint;
use crate::outcome::Trigger;
use crate::periodic::{Periodic, Periodics, Request, reply};
use crate::schedule::{Recurrence, Timetable};

pub use builder::{Builder, run_all};

#[cfg_attr(not(feature = "testing"), expect(unused_imports, reason = "used by the test kit"))]
pub(crate) use builder::{Mode, missing};

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
    /// A runtime with its jobs, which do not tick before its engine is driven.
    fn open(
        home: Arc<Home>,
        observers: Vec<Observer>,
        shutdown_timeout: Option<Duration>,
        manual: bool,
        jobs: Vec<(Option<TypeId>, Arc<Job>)>,
    ) -> Result<Self> {
        home.clock.probe();
        executor::install_panic_hook();
        if cfg!(panic = "abort") {
            event::warn_of_abort();
        }
        let periodics = Periodics::new(node());
        let engine = Engine::new(home, Board::new(observers), vec![Box::new(periodics)], shutdown_timeout, manual);
        let guest = Self { engine: Arc::downgrade(&engine), owner: None };
        let _ = engine.home.runtime.set(Box::new(guest.clone()));
        current::register(&engine);
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
        let engine = current::engine().ok_or_else(no_runtime)?;
        Ok(Self { engine, owner: None })
    }

    /// Adds a recurring job.
    ///
    /// # Errors
    /// When there is a job of that name already, its options contradict each other, or the runtime shuts down.
    pub fn add(&self, job: Periodic) -> Result<()> {
        let engine = self.open_engine()?;
        let home = Arc::clone(&engine.home);
        let usual = self.with(|_, periodics| Arc::clone(&periodics.usual))?;
        let job = job.into_job(&home, &usual)?;
        self.with(|core, periodics| periodics.add(core, &job).map(drop))?
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

/// The name of this machine, for what is fixed per node.
fn node() -> String {
    let file = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = file.or_else(|| std::env::var("HOSTNAME").ok()).or_else(|| std::env::var("COMPUTERNAME").ok());
    name.map(|name| name.trim().to_owned()).unwrap_or_default()
}
