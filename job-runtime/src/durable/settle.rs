//! How an attempt ended, as it is written down.

use std::sync::Arc;
use std::time::Duration;

use super::row::{Claim, Parked};
use crate::outcome::Outcome;

/// What is written down about the end of one attempt.
#[derive(Clone, Debug)]
pub(crate) struct Settlement {
    pub(crate) claim: Claim,
    pub(crate) end: End,
    /// How the attempt ended, for its history.
    pub(crate) outcome: Outcome,
    pub(crate) error: Option<Arc<str>>,
    /// Whether the row keeps others out by a key, which may end with it.
    pub(crate) keyed: bool,
    /// The name of its job, and whether others may wait for its end.
    pub(crate) name: Arc<str>,
    pub(crate) awaited: bool,
}

/// What becomes of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Completed,
    Cancelled,
    /// It failed for the last time.
    Discarded,
    /// It waits for its next attempt.
    Retry(Duration),
    /// It waits to be run again, and this attempt does not count.
    Snooze(Duration),
    /// It waits again as if it had not been claimed.
    Released,
    /// It waits for a person.
    Parked(Parked),
    /// It was decided against before it began, and leaves no row.
    Declined,
}

impl End {
    /// Whether it waits to be run again.
    pub(crate) fn is_repeated(self) -> bool {
        matches!(self, Self::Retry(_) | Self::Snooze(_) | Self::Released)
    }
}
