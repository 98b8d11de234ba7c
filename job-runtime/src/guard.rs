//! What may stand at `when`: a function or closure, plain or async, taking nothing or `&Context`.

use std::pin::Pin;

use crate::job::Context;

/// What a guard gives: a `bool`, or a future of one.
#[diagnostic::on_unimplemented(
    message = "a guard gives `bool`, at once or through a future, not `{Self}`",
    label = "expected `bool`"
)]
pub trait Answer<'a, M> {
    /// The answer, once it is there.
    fn answer(self) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>>;
}

/// Marks a guard that answers at once.
pub struct AtOnce;

/// Marks a guard that is async.
pub struct Later;

#[diagnostic::do_not_recommend]
impl<'a> Answer<'a, AtOnce> for bool {
    fn answer(self) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(std::future::ready(self))
    }
}

/// `|| todo!()`
#[diagnostic::do_not_recommend]
impl<'a> Answer<'a, AtOnce> for Never {
    fn answer(self) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        self
    }
}

/// The type `!`, which stable Rust takes as what a function returns and nowhere else.
type Never = <fn() -> ! as Returns>::Output;

/// A pointer to a function, whose types can be named.
pub trait Returns {
    /// What it returns.
    type Output;
}

impl<O> Returns for fn() -> O {
    type Output = O;
}

impl<'a, F: Future<Output: Decision> + Send + 'a> Answer<'a, Later> for F {
    fn answer(self) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async { self.await.holds() })
    }
}

/// What an async guard gives in the end.
#[diagnostic::on_unimplemented(message = "a guard gives `bool`, not `{Self}`", label = "expected `bool`")]
pub trait Decision {
    /// Whether the tick becomes a run.
    fn holds(self) -> bool;
}

#[diagnostic::do_not_recommend]
impl Decision for bool {
    fn holds(self) -> bool {
        self
    }
}

#[diagnostic::do_not_recommend]
impl Decision for Never {
    fn holds(self) -> bool {
        self
    }
}

/// The answer of a guard, as a future; boxed rather than `async`, so that rustc tells once what is wrong with it.
pub fn answer<'a, M>(answer: impl Answer<'a, M>) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
    answer.answer()
}

/// A guard that is called: with nothing, or with the context.
#[diagnostic::on_unimplemented(
    message = "a guard takes nothing or `&Context`, and gives `bool`",
    label = "expected `fn() -> bool` or `fn(&Context) -> bool`, plain or async"
)]
pub trait Ask<'a, M> {
    /// What it gives.
    type Output;
    /// Calls it.
    fn ask(&self, cx: &'a Context) -> Self::Output;
}

/// Marks a guard that takes nothing.
pub struct Nothing;

/// Marks a guard that takes the context.
pub struct TheContext;

impl<O, F: Fn() -> O> Ask<'_, Nothing> for F {
    type Output = O;
    fn ask(&self, _cx: &Context) -> O {
        self()
    }
}

impl<'a, O, F: Fn(&'a Context) -> O> Ask<'a, TheContext> for F {
    type Output = O;
    fn ask(&self, cx: &'a Context) -> O {
        self(cx)
    }
}

/// Calls a guard given by its path, whichever of the two it is.
pub fn ask<'a, M, F: Ask<'a, M>>(guard: &F, cx: &'a Context) -> F::Output {
    guard.ask(cx)
}

/// Calls a guard given as `|cx| …`, plain or async, whose signature this is.
pub fn ask_closure<'a, O>(guard: impl FnOnce(&'a Context) -> O, cx: &'a Context) -> O {
    guard(cx)
}
