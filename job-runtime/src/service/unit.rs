//! The record of one service, or of one instance of a template.

use std::sync::Arc;

use crate::clock::Moment;
use crate::engine::instances::Instance;
use crate::job::{Args, Cell, Job, Run};
use crate::policy::restart::Window;

/// One service at work.
pub(super) struct Unit {
    pub(super) job: Arc<Job>,
    pub(super) args: Option<Args>,
    pub(super) hash: u32,
    pub(super) stamp: u32,
    pub(super) cell: Option<Arc<Cell>>,
    pub(super) standing: Standing,
    /// The ends that count, unless its group counts them.
    pub(super) window: Window,
    /// Restarts since a run last stayed up for long.
    pub(super) streak: u32,
    /// When the run that is on, or was the last, began.
    pub(super) since: Moment,
    /// Its run was asked to stop, and ends for no other reason.
    pub(super) stopping: bool,
    /// Stopped by its user: it goes when its run has ended.
    pub(super) leaving: bool,
    /// Started anew meanwhile: then another takes its place.
    pub(super) again: bool,
}

/// How a service stands.
pub(super) enum Standing {
    /// Not begun, or stopped: by a pause, by its group, or because it ended at a time when it could not be restarted.
    Down,
    On,
    /// Waiting for its restart at a moment.
    Restarts(Arc<Run>, Moment),
    /// It has ended as it should, and is not started again by itself.
    Ended,
}

impl Instance for Unit {
    fn stamp(&self) -> u32 {
        self.stamp
    }

    fn args(&self) -> Option<&Args> {
        self.args.as_ref()
    }

    fn hash(&self) -> u32 {
        self.hash
    }

    fn is_leaving(&self) -> bool {
        self.leaving
    }

    fn again(&mut self) -> Option<&mut bool> {
        self.leaving.then_some(&mut self.again)
    }
}
