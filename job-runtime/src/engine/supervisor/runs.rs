//! The runs of a runtime, found: those that are on, and those of a job or of one of its records.

use std::sync::Arc;

use super::{Core, Stage};
use crate::job::Run;
use crate::outcome::RunId;

impl Core {
    /// The runs that are on, those waiting for a retry included.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) fn running(&self) -> impl Iterator<Item = &Arc<Run>> {
        let on = self.runs.iter().filter(|(_, running)| running.is_on());
        on.map(|(_, running)| &running.run)
    }

    /// Whether no run has a task, and none waits for its next attempt.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) fn is_idle(&self) -> bool {
        self.runs.len() == 0
    }

    /// How often what has a task was polled.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) fn polls(&self) -> u64 {
        self.runs.iter().map(|(_, running)| u64::from(running.run.polls())).sum()
    }

    /// The runs that keep a test's clock still.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) fn blocking(&self) -> impl Iterator<Item = &Arc<Run>> {
        let on = self.runs.iter().filter(|(_, running)| running.stage == Stage::Body);
        on.map(|(_, running)| &running.run).filter(|run| run.job.is_blocking())
    }

    pub(crate) fn run_id(&self, slot: u32) -> Option<RunId> {
        self.runs.get(slot).map(|running| running.run.id)
    }

    /// The slot of a run that has one.
    pub(crate) fn slot_of(&self, run: &Arc<Run>) -> Option<u32> {
        let slot = run.slot();
        self.runs.get(slot).filter(|running| Arc::ptr_eq(&running.run, run)).map(|_| slot)
    }

    /// Whether the run in a slot is one of this record of a kind, and not still asking its guard.
    pub(crate) fn is_run_of(&self, slot: u32, entry: u32, unit: u32) -> bool {
        let running = self.runs.get(slot).filter(|running| running.is_on());
        running.is_some_and(|running| running.run.entry == entry && running.run.unit == unit)
    }

    /// Every run of a job, those that still ask their guard included; looks at all runs.
    pub(crate) fn runs_of_job(&self, entry: u32) -> Vec<u32> {
        let of = self.runs.iter().filter(|(_, running)| running.run.entry == entry);
        of.map(|(slot, _)| slot).collect()
    }

    /// The runs of one record of a kind, without those that still ask their guard; looks at all runs.
    pub(crate) fn runs_of(&self, entry: u32, unit: u32) -> Vec<u32> {
        self.runs.keys().into_iter().filter(|slot| self.is_run_of(*slot, entry, unit)).collect()
    }
}
