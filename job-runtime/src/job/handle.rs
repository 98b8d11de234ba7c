//! A hold on one run: [`JobHandle`].

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context as Task, Poll};

use super::glue::Return;
use super::{Conductor, Run};
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

/// A hold on one run, from `spawn` or `trigger`. Awaiting it gives what the job returned in its last attempt, or why nothing came of it;
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
    held: Held,
    /// While the handle is awaited, a test's clocks move.
    hold: Hold,
    kind: PhantomData<fn() -> R>,
}

enum Held {
    Run(Arc<Run>),
    /// No runtime was there that could have made a run.
    Refused(Arc<str>),
    /// It has told what there was to tell.
    Over(RunId, JobState),
}

impl<R> JobHandle<R> {
    /// The identity of the run; `0` where none was made, because no runtime was there.
    #[must_use]
    pub fn id(&self) -> RunId {
        match &self.held {
            Held::Run(run) => run.id,
            Held::Refused(_) => RunId::of_run(0),
            Held::Over(id, _) => *id,
        }
    }

    /// Where the run is on its way.
    #[must_use]
    pub fn status(&self) -> JobState {
        match &self.held {
            Held::Run(run) => run.state(),
            Held::Refused(_) => JobState::Cancelled,
            Held::Over(_, state) => *state,
        }
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
        if let Held::Run(run) = &self.held
            && let Some(conductor) = conductor_of(run)
        {
            conductor.cancel(run, "cancelled through its handle");
        }
    }

    fn waits_for_itself(&self) -> bool {
        let Held::Run(run) = &self.held else { return false };
        conductor_of(run).is_some_and(|conductor| conductor.waits_for_itself(run))
    }

    pub(crate) fn new(run: Arc<Run>) -> Self {
        Self { held: Held::Run(run), hold: Hold::default(), kind: PhantomData }
    }

    pub(crate) fn refused(reason: Arc<str>) -> Self {
        Self { held: Held::Refused(reason), hold: Hold::default(), kind: PhantomData }
    }
}

fn conductor_of(run: &Run) -> Option<Arc<dyn Conductor>> {
    run.job.home.conductor.get().and_then(Weak::upgrade)
}

/// What a job with state is told that waits for a run which comes after its own.
const ITSELF: &str = "a job with state runs once at a time: this run would wait for one that comes after it";

impl<R: Return> Future for JobHandle<R> {
    type Output = Result<R::Output, RunError<R::Error>>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        let ending = match &self.held {
            Held::Run(run) => run.poll_ending(task),
            Held::Refused(reason) => Poll::Ready(Ending::Refused(Arc::clone(reason))),
            Held::Over(..) => panic!("a `JobHandle` was polled after it gave its result"),
        };
        match ending {
            Poll::Pending => {
                if self.waits_for_itself() {
                    return Poll::Ready(Err(RunError::refused(ITSELF.into())));
                }
                if let (false, Held::Run(run)) = (self.hold.holds(), &self.held) {
                    self.hold = run.job.home.clock.hold();
                }
                Poll::Pending
            }
            Poll::Ready(ending) => {
                self.hold = Hold::default();
                self.held = Held::Over(self.id(), self.status());
                Poll::Ready(conclude::<R>(ending))
            }
        }
    }
}

impl<R> Drop for JobHandle<R> {
    fn drop(&mut self) {
        if let Held::Run(run) = &self.held {
            drop(run.let_go());
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
