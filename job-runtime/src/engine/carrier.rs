//! Sets many runs going that are due at once.
//!
//! A task per run costs more in waking the next worker than in running a short job. Runs that come in a crowd are
//! therefore polled for the first time by a few carriers, one per worker, which share them; a run that has to
//! wait then gets a task of its own, and one that does not never needs it. Runs that come alone get their task at
//! once.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as Task, Poll};
use std::time::Duration;

use tokio::runtime::Handle;

use super::executor::{Attempt, Launch, Supervise, own_task, prepare};

/// From how many on it is a crowd.
const CROWD: usize = 8;
/// How many runs a carrier polls before it lets other tasks have their turn.
const TURN: usize = 16;
/// After how long runs that still wait for a carrier are given tasks: the carriers are being blocked.
pub(crate) const RELIEF: Duration = Duration::from_millis(10);

/// Runs that share their carriers.
pub(crate) struct Crowd<S: Supervise>(Mutex<VecDeque<Attempt<S>>>);

impl<S: Supervise> Crowd<S> {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Attempt<S>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives each run that still waits a task of its own.
    pub(crate) fn relieve(&self, handle: &Handle) {
        let left = std::mem::take(&mut *self.lock());
        for attempt in left {
            own_task(handle, attempt);
        }
    }
}

/// Sets runs going; when they are a crowd, gives it back so that it can be relieved.
pub(crate) fn launch<S: Supervise>(
    supervisor: &Arc<S>,
    handle: &Handle,
    launches: Vec<Launch>,
) -> Option<Arc<Crowd<S>>> {
    let alone = launches.len() < CROWD;
    let mut attempts = launches.into_iter().filter_map(|launch| prepare(supervisor, handle, launch));
    if alone {
        attempts.for_each(|attempt| own_task(handle, attempt));
        return None;
    }
    let first = attempts.next()?;
    let crowd = Arc::new(Crowd(Mutex::new(std::iter::once(first).chain(attempts).collect())));
    for _ in 0..handle.metrics().num_workers() {
        let carrier = Carrier { crowd: Arc::clone(&crowd), handle: handle.clone() };
        #[expect(clippy::disallowed_methods, reason = "it ends with its crowd")]
        handle.spawn(carrier);
    }
    Some(crowd)
}

struct Carrier<S: Supervise> {
    crowd: Arc<Crowd<S>>,
    handle: Handle,
}

impl<S: Supervise> Future for Carrier<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        for _ in 0..TURN {
            let next = self.crowd.lock().pop_front();
            let Some(mut attempt) = next else { return Poll::Ready(()) };
            if !attempt.is_doomed() && Pin::new(&mut attempt).poll(task).is_pending() {
                own_task(&self.handle, attempt);
            }
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }
}
