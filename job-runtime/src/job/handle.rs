//! A hold on one run: [`JobHandle`].

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

use tokio::sync::oneshot;

use super::glue::Return;
use super::{Home, Run};
use crate::clock::Hold;
use crate::error::RunError;
use crate::outcome::{JobState, RunId};

/// How a run ended, for the handle that waits for it.
pub(crate) enum Ending {
    /// What the function returned, boxed.
    Returned(Box<dyn Any + Send>),
    Panicked(Arc<str>),
    TimedOut,
    Cancelled(Arc<str>),
    Interrupted,
    Refused(Arc<str>),
}

/// The other end of a handle.
pub(crate) type Reply = oneshot::Sender<Ending>;

/// A hold on one run. Awaiting it gives what the job returned in its last attempt, or why nothing came of it;
/// dropping it lets the run go on.
///
/// `R` is the return type of the function. For `Result<T, E>` awaiting gives `Result<T, RunError<E>>`, for `()`
/// it gives `Result<(), RunError<Infallible>>`.
///
/// ```standalone_crate
/// use job_runtime::periodic;
///
/// #[periodic(every = "1h")]
/// async fn count_users() -> Result<u32, std::io::Error> {
///     Ok(42)
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runtime = job_runtime::run_all().start().await?;
/// let run = count_users::trigger().await?;
/// println!("run {} is {}", run.id(), run.status());
/// assert_eq!(run.await?, 42);
/// # runtime.shutdown().await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Awaiting it gives a [`RunError`].
///
/// # Panics
/// When it is polled again after it gave its result.
///
/// # Cancel safety
/// Safe: it may be polled, set aside and polled again, and nothing is lost.
///
/// # In tests
/// The clocks of a [test](crate#testing) move while a handle is awaited. One that was polled and is kept
/// (`&mut handle` in a `select!`) counts as awaited, so that the clocks go on moving, until it is polled to its end
/// or dropped.
pub struct JobHandle<R> {
    run: Arc<Run>,
    ending: oneshot::Receiver<Ending>,
    /// While the handle is awaited, a test's clocks move.
    hold: Option<Hold>,
    kind: PhantomData<fn() -> R>,
}

impl<R> JobHandle<R> {
    /// The identity of the run.
    #[must_use]
    pub fn id(&self) -> RunId {
        self.run.id
    }

    /// Where the run is on its way.
    #[must_use]
    pub fn status(&self) -> JobState {
        self.run.state()
    }

    /// Asks the run to stop, and has it dropped when the grace of its `job_shutdown` is over, or at once where the
    /// job takes no `&Context` and so cannot hear; one that has not started never will, and one that waits for its next attempt ends at once. It returns without waiting for
    /// the end, which awaiting the handle tells. After the end of the run it does nothing.
    ///
    /// ```standalone_crate
    /// use job_runtime::{Context, periodic};
    ///
    /// #[periodic(every = "1h")]
    /// async fn follow(cx: &Context) {
    ///     cx.cancelled().await;
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> job_runtime::Result {
    /// # let runtime = job_runtime::run_all().start().await?;
    /// let run = follow::trigger().await?;
    /// run.cancel();
    /// assert!(run.await.unwrap_err().is_cancelled());
    /// # runtime.shutdown().await
    /// # }
    /// ```
    pub fn cancel(&self) {
        let conductor = self.run.job.home.conductor.get().and_then(std::sync::Weak::upgrade);
        if let Some(conductor) = conductor {
            conductor.cancel(&self.run, "cancelled through its handle");
        }
    }

    pub(crate) fn new(run: Arc<Run>, ending: oneshot::Receiver<Ending>) -> Self {
        Self { run, ending, hold: None, kind: PhantomData }
    }

    fn home(&self) -> &Arc<Home> {
        &self.run.job.home
    }
}

impl<R: Return> Future for JobHandle<R> {
    type Output = Result<R::Output, RunError<R::Error>>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        match Pin::new(&mut self.ending).poll(task) {
            Poll::Pending => {
                if self.hold.is_none() {
                    self.hold = Some(self.home().clock.hold());
                }
                Poll::Pending
            }
            Poll::Ready(ending) => {
                self.hold = None;
                Poll::Ready(conclude::<R>(ending.unwrap_or(Ending::Interrupted)))
            }
        }
    }
}

fn conclude<R: Return>(ending: Ending) -> Result<R::Output, RunError<R::Error>> {
    match ending {
        Ending::Returned(output) => match output.downcast::<R>() {
            Ok(output) => output.conclude(),
            Err(_) => Err(RunError::refused("the run returned another type than its handle expects".into())),
        },
        Ending::Panicked(text) => Err(RunError::panicked(text)),
        Ending::TimedOut => Err(RunError::timed_out()),
        Ending::Cancelled(reason) => Err(RunError::cancelled(reason)),
        Ending::Interrupted => Err(RunError::interrupted()),
        Ending::Refused(reason) => Err(RunError::refused(reason)),
    }
}

impl<R> fmt::Debug for JobHandle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobHandle").field("id", &self.id()).field("status", &self.status()).finish_non_exhaustive()
    }
}
