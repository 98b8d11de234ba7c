//! What the proxy is to do, and which connections there are: the one place where both are known.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::link::Pair;
use super::message::Message;
use super::unit::Unit;
use super::{Counts, Direction, Flaky};
use crate::random::Random;

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Pass,
    Drop,
    /// The connection has ended.
    End,
}

/// The state, and who waits for it to change.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    switches: Switches,
    links: BTreeMap<usize, Link>,
    counts: Counts,
    /// How many messages have been held since the last stall began.
    held: usize,
    is_closed: bool,
}

/// How it is set; by default everything passes.
#[derive(Debug, Default)]
struct Switches {
    refuses: bool,
    stalls: Option<Direction>,
    flaky: Option<(Flaky, Random)>,
    drops_notifications: bool,
}

/// A connection that has not ended.
#[derive(Debug)]
struct Link {
    pair: Arc<Pair>,
    /// Units that the server has not answered yet, the greeting included.
    unanswered: usize,
    in_transaction: bool,
    /// The unit that is unanswered is committed without the client hearing of it.
    is_lost: bool,
}

// ---- the switches

impl Desk {
    pub(crate) fn pass(&self) {
        self.set(|switches| *switches = Switches::default());
    }

    pub(crate) fn refuse(&self) {
        self.set(|switches| switches.refuses = true);
    }

    pub(crate) fn stall(&self, direction: Direction) {
        self.state().held = 0;
        self.set(|switches| switches.stalls = Some(direction));
    }

    pub(crate) fn await_held(&self) {
        drop(self.wait_while(|state| state.held == 0));
    }

    pub(crate) fn flaky(&self, flaky: Flaky) {
        self.set(|switches| switches.flaky = Some((flaky, Random::new(flaky.seed))));
    }

    pub(crate) fn drop_notifications(&self) {
        self.set(|switches| switches.drops_notifications = true);
    }

    pub(crate) fn cut(&self) -> usize {
        let mut state = self.state();
        let cut = state.links.len();
        state.counts.cut += cut;
        state.end_all();
        self.changed.notify_all();
        cut
    }

    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        state.end_all();
        self.changed.notify_all();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    pub(crate) fn counts(&self) -> Counts {
        self.state().counts
    }

    fn set(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.state().switches);
        self.changed.notify_all();
    }
}

// ---- the connections

impl Desk {
    /// Enters a connection, and gives the number it is known by; `None` when it is refused.
    pub(crate) fn open(&self, pair: &Arc<Pair>) -> Option<usize> {
        let mut state = self.state();
        if state.switches.refuses {
            state.counts.refused += 1;
            return None;
        }
        let number = state.counts.opened;
        state.counts.opened += 1;
        let pair = Arc::clone(pair);
        state.links.insert(number, Link { pair, unanswered: 1, in_transaction: false, is_lost: false });
        Some(number)
    }

    /// Ends a connection, if it has not ended.
    pub(crate) fn remove(&self, number: usize) {
        self.state().end(number);
        self.changed.notify_all();
    }

    /// Waits until something a client sent may go on, and says whether it does; of a unit that is complete, it is
    /// given the unit.
    pub(crate) fn send(&self, number: usize, complete: Option<&Unit>) -> Fate {
        let mut state = self.wait_at_stall(number, Direction::ToServer, |state, link| {
            complete.is_some() && link.unanswered > 0 && (link.is_lost || state.switches.flaky.is_some())
        });
        match complete {
            Some(unit) => state.judge(number, unit),
            None if state.links.contains_key(&number) => Fate::Pass,
            None => Fate::End,
        }
    }

    /// Waits until something the server sent may go on, and says what becomes of it.
    pub(crate) fn receive(&self, number: usize, message: &Message) -> Fate {
        let fate = self.wait_at_stall(number, Direction::ToClient, |_, _| false).receive(number, message);
        self.changed.notify_all();
        fate
    }

    /// Waits while this way is stalled, or for another reason; not longer than there is the connection.
    fn wait_at_stall(
        &self,
        number: usize,
        direction: Direction,
        other: impl Fn(&State, &Link) -> bool,
    ) -> MutexGuard<'_, State> {
        let mut is_counted = false;
        self.wait_while(|state| {
            let Some(link) = state.links.get(&number) else { return false };
            let is_stalled = state.switches.stall(direction);
            let waits = is_stalled || other(state, link);
            if is_stalled && !is_counted {
                is_counted = true;
                state.held += 1;
                self.changed.notify_all();
            }
            waits
        })
    }

    fn wait_while(&self, condition: impl FnMut(&mut State) -> bool) -> MutexGuard<'_, State> {
        self.changed.wait_while(self.state(), condition).unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Switches {
    fn stall(&self, direction: Direction) -> bool {
        self.stalls.is_some_and(|stalls| stalls == direction || stalls == Direction::Both)
    }

    /// What becomes of the next commit.
    fn accident(&mut self) -> Option<Accident> {
        let (flaky, random) = self.flaky.as_mut()?;
        let number = random.within(0, 99);
        match number {
            _ if number < flaky.before => Some(Accident::Before),
            _ if number < flaky.before + flaky.after => Some(Accident::After),
            _ => None,
        }
    }
}

enum Accident {
    Before,
    After,
}

impl State {
    fn judge(&mut self, number: usize, unit: &Unit) -> Fate {
        let Some(link) = self.links.get_mut(&number) else { return Fate::End };
        let accident = if unit.commits(link.in_transaction) { self.switches.accident() } else { None };
        if let Some(Accident::Before) = accident {
            self.counts.before += 1;
            self.end(number);
            return Fate::End;
        }
        link.unanswered += 1;
        link.is_lost = accident.is_some();
        Fate::Pass
    }

    fn receive(&mut self, number: usize, message: &Message) -> Fate {
        let Some(link) = self.links.get_mut(&number) else { return Fate::End };
        let is_lost = link.is_lost;
        if message.tag == b'Z' {
            link.unanswered = link.unanswered.saturating_sub(1);
            link.in_transaction = message.is_in_transaction();
            if is_lost {
                self.counts.after += 1;
                self.end(number);
                return Fate::End;
            }
        }
        let is_dropped = message.tag == b'A' && self.switches.drops_notifications;
        self.counts.notifications += usize::from(is_dropped);
        if is_lost || is_dropped { Fate::Drop } else { Fate::Pass }
    }

    fn end(&mut self, number: usize) {
        if let Some(link) = self.links.remove(&number) {
            link.pair.shut();
        }
    }

    fn end_all(&mut self) {
        for link in std::mem::take(&mut self.links).into_values() {
            link.pair.shut();
        }
    }
}
