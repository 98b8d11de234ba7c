//! Sets runs going, many of them with few tasks.
//!
//! A task per run costs more than running a short job. Runs that come in a crowd, or hard upon each other, are
//! therefore polled by a few carriers, one per worker at most, which share them; a run that still waits when it is
//! polled once more gets a task of its own, and one that does not wait, or only let others have their turn, never
//! needs it. Runs that come alone get their task at once.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as Task, Poll};
use std::time::Duration;

use tokio::runtime::Handle;

use super::executor::{Attempt, Launch, Supervise, own_task, prepare};
use super::few::Few;
use crate::clock::Moment;
use crate::panics::held;

/// From how many on it is a crowd; and how many there are for each carrier, before another is called.
const CROWD: usize = 8;
/// A run that comes so soon after another does not come alone.
const BURST: Duration = Duration::from_micros(20);
/// For how many there is always room.
const ROOM: usize = 1_024;
/// How many runs a carrier polls before it lets other tasks have their turn.
const TURN: usize = 16;
/// After how long runs that wait for a carrier are given tasks: the carriers are being blocked.
const RELIEF: Duration = Duration::from_millis(10);

/// The runs that wait for a carrier.
pub(crate) struct Lane<S: Supervise> {
    state: Mutex<State<S>>,
    workers: usize,
    /// How soon after another a run does not come alone.
    burst: Duration,
}

struct State<S: Supervise> {
    attempts: VecDeque<Attempt<S>>,
    carriers: usize,
    /// How many were taken so far, when the last came, and at the last look.
    taken: u64,
    then: u64,
    seen: u64,
    /// How many waited at the last look.
    waited: u64,
    /// When somebody is to look again; [`Moment::NEVER`] while nobody is.
    look: Moment,
    /// When the last run came.
    last: Moment,
}

impl<S: Supervise> Lane<S> {
    /// On a test's clock everything comes at one moment, and says nothing by it.
    pub(crate) fn new(handle: &Handle, fake: bool) -> Arc<Self> {
        let state = State {
            attempts: VecDeque::new(),
            carriers: 0,
            taken: 0,
            then: 0,
            seen: 0,
            waited: 0,
            look: Moment::NEVER,
            last: Moment::NEVER,
        };
        let burst = if fake { Duration::ZERO } else { BURST };
        Arc::new(Self { state: Mutex::new(state), workers: handle.metrics().num_workers(), burst })
    }

    /// Sets runs going; true when somebody is to look after them.
    pub(crate) fn launch(self: &Arc<Self>, supervisor: &Arc<S>, launches: Few<Launch>, now: Moment) -> bool {
        let crowd = launches.len() >= CROWD;
        let mut attempts = launches.into_iter().filter_map(|launch| prepare(supervisor, launch));
        let Some(first) = attempts.next() else { return false };
        // Made ready with no lock held: that of a plain function starts its thread.
        let others: Vec<_> = attempts.collect();
        let mut state = self.lock();
        let before = std::mem::replace(&mut state.last, now);
        let alone = before == Moment::NEVER || now.since(before) >= self.burst;
        if alone && !crowd {
            drop(state);
            std::iter::once(first).chain(others).for_each(|attempt| own_task(supervisor.handle(), attempt));
            return false;
        }
        state.attempts.push_back(first);
        state.attempts.extend(others);
        let called = state.call(self.workers);
        let unseen = state.look == Moment::NEVER;
        if unseen {
            state.look_again(now);
        }
        drop(state);
        for _ in 0..called {
            let (lane, held) = (Arc::clone(self), Arc::clone(supervisor));
            let carrier = Carrier { lane, waiting: Vec::new(), over: false, supervisor: held };
            #[expect(clippy::disallowed_methods, reason = "it ends when nothing waits for it")]
            supervisor.handle().spawn(carrier);
        }
        unseen
    }

    /// Gives tasks to runs whose carriers are being blocked; when to look again.
    pub(crate) fn relieve(&self, handle: &Handle, now: Moment) -> Moment {
        let mut state = self.lock();
        if state.look > now {
            return state.look;
        }
        // What has waited since the last look has waited too long.
        let late = state.taken - state.seen < state.waited;
        let left = if late { std::mem::take(&mut state.attempts) } else { VecDeque::new() };
        let idle = state.attempts.is_empty() && state.carriers == 0;
        state.look_again(now);
        if idle {
            state.look = Moment::NEVER;
        }
        let look = state.look;
        drop(state);
        for attempt in left {
            own_task(handle, attempt);
        }
        look
    }

    /// The next run, or none, and then the carrier goes, unless it stays for others.
    fn take(&self, stays: bool) -> Option<Attempt<S>> {
        let mut state = self.lock();
        let next = state.attempts.pop_front();
        if next.is_some() {
            state.taken += 1;
        } else {
            state.carriers -= usize::from(!stays);
            // What a great crowd needed is not kept for the next.
            state.attempts.shrink_to(ROOM);
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Supervise> State<S> {
    /// Notes how things stand for the next look.
    fn look_again(&mut self, now: Moment) {
        self.look = now + RELIEF;
        self.seen = self.taken;
        self.waited = u64::try_from(self.attempts.len()).unwrap_or(u64::MAX);
    }

    /// How many more carriers are to come: one for each few that wait, and another where those there are take none.
    fn call(&mut self, workers: usize) -> usize {
        let stands_still = std::mem::replace(&mut self.then, self.taken) == self.taken;
        let wanted = (self.attempts.len() / CROWD + 1).max(self.carriers + usize::from(stands_still)).min(workers);
        let called = wanted.saturating_sub(self.carriers);
        self.carriers += called;
        called
    }
}

struct Carrier<S: Supervise> {
    lane: Arc<Lane<S>>,
    /// Runs that were polled once in vain.
    waiting: Vec<Attempt<S>>,
    over: bool,
    /// Dropped last, as by an attempt.
    supervisor: Arc<S>,
}

impl<S: Supervise> Future for Carrier<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        self.poll_once_more(task);
        for _ in 0..TURN {
            let stays = !self.waiting.is_empty();
            match self.lane.take(stays) {
                Some(mut attempt) => {
                    attempt.carried = true;
                    if waits(&mut attempt, task) {
                        self.waiting.push(attempt);
                    }
                }
                None if stays => break,
                None => {
                    self.over = true;
                    self.supervisor.tell_ends();
                    return Poll::Ready(());
                }
            }
        }
        self.supervisor.tell_ends();
        task.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S: Supervise> Carrier<S> {
    /// Who let others have their turn goes on; who still waits gets a task.
    fn poll_once_more(&mut self, task: &mut Task<'_>) {
        for mut attempt in self.waiting.drain(..) {
            if waits(&mut attempt, task) {
                attempt.carried = false;
                own_task(self.supervisor.handle(), attempt);
            }
        }
    }
}

/// Polls a run; whether it waits.
fn waits<S: Supervise>(attempt: &mut Attempt<S>, task: &mut Task<'_>) -> bool {
    !attempt.is_doomed() && held(|| Pin::new(attempt).poll(task)) == Some(Poll::Pending)
}

impl<S: Supervise> Drop for Carrier<S> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        // Dropped with the tokio runtime, and so is what waits for it.
        let mut state = self.lane.lock();
        state.carriers -= 1;
        let left = if state.carriers == 0 { std::mem::take(&mut state.attempts) } else { VecDeque::new() };
        drop(state);
        drop(left);
        self.waiting.clear();
        self.supervisor.tell_ends();
    }
}
