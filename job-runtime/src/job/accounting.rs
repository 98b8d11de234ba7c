//! The books of a job: every occasion to run ends in exactly one place.

use std::sync::Arc;

use crate::outcome::{MissReason, Outcome, SkipReason};

/// How the occasions of a job ended: `due = ran + skipped + missed + pending`, at every moment.
///
/// An occasion is one reason to run: a scheduled tick, a tick by hand, a trigger. Attempts of one run count once.
/// All counts begin with the runtime, and of a template they are those of all its instances.
///
/// ```standalone_crate
/// use job_runtime::{SkipReason, periodic};
///
/// #[periodic(every = "1h", when = || false)]
/// async fn never_wanted() {}
///
/// # #[tokio::main]
/// # async fn main() -> job_runtime::Result {
/// let runtime = job_runtime::run_all().start().await?;
/// let run = never_wanted::trigger().await?;
/// assert!(run.await.unwrap_err().is_refused());
///
/// let books = never_wanted::status().await?.accounting;
/// assert_eq!((books.due, books.ran, books.skipped), (1, 0, 1));
/// assert_eq!(books.skipped_for(SkipReason::Guard), 1);
/// # runtime.shutdown().await
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accounting {
    /// Occasions so far.
    pub due: u64,
    /// Those for which a run was started.
    pub ran: u64,
    /// Those decided against.
    pub skipped: u64,
    /// Those whose time was lost.
    pub missed: u64,
    /// Those not yet decided: the guard is being asked, or they wait for a place or for their jitter.
    pub pending: u64,
    reasons: Reasons,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Reasons {
    still_running: u64,
    already_pending: u64,
    superseded: u64,
    max_running: u64,
    guard: u64,
    paused: u64,
    refused: u64,
    cancelled: u64,
    stalled: u64,
    clock_stepped: u64,
    downtime: u64,
    start_deadline: u64,
    shutdown: u64,
}

impl Accounting {
    /// Occasions skipped for this reason; over all reasons they add up to `skipped`.
    #[must_use]
    pub fn skipped_for(&self, reason: SkipReason) -> u64 {
        let mut reasons = self.reasons;
        *reasons.skip(reason)
    }

    /// Occasions missed for this reason; over all reasons they add up to `missed`.
    #[must_use]
    pub fn missed_for(&self, reason: MissReason) -> u64 {
        let mut reasons = self.reasons;
        *reasons.miss(reason)
    }

    /// Whether every occasion is accounted for.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) fn balances(&self) -> bool {
        self.due == self.ran + self.skipped + self.missed + self.pending
    }
}

impl Reasons {
    fn skip(&mut self, reason: SkipReason) -> &mut u64 {
        match reason {
            SkipReason::StillRunning => &mut self.still_running,
            SkipReason::AlreadyPending => &mut self.already_pending,
            SkipReason::Superseded => &mut self.superseded,
            SkipReason::MaxRunning => &mut self.max_running,
            SkipReason::Guard => &mut self.guard,
            SkipReason::Paused => &mut self.paused,
            SkipReason::Refused => &mut self.refused,
            SkipReason::Cancelled => &mut self.cancelled,
        }
    }

    fn miss(&mut self, reason: MissReason) -> &mut u64 {
        match reason {
            MissReason::Stalled => &mut self.stalled,
            MissReason::ClockStepped => &mut self.clock_stepped,
            MissReason::Downtime => &mut self.downtime,
            MissReason::StartDeadline => &mut self.start_deadline,
            MissReason::Shutdown => &mut self.shutdown,
        }
    }
}

/// What the engine writes down about a job.
///
/// The losses are boxed: most of a million jobs never have any.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    due: u64,
    ran: u64,
    /// Counted up and down by itself, not derived: the identity is worth checking only so.
    pending: u64,
    losses: Option<Box<Losses>>,
    pub(crate) running: usize,
    pub(crate) failures_in_a_row: u32,
    pub(crate) last_outcome: Option<Outcome>,
    pub(crate) paused: Option<Arc<str>>,
}

#[derive(Debug, Default)]
struct Losses {
    skipped: u64,
    missed: u64,
    reasons: Reasons,
}

impl Ledger {
    /// New occasions, not yet decided.
    pub(crate) fn due(&mut self, count: u64) {
        self.due += count;
        self.pending += count;
    }

    pub(crate) fn ran(&mut self) {
        self.ran += 1;
        self.pending -= 1;
    }

    pub(crate) fn skipped(&mut self, reason: SkipReason) {
        self.pending -= 1;
        let losses = self.losses.get_or_insert_default();
        losses.skipped += 1;
        *losses.reasons.skip(reason) += 1;
    }

    pub(crate) fn missed(&mut self, reason: MissReason, count: u64) {
        self.pending -= count;
        let losses = self.losses.get_or_insert_default();
        losses.missed += count;
        *losses.reasons.miss(reason) += count;
    }

    pub(crate) fn accounting(&self) -> Accounting {
        let (skipped, missed, reasons) = self
            .losses
            .as_ref()
            .map_or_else(Default::default, |losses| (losses.skipped, losses.missed, losses.reasons));
        Accounting { due: self.due, ran: self.ran, skipped, missed, pending: self.pending, reasons }
    }
}
