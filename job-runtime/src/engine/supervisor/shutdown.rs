//! The end of everything: draining under one deadline, and dropping at once.

use super::{Core, Life, Owner, Stage, Stop};
use crate::clock::Moment;
use crate::event::EventKind;

impl Core {
    /// Nothing new starts; runs are asked to stop under one deadline.
    ///
    /// Those of a family are asked one member after another, in reverse; but what waits for a further attempt has none,
    /// wherever it is.
    pub(crate) fn drain(&mut self, kinds: &mut [Box<dyn Owner>]) {
        if self.is_closing() {
            return;
        }
        let deadline = self.shutdown_timeout.map_or(Moment::NEVER, |limit| self.now.moment + limit);
        self.life = Life::Draining { deadline };
        self.post(None, None, EventKind::ShutdownStarted);
        for kind in &mut *kinds {
            kind.on_drain(self);
        }
        self.take_down_families(deadline);
        for slot in self.runs.keys() {
            let waits = self.runs.get(slot).is_some_and(|running| running.stage == Stage::Retry);
            if waits || !self.is_in_family(slot) {
                self.stop(kinds, slot, Stop::Shutdown);
            }
        }
        self.unsettled = true;
    }

    /// Drops everything at once.
    pub(crate) fn kill(&mut self, kinds: &mut [Box<dyn Owner>]) {
        let was_over = self.is_over();
        self.life = Life::Over;
        self.timers.clear();
        for kind in &mut *kinds {
            kind.on_drain(self);
        }
        for slot in self.runs.keys() {
            let Some(running) = self.runs.get_mut(slot) else { continue };
            running.stopping.get_or_insert(Stop::Shutdown);
            running.run.ask();
            match running.stage {
                Stage::Body | Stage::Dropped => {
                    // Nobody waits for its task: one that keeps its thread would keep its handle waiting for ever.
                    self.write_off(kinds, slot);
                }
                Stage::Leaving => {}
                Stage::Guard => self.stop_guard(kinds, slot, &Stop::Shutdown),
                Stage::Retry => self.stop_retry(kinds, slot, &Stop::Shutdown),
            }
        }
        if !was_over {
            self.rest.launches.clear();
        }
    }

    /// Ends the shutdown when the last run is gone.
    pub(super) fn settle_shutdown(&mut self) {
        if matches!(self.life, Life::Draining { .. }) && self.runs.len() == 0 {
            self.life = Life::Over;
            let mut abandoned = self.abandoned.clone();
            abandoned.sort();
            abandoned.dedup();
            self.post(None, None, EventKind::ShutdownFinished { abandoned });
        }
    }
}
