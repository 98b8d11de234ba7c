//! A job as it is put into a store, and as it is claimed.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::clock::later;
use crate::outcome::Trigger;
use crate::policy::unique::{OnConflict, UniqueFor};

/// When a job is to run for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Now,
    After(Duration),
    At(SystemTime),
}

impl Due {
    /// The time that is meant.
    pub(crate) fn time(self, now: SystemTime) -> SystemTime {
        match self {
            Self::Now => now,
            Self::After(delay) => later(now, delay),
            Self::At(time) => time,
        }
    }
}

/// Jobs of one kind that are put in together.
#[derive(Clone, Debug)]
pub(crate) struct NewJobs {
    pub(crate) queue: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) priority: u32,
    pub(crate) due: Due,
    pub(crate) max_attempts: u32,
    pub(crate) unique: Option<(UniqueFor, OnConflict)>,
    pub(crate) jobs: Vec<NewJob>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct NewJob {
    /// Its arguments, as JSON.
    pub(crate) args: String,
    /// What makes it the same as another, where that matters.
    pub(crate) key: Option<String>,
}

/// One attempt at one job: the number of its row, the attempt from 1, and what was drawn when it was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Claim {
    pub(crate) id: i64,
    pub(crate) attempt: u32,
    pub(crate) token: i64,
}

/// A job that a node has claimed.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) claim: Claim,
    pub(crate) name: Arc<str>,
    pub(crate) queue: Arc<str>,
    pub(crate) args: String,
    /// When it was due at first, which is its identity for those who run it, and when it was due now.
    pub(crate) scheduled_at: SystemTime,
    pub(crate) run_at: SystemTime,
    pub(crate) max_attempts: u32,
    /// How often it was started, this time included.
    pub(crate) starts: u32,
    /// How often its process died under it.
    pub(crate) deaths: u32,
    pub(crate) trigger: Trigger,
    /// Whether it keeps others out by a key.
    pub(crate) keyed: bool,
    /// Whether its guard is to be asked first.
    pub(crate) asking: bool,
}

impl Row {
    /// Whether it runs alone among those that had their process die under them.
    pub(crate) fn is_solitary(&self) -> bool {
        self.deaths > 1
    }
}

/// Why a job is parked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Parked {
    /// Its queue is worked on, and no node has a job of its name. It waits again as soon as one joins that has.
    Unknown,
    /// Its arguments could not be read by the job of its name.
    Undecodable,
    /// Its process died under it three times, or as often as
    /// [`quarantine_after`](crate::StoreConfig::quarantine_after) says.
    Quarantined,
}

impl Parked {
    const ALL: [Self; 3] = [Self::Unknown, Self::Undecodable, Self::Quarantined];

    /// The word in metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Undecodable => "undecodable",
            Self::Quarantined => "quarantined",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|parked| parked.as_str() == word)
    }
}
