//! What the driver looks at: the timers, both clocks, and the threads of what runs.

use std::sync::Arc;
use std::time::Duration;

use super::{Core, Owner, of_topic};
use crate::clock::{Moment, Now};
use crate::engine::timers::Topic;
use crate::event::EventKind;
use crate::outcome::MissReason;

/// How much is done, in alarms handled, before others get the lock and the thread.
const BATCH: usize = 128;
/// Waking later than planned by more than this is a stall.
const STALL: Duration = Duration::from_secs(1);
/// A run that has not yielded for so long is told of.
const WATCH: Duration = Duration::from_secs(10);
/// The longest wait while anything follows the wall clock, so that suspends and steps are seen.
const GLANCE: Duration = Duration::from_secs(30);
/// A difference between the two clocks that is a step, not their drift.
const STEP: Duration = Duration::from_secs(1);
/// A difference that has grown since alarms were armed, by drift and by steps too small to be told of: a wait of a
/// year would be late by all of them.
const DRIFT: Duration = Duration::from_millis(10);

impl Core {
    /// When to look at the timers next.
    ///
    /// The machine's wall clock can be moved unseen; a test's is moved by its harness alone, which says so.
    pub(crate) fn next_look(&mut self) -> Moment {
        let next = self.timers.next().min(self.watch);
        // What is remembered of a tick is a time of the wall clock, whichever clock the tick follows.
        let follows = self.wall_armed > 0 || self.remembers();
        let blind = !follows || self.is_closing() || (self.fake && !self.moved);
        if blind { next } else { next.min(self.now.moment + GLANCE) }
    }

    /// The wall clock of a test was moved.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "the test kit's clock"))]
    pub(crate) fn wall_moved(&mut self) {
        self.moved = true;
    }

    /// Sees stalls, suspends and steps of the wall clock.
    pub(crate) fn look_at_clocks(&mut self, kinds: &mut [Box<dyn Owner>], planned: Moment) {
        let late = self.now.moment.since(planned);
        if planned != Moment::NEVER && late > STALL {
            self.post(None, None, EventKind::Stalled { lasted: late });
        }
        self.moved = false;
        let (forward, by) = self.ahead_of(self.seen);
        let (_, drift) = self.ahead_of(self.in_line);
        self.seen = self.now;
        if by > STEP {
            self.post(None, None, EventKind::ClockStepped { forward, by });
        }
        if by > STEP || drift > DRIFT {
            self.in_line = self.now;
            // What comes due in a stall is no fault of the drift that is seen after it.
            let reason = if by > STEP { MissReason::ClockStepped } else { MissReason::Stalled };
            for kind in kinds {
                kind.on_step(self, reason);
            }
        }
    }

    /// Whether and how far the wall clock is ahead of where it would be, had both clocks gone alike since `then`.
    fn ahead_of(&self, then: Now) -> (bool, Duration) {
        match self.now.wall.duration_since(then.wall_at(self.now.moment)) {
            Ok(ahead) => (true, ahead),
            Err(behind) => (false, behind.duration()),
        }
    }

    /// Handles alarms that are due; true when there are more.
    pub(crate) fn handle_due(&mut self, kinds: &mut [Box<dyn Owner>]) -> bool {
        for asked in self.pings.drain(..) {
            let _ = asked.send(());
        }
        if self.watch <= self.now.moment {
            self.look_for_blocking();
        }
        self.effort = 0;
        while self.effort < BATCH {
            self.effort += 1;
            let Some(alarm) = self.timers.due(self.now.moment) else { return false };
            match alarm.topic() {
                Topic::Run => self.run_alarm(kinds, alarm),
                Topic::Group => self.family_alarm(kinds, alarm),
                topic @ (Topic::Tick | Topic::Waiting | Topic::Spawned | Topic::Restart) => {
                    if let Some(kind) = of_topic(kinds, topic) {
                        kind.on_alarm(self, alarm);
                    }
                }
            }
            self.settle(kinds);
        }
        true
    }

    /// Tells of runs that have been in one poll since the engine last looked.
    fn look_for_blocking(&mut self) {
        let mut blocking = Vec::new();
        for slot in self.runs.keys() {
            let Some(running) = self.runs.get_mut(slot) else { continue };
            let polls = running.run.polls();
            let stays = std::mem::replace(&mut running.polls, polls) == polls && polls % 2 == 1;
            if stays && !running.told {
                blocking.push(Arc::clone(&running.run));
            }
            running.told = stays;
        }
        for run in blocking {
            self.post(Some(&run.job), Some(run.id), EventKind::Blocking { lasted: WATCH });
        }
        self.watch = if self.runs.len() == 0 { Moment::NEVER } else { self.now.moment + WATCH };
    }

    /// Makes sure that somebody looks after what runs.
    pub(super) fn watch_over(&mut self) {
        if self.watch == Moment::NEVER && !self.fake {
            self.watch = self.now.moment + WATCH;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::clock::Clock;
    use crate::engine::supervisor::Chronicle;
    use crate::event::Board;

    #[test]
    fn whoever_remembers_looks_at_the_wall_clock() {
        let now = Clock::real().now();
        let mut core = Core::new(now, Arc::new(Board::new(Vec::new())), None, false, false);
        assert_eq!(core.next_look(), Moment::NEVER);
        core.keep(Chronicle::new(HashMap::new(), Arc::default()));
        assert_eq!(core.next_look(), now.moment + GLANCE);
    }
}
