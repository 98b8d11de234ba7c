//! Between the engine and a job's function: what goes in, and what comes out.

use std::any::Any;
use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt::Display;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use super::{Context, Keep, Run};
use crate::error::RunError;

/// The error of a job, whatever its type.
pub(crate) type Cause = Box<dyn StdError + Send + Sync>;

/// What an attempt is given.
pub struct Input {
    pub(crate) run: Arc<Run>,
    pub(crate) state: Option<Box<dyn Any + Send>>,
}

impl Input {
    /// The parts from which the expansion takes the function's arguments.
    ///
    /// # Panics
    /// When the arguments are of another type, which one expansion of both rules out.
    #[must_use]
    pub fn split<S, A: Clone + Send + Sync + 'static>(self) -> (Shared, State<S>, A) {
        let nothing: Box<dyn Any> = Box::new(());
        let args = match &self.run.args {
            Some(args) => args.downcast_ref::<A>().cloned(),
            None => nothing.downcast::<A>().ok().map(|nothing| *nothing),
        };
        let Some(args) = args else { unreachable!("a run of a template has the arguments of its instance") };
        let state = State { value: self.state, kind: PhantomData };
        (Shared::of(Context(self.run)), state, args)
    }

    /// The same for a job on demand, whose run is given its arguments by the one that spawned it.
    ///
    /// # Panics
    /// When the arguments are of another type, which one expansion of both rules out.
    #[must_use]
    pub fn open<S, A: Send + 'static>(self) -> (Shared, State<S>, A) {
        let args = self.run.arguments().and_then(|args| args.downcast::<A>().ok());
        let Some(args) = args else { unreachable!("a run of a job on demand has the arguments it was spawned with") };
        let state = State { value: self.state, kind: PhantomData };
        (Shared::of(Context(self.run)), state, *args)
    }

    pub(crate) fn context(&self) -> Context {
        Context(Arc::clone(&self.run))
    }
}

/// What a function borrows for one attempt: shared data and the context.
pub struct Shared {
    context: Context,
    /// An `Arc<Context>`, made when a function takes `&Context`: only an `Arc<T>` can be had for a `T` that may
    /// be unsized.
    shared: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Shared {
    /// The data of type `T`, or the context.
    ///
    /// # Panics
    /// When the data is not there, which the check at the start rules out.
    #[must_use]
    pub fn get<T: ?Sized + Send + Sync + 'static>(&self) -> &T {
        if let Some(data) = self.context.0.job.home.data.get::<T>() {
            return data;
        }
        let context = self.shared.get_or_init(|| Box::new(Arc::new(self.context.clone())));
        match context.downcast_ref::<Arc<T>>() {
            Some(context) => context,
            None => panic!("{} was not given", std::any::type_name::<T>()),
        }
    }

    pub(crate) fn of(context: Context) -> Self {
        Self { context, shared: OnceLock::new() }
    }

    /// Packs up what the function returned.
    pub(crate) fn end<R: Return, S>(self, output: R, state: State<S>) -> Report {
        let run = &self.context.0;
        Report { verdict: output.judge(run.keep, run.is_awaited()), state: state.value }
    }
}

/// The `&mut` parameter of a function, for one attempt.
pub struct State<S> {
    value: Option<Box<dyn Any + Send>>,
    kind: PhantomData<fn() -> S>,
}

impl<S: 'static> State<S> {
    /// The state.
    ///
    /// # Panics
    /// When there is none, which the check at the start rules out.
    #[expect(clippy::expect_used, reason = "the check at the start rules it out")]
    pub fn get(&mut self) -> &mut S {
        let state = self.value.as_mut().and_then(|value| value.downcast_mut());
        state.expect("a job with `&mut S` is given its state")
    }

    pub(crate) fn none() -> Self {
        Self { value: None, kind: PhantomData }
    }
}

/// What came of an attempt that returned.
pub struct Report {
    pub(crate) verdict: Verdict,
    pub(crate) state: Option<Box<dyn Any + Send>>,
}

/// Whether it went well, with the output where somebody waits for it.
pub enum Verdict {
    /// It returned `()` or `Ok`.
    Completed(Option<Box<dyn Any + Send>>),
    /// It returned `Err`.
    Failed {
        /// The error in words, with its causes.
        error: Arc<str>,
        /// What was returned.
        output: Option<Box<dyn Any + Send>>,
    },
}

/// What a job may return: `()`, or `Result<T, E>` with an error that converts into a boxed one.
#[diagnostic::on_unimplemented(
    message = "a job cannot return `{Self}`",
    label = "expected `()` or `Result<T, E>`",
    note = "`T` is `Send`, and `E` is displayed and converts into `Box<dyn Error + Send + Sync>`",
    note = "as `anyhow::Error`, `String` and every `std::error::Error` that is `Send` and `Sync` do",
    note = "instead of `Box<dyn Error>` write `Box<dyn Error + Send + Sync>`"
)]
pub trait Return: sealed::Sealed + Sized + 'static {
    /// What its `Ok` holds.
    type Output: Send + 'static;
    /// What its `Err` holds.
    type Error: Send + 'static;
    /// The type itself, which a type that cannot be returned has not: what is done with it is then passed over.
    #[doc(hidden)]
    type Kept;

    #[doc(hidden)]
    fn end<S>(self, shared: Shared, state: State<S>) -> Report {
        shared.end(self, state)
    }

    #[doc(hidden)]
    fn judge(self, keep: Keep, awaited: bool) -> Verdict;
    #[doc(hidden)]
    fn conclude(self) -> Result<Self::Output, RunError<Self::Error>>;
}

#[diagnostic::do_not_recommend]
impl Return for () {
    type Output = ();
    type Error = Infallible;
    type Kept = ();

    fn judge(self, _: Keep, awaited: bool) -> Verdict {
        Verdict::Completed(awaited.then(|| -> Box<dyn Any + Send> { Box::new(()) }))
    }

    fn conclude(self) -> Result<(), RunError<Infallible>> {
        Ok(())
    }
}

#[diagnostic::do_not_recommend]
impl<T, E> Return for Result<T, E>
where
    T: Send + 'static,
    E: Display + Into<Box<dyn StdError + Send + Sync>> + Send + 'static,
{
    type Output = T;
    type Error = E;
    type Kept = Self;

    fn judge(self, keep: Keep, _: bool) -> Verdict {
        match (self, keep) {
            (Ok(output), Keep::Output) => Verdict::Completed(Some(Box::new(Ok::<T, E>(output)))),
            (Ok(_), Keep::Nothing | Keep::Error) => Verdict::Completed(None),
            (Err(error), Keep::Output) => {
                Verdict::Failed { error: format!("{error:#}").into(), output: Some(Box::new(Err::<T, E>(error))) }
            }
            (Err(error), Keep::Nothing) => Verdict::Failed { error: chain(&*error.into()), output: None },
            (Err(error), Keep::Error) => {
                let error: Cause = error.into();
                Verdict::Failed { error: chain(&*error), output: Some(Box::new(error)) }
            }
        }
    }

    fn conclude(self) -> Result<T, RunError<E>> {
        self.map_err(RunError::failed)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl<T, E> Sealed for Result<T, E> {}
}

/// An error with its causes: `reading the list: connection refused`.
fn chain(error: &(dyn StdError + 'static)) -> Arc<str> {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let further = error.to_string();
        if !text.ends_with(&further) {
            text.push_str(": ");
            text.push_str(&further);
        }
        cause = error.source();
    }
    text.into()
}
