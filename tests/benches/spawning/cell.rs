//! A cell of the comparison: who is measured, doing what, how often.

use std::fmt;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// Floor: a bare tokio task with the same body.
    Tokio,
    /// Ours: a `#[job]`.
    Job,
}

impl Contender {
    pub(crate) const ALL: [Self; 2] = [Self::Tokio, Self::Job];
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tokio => "tokio",
            Self::Job => "job",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Batches of a body that does nothing.
    Nothing,
    /// Batches of a body that lets others have their turn once.
    Yielding,
    /// Everything runs, and waits for what does not come.
    Waiting,
    /// Everything is to run in an hour.
    Later,
    /// Everything is spawned at once and runs to its end.
    Million,
}

impl Phase {
    pub(crate) const ALL: [Self; 5] = [Self::Nothing, Self::Yielding, Self::Waiting, Self::Later, Self::Million];
    pub(crate) const RATES: [Self; 2] = [Self::Nothing, Self::Yielding];
    pub(crate) const MEMORY: [Self; 2] = [Self::Waiting, Self::Later];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Nothing => "nothing",
            Self::Yielding => "yielding",
            Self::Waiting => "waiting",
            Self::Later => "later",
            Self::Million => "million",
        })
    }
}

/// What becomes of the handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handles {
    Dropped,
    /// Kept, and awaited where there is an end.
    Kept,
}

impl Handles {
    pub(crate) const ALL: [Self; 2] = [Self::Dropped, Self::Kept];
}

impl fmt::Display for Handles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dropped => "dropped",
            Self::Kept => "kept",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) phase: Phase,
    pub(crate) handles: Handles,
    pub(crate) contender: Contender,
    /// How many are spawned: in a batch, or altogether.
    pub(crate) jobs: u32,
    /// For how long batches are spawned, a whole number of milliseconds.
    pub(crate) window: Duration,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.phase, self.handles, self.contender)
    }
}

impl Cell {
    /// What [`Cell::from_arguments`] reads in the child process.
    pub(crate) fn arguments(&self) -> [String; 5] {
        [
            self.phase.to_string(),
            self.handles.to_string(),
            self.contender.to_string(),
            self.jobs.to_string(),
            self.window.as_millis().to_string(),
        ]
    }

    pub(crate) fn from_arguments(arguments: &[String]) -> Option<Self> {
        let [phase, handles, contender, jobs, window] = arguments else {
            return None;
        };
        Some(Self {
            phase: Phase::ALL.into_iter().find(|known| known.to_string() == *phase)?,
            handles: Handles::ALL.into_iter().find(|known| known.to_string() == *handles)?,
            contender: Contender::ALL.into_iter().find(|known| known.to_string() == *contender)?,
            jobs: jobs.parse().ok()?,
            window: Duration::from_millis(window.parse().ok()?),
        })
    }
}
