//! A cell of the comparison: who is measured, doing what, how often, for how long.

use std::fmt;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// Floor: a tokio task per job around `tokio::time::interval`.
    Tasks,
    /// Floor: one task with a heap of deadlines that spawns a task per fire.
    HeapSpawn,
    /// Ours: one `#[periodic]` template, one instance per schedule.
    Instances,
    /// Ours: one `Periodic` added to the runtime per schedule.
    Added,
}

impl Contender {
    pub(crate) const ALL: [Self; 4] = [Self::Tasks, Self::HeapSpawn, Self::Instances, Self::Added];
    pub(crate) const OURS: [Self; 2] = [Self::Instances, Self::Added];

    pub(crate) fn is_ours(self) -> bool {
        Self::OURS.contains(&self)
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tasks => "tasks",
            Self::HeapSpawn => "heap-spawn",
            Self::Instances => "instances",
            Self::Added => "added",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Ticks spread evenly over the period.
    Spread,
    /// All ticks at the same instants.
    Herd,
    /// Everything registered at once; nothing is due while measuring.
    Register,
    /// Nothing is due for minutes.
    Idle,
}

impl Phase {
    pub(crate) const ALL: [Self; 4] = [Self::Spread, Self::Herd, Self::Register, Self::Idle];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Spread => "spread",
            Self::Herd => "herd",
            Self::Register => "register",
            Self::Idle => "idle",
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) phase: Phase,
    pub(crate) jobs: u32,
    pub(crate) contender: Contender,
    /// Each schedule's period, a whole number of milliseconds.
    pub(crate) period: Duration,
    /// How many measuring windows there are.
    pub(crate) windows: u32,
    /// Length of one window, a multiple of the period where anything fires.
    pub(crate) window: Duration,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.phase, self.jobs, self.contender)
    }
}

impl Cell {
    /// What [`Cell::from_arguments`] reads in the child process.
    pub(crate) fn arguments(&self) -> [String; 6] {
        [
            self.phase.to_string(),
            self.jobs.to_string(),
            self.contender.to_string(),
            self.period.as_millis().to_string(),
            self.windows.to_string(),
            self.window.as_millis().to_string(),
        ]
    }

    pub(crate) fn from_arguments(arguments: &[String]) -> Option<Self> {
        let [phase, jobs, contender, period, windows, window] = arguments else {
            return None;
        };
        Some(Self {
            phase: Phase::ALL.into_iter().find(|known| known.to_string() == *phase)?,
            jobs: jobs.parse().ok()?,
            contender: Contender::ALL.into_iter().find(|known| known.to_string() == *contender)?,
            period: Duration::from_millis(period.parse().ok()?),
            windows: windows.parse().ok()?,
            window: Duration::from_millis(window.parse().ok()?),
        })
    }
}
