//! Tasks of a kind's own, which wait for what is outside of the program: a store.
//!
//! They run on a thread of their own, so that no job that blocks its thread keeps a lease from being renewed; in tests
//! they are tasks beside the jobs, as all time there is that of the test's runtime.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, Handle};
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;

use crate::error::{Error, Result};

/// The tasks that attend a runtime.
pub(crate) struct Attendants {
    /// Where they run in tests.
    beside: Option<Handle>,
    /// How many are at work.
    busy: Arc<watch::Sender<usize>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    thread: Option<Thread>,
    tasks: Vec<AbortHandle>,
}

struct Thread {
    handle: Handle,
    end: JoinHandle<()>,
    /// The thread ends when this is dropped.
    _open: oneshot::Sender<()>,
}

/// Counts a task as being at work until it is dropped.
struct Busy(Arc<watch::Sender<usize>>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|busy| *busy -= 1);
    }
}

impl Attendants {
    /// Where they run in tests is said here.
    pub(crate) fn new(beside: Option<Handle>) -> Self {
        Self { beside, busy: Arc::default(), state: Mutex::default() }
    }

    /// Where the tasks run.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn handle(&self) -> Result<Handle> {
        if let Some(beside) = &self.beside {
            return Ok(beside.clone());
        }
        let mut state = self.lock();
        if let Some(thread) = &state.thread {
            return Ok(thread.handle.clone());
        }
        let thread = Thread::start()?;
        let handle = thread.handle.clone();
        state.thread = Some(thread);
        Ok(handle)
    }

    /// Sets a task going.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn attend(&self, work: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let handle = self.handle()?;
        self.busy.send_modify(|busy| *busy += 1);
        let busy = Busy(Arc::clone(&self.busy));
        let work = async move {
            work.await;
            drop(busy);
        };
        #[expect(clippy::disallowed_methods, reason = "what attends the engine ends with it")]
        let task = handle.spawn(work).abort_handle();
        self.lock().tasks.push(task);
        Ok(())
    }

    /// Does something where the tasks are, and waits for it.
    ///
    /// # Errors
    /// When the system gives no thread, or the thread is gone before it is done.
    #[cfg_attr(not(feature = "_durable"), expect(dead_code, reason = "asked by the kind that has a store"))]
    pub(crate) async fn there<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T> {
        let (done, result) = oneshot::channel();
        self.attend(async move { drop(done.send(work.await)) })?;
        result.await.map_err(|_| Error::refused("the thread of the store is gone"))
    }

    /// Waits until all of them have come to their end.
    pub(crate) async fn all_done(&self) {
        let mut busy = self.busy.subscribe();
        let _ = busy.wait_for(|busy| *busy == 0).await;
    }

    /// Drops all of them where they are.
    pub(crate) fn dismiss(&self) {
        for task in std::mem::take(&mut self.lock().tasks) {
            task.abort();
        }
    }

    /// Nothing is attended to any more; gives the thread to wait for.
    pub(crate) fn close(&self) -> Option<JoinHandle<()>> {
        self.dismiss();
        self.lock().thread.take().map(|Thread { end, .. }| end)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Thread {
    fn start() -> Result<Self> {
        let failed = |error: std::io::Error| Error::refused(format!("cannot start the thread of the store: {error}"));
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let handle = runtime.handle().clone();
        let (open, closed) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("job-store".to_owned());
        let end = thread.spawn(move || drop(runtime.block_on(closed))).map_err(failed)?;
        Ok(Self { handle, end, _open: open })
    }
}
