//! A job as the engine sees it: what was written at the attribute, checked, and what runs it.

mod accounting;
pub mod argument_probe;
mod arguments;
mod config;
mod context;
mod data;
mod glue;
mod group;
mod handle;
mod info;
#[cfg(feature = "cron")]
mod local;
mod options;
mod run;
mod signature;
mod spawn;
mod state;
pub mod state_probe;
#[cfg(feature = "_durable")]
mod stored;
#[cfg(not(feature = "_durable"))]
#[path = "not_stored.rs"]
mod stored;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};

use crate::clock::Clock;
use crate::error::Error;
use crate::outcome::Kind;
use crate::schedule::Timetable;

pub use accounting::Accounting;
pub use config::JobConfig;
pub use context::Context;
pub use glue::{Input, Report, Return, Shared, State};
pub use group::{Group, Member};
pub use handle::JobHandle;
pub use info::JobInfo;
pub use options::check_backoff;
pub use signature::{AsArgument, AsData, AsMessage, AsRepeated, AsState, ErrorOf, IsJob};
pub use stored::{AsQueued, check_cluster, check_queue};

pub(crate) use accounting::Ledger;
pub(crate) use arguments::{Args, Arguments, Key, Message, Unknown, Wire};
pub(crate) use data::{ByType, Data, Need};
pub(crate) use glue::{Cause, Verdict};
pub(crate) use handle::Ending;
#[cfg(feature = "_durable")]
pub(crate) use options::PRIORITIES;
pub(crate) use options::{DelayMode, Grace, Options, Signature};
pub(crate) use run::{Directive, Keep, Order, Phase, Run};
pub(crate) use spawn::{Spawn, Spawned, When};
pub(crate) use state::{Cell, Makers};

/// A boxed future that may move between threads.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send + 'static>>;
pub(crate) type Guard = fn(Context) -> BoxFuture<bool>;

/// Where a job was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub(crate) name: &'static str,
    pub(crate) module: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

impl Place {
    /// Called by the expansion of the attributes.
    #[must_use]
    pub const fn new(name: &'static str, module: &'static str, file: &'static str, line: u32) -> Self {
        Self { name, module, file, line }
    }
}

/// The type beside a function, as the key of its job.
#[must_use]
pub fn companion<C: 'static>() -> TypeId {
    TypeId::of::<C>()
}

/// What is called when a run starts.
pub(crate) enum Body {
    Async(Box<dyn Fn(Input) -> BoxFuture<Report> + Send + Sync>),
    /// A plain function, on a thread of its own.
    Blocking(fn(Input) -> Report),
}

/// Makes a state.
pub(crate) type Maker = Box<dyn Fn() -> Box<dyn Any + Send> + Send + Sync>;

/// The state a job keeps between runs: its type, and how one is made when none is there.
pub(crate) struct Stateful {
    pub(crate) type_id: TypeId,
    pub(crate) type_name: &'static str,
    pub(crate) default: Option<Maker>,
}

/// A checked job.
pub(crate) struct Job {
    pub(crate) name: Arc<str>,
    pub(crate) kind: Kind,
    pub(crate) place: &'static Place,
    pub(crate) timetable: Timetable,
    pub(crate) options: Arc<Options>,
    pub(crate) body: Body,
    pub(crate) guard: Option<Guard>,
    pub(crate) needs: Arc<[Need]>,
    pub(crate) state: Option<Box<Stateful>>,
    /// Its arguments by value, which make it a template.
    pub(crate) arguments: Option<Arguments>,
    /// What those who spawn a job on demand give it.
    pub(crate) message: Option<Message>,
    /// How they are written where they wait in a store.
    #[cfg_attr(not(feature = "_durable"), expect(dead_code, reason = "asked by the kind that has a store"))]
    pub(crate) wire: Option<Wire>,
    pub(crate) home: Arc<Home>,
    /// Its number in the engine, once it is there.
    pub(crate) entry: OnceLock<u32>,
}

impl Job {
    pub(crate) fn entry(&self) -> u32 {
        self.entry.get().copied().unwrap_or(u32::MAX)
    }

    pub(crate) fn set_entry(&self, entry: u32) {
        let _ = self.entry.set(entry);
    }

    /// Whether its runs are kept in a store, which also sees to their further attempts.
    pub(crate) fn is_stored(&self) -> bool {
        self.options.is_stored()
    }

    /// Whether a run can hear that it is asked to stop.
    pub(crate) fn hears(&self) -> bool {
        self.is_blocking() || self.needs.iter().any(Need::is_context)
    }

    /// Whether the job is a plain function, which cannot be dropped while it runs.
    pub(crate) fn is_blocking(&self) -> bool {
        matches!(self.body, Body::Blocking(_))
    }

    /// A new state for a run, when the job has one.
    pub(crate) fn make_state(&self) -> Option<Box<dyn Any + Send>> {
        let state = self.state.as_ref()?;
        self.home.makers.make(state.type_id).or_else(|| state.default.as_ref().map(|make| make()))
    }

    /// Everything missing that a run would need.
    pub(crate) fn missing(&self) -> Vec<String> {
        let data = self.needs.iter().filter_map(|need| self.home.data.missing(need));
        let state = self.state.iter().filter(|state| state.default.is_none() && !self.home.makers.has(state.type_id));
        let state = state.map(|state| {
            let name = state.type_name;
            format!("its state `{name}` has no `Default`: write `.state_with(|| …)` with a function that makes one")
        });
        data.chain(state).map(|text| format!("job `{}`: {text}", self.name)).collect()
    }

    pub(crate) fn started_already(&self) -> Error {
        Error::refused(format!("job `{}` is started for these arguments already", self.name))
    }

    pub(crate) fn takes_no_arguments(&self) -> Error {
        Error::refused(format!("job `{}` takes no arguments", self.name))
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What all jobs of one runtime share.
pub(crate) struct Home {
    pub(crate) clock: Clock,
    pub(crate) data: Data,
    pub(crate) makers: Makers,
    /// Stops runs for their handles; set by the engine.
    pub(crate) conductor: OnceLock<Weak<dyn Conductor>>,
    /// How the arguments of templates are hashed and compared, by the types beside their functions.
    pub(crate) templates: OnceLock<HashMap<TypeId, Arguments>>,
    /// The store as its kind lays it open, where there is one.
    #[cfg_attr(not(feature = "_durable"), expect(dead_code, reason = "set by the kind that has a store"))]
    pub(crate) store: OnceLock<Box<dyn Any + Send + Sync>>,
    /// The runtime as a context hands it out; set by the surface, which alone knows its type.
    pub(crate) runtime: OnceLock<Box<dyn Any + Send + Sync>>,
}

/// What a run's handle asks of the engine.
pub(crate) trait Conductor: Send + Sync {
    /// Asks the run to stop, whatever it is waiting for.
    fn cancel(self: Arc<Self>, run: &Arc<Run>, reason: &str);

    /// Whether it is a run that comes first which waits for this one.
    fn waits_for_itself(&self, run: &Run) -> bool;
}

impl Home {
    pub(crate) fn new(clock: Clock, data: Data, makers: Makers) -> Self {
        let (conductor, templates, store, runtime) = Default::default();
        Self { clock, data, makers, conductor, templates, store, runtime }
    }
}

/// The error of a request that comes too late.
pub(crate) fn closing() -> Error {
    Error::refused("the job runtime is shutting down")
}

/// The error of a request that no runtime can take.
pub(crate) fn no_runtime() -> Error {
    Error::refused("no job runtime is running here: start one with `job_runtime::run_all()`")
}
