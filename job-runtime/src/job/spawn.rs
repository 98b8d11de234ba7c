//! What a job on demand is spawned with, and what comes of it at once.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Keep, Run};
use crate::outcome::Trigger;

/// When a job is to run.
#[derive(Clone, Copy)]
pub(crate) enum When {
    Now,
    After(Duration),
    /// By the wall clock.
    At(SystemTime),
}

/// What a job is spawned with.
pub(crate) struct Spawn {
    pub(crate) when: When,
    pub(crate) trigger: Trigger,
    pub(crate) given: Box<dyn Any + Send>,
    pub(crate) keep: Keep,
}

/// A run that was asked for.
pub(crate) struct Spawned {
    pub(crate) run: Arc<Run>,
    /// Why it was not taken on.
    pub(crate) refused: Option<Arc<str>>,
}
