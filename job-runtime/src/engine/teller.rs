//! The thread that tells what happened, so that no listener delays a tick.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::clock::{first, in_real_time};
use crate::event::Board;

/// How long a listener may take for one event at the end, before it is not waited for.
const LISTENING: Duration = Duration::from_secs(1);
/// How many times so long all of them may take together.
const PATIENCE: usize = 5;

/// Lets what is pinned at the board be told. In tests that is done at once, by whoever decided it.
pub(crate) struct Teller {
    board: Arc<Board>,
    handle: Handle,
    at_once: bool,
    thread: Mutex<Thread>,
}

enum Thread {
    /// Nothing was told yet that anybody listens to.
    None,
    Tells(JoinHandle<()>),
    /// It could not be had, or was waited for.
    Gone,
}

impl Teller {
    pub(crate) fn new(board: Arc<Board>, handle: Handle, at_once: bool) -> Self {
        Self { board, handle, at_once, thread: Mutex::new(Thread::None) }
    }

    /// Lets it be told what is pinned.
    pub(crate) fn tell(&self) {
        if self.board.is_empty() {
            return;
        }
        if !self.at_once && self.has_thread() {
            self.board.wake();
        } else {
            self.board.deliver();
        }
    }

    fn has_thread(&self) -> bool {
        let mut thread = self.lock();
        if let Thread::None = *thread {
            *thread = self.start().map_or(Thread::Gone, Thread::Tells);
        }
        matches!(*thread, Thread::Tells(_))
    }

    fn start(&self) -> Option<JoinHandle<()>> {
        let (board, handle) = (Arc::clone(&self.board), self.handle.clone());
        let tell = move || {
            // Whoever listens finds the program's runtime around it.
            let _entered = handle.enter();
            board.keep_delivering();
        };
        std::thread::Builder::new().name("job-events".to_owned()).spawn(tell).ok()
    }

    /// Waits until listeners have been told everything, unless one of them is stuck, or they are slow altogether.
    pub(crate) async fn all_told(&self) {
        if self.at_once {
            return self.board.all_told().await;
        }
        for _ in 0..PATIENCE {
            let untold = self.board.untold();
            let all = first(self.board.all_told(), in_real_time(LISTENING)).await.is_some();
            if all || self.board.untold() >= untold {
                return;
            }
        }
    }

    /// Nothing more is told; gives the thread to wait for, unless a listener is stuck in it.
    pub(crate) fn close(&self) -> Option<JoinHandle<()>> {
        self.board.close();
        match std::mem::replace(&mut *self.lock(), Thread::Gone) {
            Thread::Tells(thread) if self.board.is_empty() => Some(thread),
            Thread::Tells(_) | Thread::None | Thread::Gone => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Thread> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        self.board.close();
    }
}
