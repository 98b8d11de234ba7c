//! The runtimes of this process, and which of them is meant where a job is asked for.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::runtime::{Handle, Id};

use crate::engine::driver::{CHANGES, Engine};

/// A runtime of this process.
struct Known {
    tokio: Id,
    engine: Weak<Engine>,
    alive: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
    /// Those of tests are not for everybody.
    process_wide: bool,
}

impl Known {
    /// Asked without a hold on the engine, which would be dropped here, with all that is the users', if it was the last.
    fn is_alive(&self) -> bool {
        self.engine.strong_count() > 0 && self.alive.load(Ordering::Acquire)
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }
}

fn runtimes() -> MutexGuard<'static, Vec<Known>> {
    static RUNTIMES: Mutex<Vec<Known>> = Mutex::new(Vec::new());
    RUNTIMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes an engine known.
pub(super) fn register(engine: &Arc<Engine>) {
    let mut known = runtimes();
    known.retain(Known::is_alive);
    known.push(Known {
        tokio: engine.handle().id(),
        engine: Arc::downgrade(engine),
        alive: Arc::clone(&engine.alive),
        over: Arc::clone(&engine.over),
        process_wide: !engine.home.clock.is_fake(),
    });
    CHANGES.fetch_add(1, Ordering::AcqRel);
}

/// What was found for a tokio runtime, and at which count of changes.
struct Found {
    changes: usize,
    tokio: Option<Id>,
    engine: Weak<Engine>,
}

thread_local! {
    static FOUND: RefCell<Option<Found>> = const { RefCell::new(None) };
}

/// The engine started on this tokio runtime, else the first of the process that is still there; of those that have
/// ended one only where there is no other.
///
/// Who spawns a million jobs asks a million times: the answer holds until an engine comes or goes.
pub(super) fn engine() -> Option<Weak<Engine>> {
    let here = Handle::try_current().ok().map(|handle| handle.id());
    let changes = CHANGES.load(Ordering::Acquire);
    let known = |found: &Option<Found>| {
        let found = found.as_ref().filter(|found| found.changes == changes && found.tokio == here);
        found.map(|found| found.engine.clone())
    };
    FOUND.with_borrow(known).or_else(|| {
        let engine = look_up(here)?;
        let found = Found { changes, tokio: here, engine: engine.clone() };
        drop(FOUND.replace(Some(found)));
        Some(engine)
    })
}

fn look_up(here: Option<Id>) -> Option<Weak<Engine>> {
    let known = runtimes();
    let started_here = || known.iter().rev().filter(|known| Some(known.tokio) == here && known.is_alive());
    let anywhere = || known.iter().filter(|known| known.process_wide && known.is_alive());
    let found = started_here().find(|known| !known.is_over()).or_else(|| started_here().next());
    let found = found.or_else(|| anywhere().find(|known| !known.is_over())).or_else(|| anywhere().next());
    found.map(|known| known.engine.clone())
}
