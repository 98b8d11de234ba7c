//! The state a job keeps between runs: one run holds it at a time, and `peek` reads it in between.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::error::{Error, Result};
use crate::outcome::RunId;

type Boxed = Box<dyn Any + Send>;

enum Content {
    /// Not made yet, or lost with the run that held it.
    None,
    Here(Boxed),
    /// This run holds it.
    Out(RunId),
}

/// The place of one state.
pub(crate) struct Cell {
    content: Mutex<Content>,
    back: Notify,
}

impl Cell {
    pub(crate) fn new() -> Self {
        Self { content: Mutex::new(Content::None), back: Notify::new() }
    }

    /// Hands the state to a run, made anew when there is none.
    pub(crate) fn take(&self, run: RunId, make: impl FnOnce() -> Option<Boxed>) -> Option<Boxed> {
        let before = std::mem::replace(&mut *self.lock(), Content::Out(run));
        match before {
            Content::Here(state) => Some(state),
            Content::None | Content::Out(_) => make(),
        }
    }

    /// Takes the state back from a run; `None` when it was lost with it.
    pub(crate) fn put(&self, state: Option<Boxed>) {
        let before = std::mem::replace(&mut *self.lock(), state.map_or(Content::None, Content::Here));
        self.back.notify_waiters();
        // It is the user's, and may panic, or ask for this place.
        drop(before);
    }

    /// Reads the state between runs; `None` when there is none.
    ///
    /// A run that wants to start meanwhile waits for `read`, which is why it cannot be async.
    ///
    /// # Errors
    /// When `asker`, the run in which this is asked, holds the state itself.
    pub(crate) async fn peek<S: 'static, T>(
        &self,
        asker: Option<RunId>,
        read: impl FnOnce(&S) -> T,
    ) -> Result<Option<T>> {
        loop {
            let back = self.back.notified();
            match &*self.lock() {
                Content::None => return Ok(None),
                Content::Here(state) => return Ok(state.downcast_ref().map(read)),
                Content::Out(holder) if Some(*holder) == asker => {
                    return Err(Error::refused("a run cannot peek into the state that it holds itself"));
                }
                Content::Out(_) => {}
            }
            back.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The functions given to `.state_with`, by the type they make.
#[derive(Default)]
pub(crate) struct Makers(HashMap<TypeId, Box<dyn Fn() -> Boxed + Send + Sync>>);

impl Makers {
    pub(crate) fn insert<S: Send + 'static>(&mut self, make: impl Fn() -> S + Send + Sync + 'static) {
        self.0.insert(TypeId::of::<S>(), Box::new(move || Box::new(make())));
    }

    pub(crate) fn has(&self, state: TypeId) -> bool {
        self.0.contains_key(&state)
    }

    pub(crate) fn make(&self, state: TypeId) -> Option<Boxed> {
        self.0.get(&state).map(|make| make())
    }
}
