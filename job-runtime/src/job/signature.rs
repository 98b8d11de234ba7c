//! What the types in the signature of a job must be: one trait for each role, whose sentence stands at the type.
//!
//! Each trait has a parameter that is inferred, and an implementation for [`Nobody`]. With the other one alone, rustc
//! would tell which of its bounds fails, in words of its own; where it has two to choose from, and none fits, it
//! tells what stands at the trait. A type that does not fit has no `Kept` either, so that whatever is done with that
//! is passed over, and the mistake is told once.

use std::any::TypeId;
use std::hash::Hash;

use super::Context;
use super::glue::{Return, Shared, State};

/// Marks a type that fits its role.
pub struct Fits;

/// Marks a type that does not: there is none that is [`Nobody`].
pub struct FitsNot;

/// Marks the context, taken by value.
pub struct TheContext;

/// Implemented by no type.
pub trait Nobody {
    /// Whatever is wanted of nobody.
    fn anything<R>() -> R;
}

/// A parameter by value, by which the instances of a template are told apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a job: its instances are told apart by their arguments",
    label = "expected a type that is `Clone`, `Eq`, `Hash`, `Send` and `Sync`",
    note = "write `#[derive(Clone, PartialEq, Eq, Hash)]` above a type of your own",
    note = "take data that all runs share as `&T`, and state that is kept between runs as `&mut T`"
)]
pub trait AsArgument<M>: Sized {
    /// The type itself.
    type Kept: Clone + Eq + Hash + Send + Sync + 'static;
    /// From the caller.
    fn keep(self) -> Self::Kept;
    /// To the function.
    fn give(kept: Self::Kept) -> Self
    where
        M: ByValue;
}

/// What is taken by value.
#[diagnostic::on_unimplemented(message = "the context is taken by reference: write `&Context`", label = "expected `&`")]
pub trait ByValue {}

#[diagnostic::do_not_recommend]
impl ByValue for Fits {}

impl<T: Clone + Eq + Hash + Send + Sync + 'static> AsArgument<Fits> for T {
    type Kept = T;

    fn keep(self) -> T {
        self
    }

    fn give(kept: T) -> T {
        kept
    }
}

impl<T: Nobody> AsArgument<FitsNot> for T {
    type Kept = ();

    fn keep(self) {}

    fn give((): ()) -> T {
        T::anything()
    }
}

#[diagnostic::do_not_recommend]
impl AsArgument<TheContext> for Context {
    type Kept = ();

    fn keep(self) {}

    fn give((): ()) -> Self {
        unreachable!("a context is not taken by value")
    }
}

/// A parameter by value of a job on demand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a job: it goes from the caller to the thread of the run",
    label = "expected a type that is `Send`",
    note = "instead of `Rc<T>` take `Arc<T>`; take data that all runs share as `&T`"
)]
pub trait AsMessage<M>: Sized {
    /// The type itself.
    type Kept: Send + 'static;
    /// From the caller.
    fn keep(self) -> Self::Kept;
    /// To the function.
    fn give(kept: Self::Kept) -> Self;
}

impl<T: Send + 'static> AsMessage<Fits> for T {
    type Kept = T;

    fn keep(self) -> T {
        self
    }

    fn give(kept: T) -> T {
        kept
    }
}

impl<T: Nobody> AsMessage<FitsNot> for T {
    type Kept = ();

    fn keep(self) {}

    fn give((): ()) -> T {
        T::anything()
    }
}

/// A parameter by value of a job on demand that may have more than one attempt; it is an [`AsMessage`] besides.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a job that is tried again: each attempt is given its own",
    label = "expected a type that is `Clone`",
    note = "write `#[derive(Clone)]` above a type of your own, or take it as `Arc<T>`",
    note = "without `max_attempts` a job has one attempt, and its arguments need not be `Clone`"
)]
pub trait AsRepeated<M> {
    /// The type itself.
    type Kept;
}

impl<T: Clone> AsRepeated<Fits> for T {
    type Kept = T;
}

impl<T: Nobody> AsRepeated<FitsNot> for T {
    type Kept = ();
}

/// A parameter `&T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shared data of a job: runs on several threads use it at once",
    label = "expected a type that is `Send` and `Sync`",
    note = "instead of `dyn Trait` write `dyn Trait + Send + Sync`, or `Send + Sync` where the trait is defined",
    note = "what changes belongs in an atomic, a `Mutex` or an `RwLock`; state of this job alone is taken as `&mut T`"
)]
pub trait AsData<M> {
    /// The type itself.
    type Kept: ?Sized + Send + Sync + 'static;
    /// To the function.
    fn get(shared: &Shared) -> &Self;
}

impl<T: ?Sized + Send + Sync + 'static> AsData<Fits> for T {
    type Kept = T;

    fn get(shared: &Shared) -> &T {
        shared.get()
    }
}

impl<T: ?Sized + Nobody> AsData<FitsNot> for T {
    type Kept = ();

    fn get(_: &Shared) -> &T {
        T::anything()
    }
}

/// The parameter `&mut S`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the state of a job: the runtime keeps it, and moves it between threads",
    label = "expected a type that has a size and is `Send`",
    note = "instead of `str` take `String`, instead of `[T]` take `Vec<T>`, instead of `Rc<T>` take `Arc<T>`",
    note = "instead of `dyn Trait` take `Box<dyn Trait + Send>`"
)]
pub trait AsState<M> {
    /// The type itself.
    type Kept: Send + 'static;
    /// How a first one is made, where the type knows.
    fn first<A: First<Self>>(answer: A) -> Option<fn() -> Self::Kept>;
    /// To the function.
    fn lend(state: &mut State<Self::Kept>) -> &mut Self;
    /// To `peek`.
    fn show(kept: &Self::Kept) -> &Self;
}

impl<S: Send + 'static> AsState<Fits> for S {
    type Kept = S;

    fn first<A: First<S>>(_: A) -> Option<fn() -> S> {
        A::first()
    }

    fn lend(state: &mut State<S>) -> &mut S {
        state.get()
    }

    fn show(kept: &S) -> &S {
        kept
    }
}

impl<S: ?Sized + Nobody> AsState<FitsNot> for S {
    type Kept = ();

    fn first<A: First<S>>(_: A) -> Option<fn()> {
        None
    }

    fn lend(_: &mut State<()>) -> &mut S {
        S::anything()
    }

    fn show((): &()) -> &S {
        S::anything()
    }
}

/// The type beside the function of a job.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a job: a group names functions with `#[periodic]`, `#[job]` or `#[service]`",
    label = "expected a job"
)]
pub trait IsJob<M>: 'static {
    /// The type, as the key of its job.
    fn key() -> TypeId {
        TypeId::of::<Self>()
    }
}

/// What a job that returns `R` fails with: `E` of `Result<T, E>`.
pub type ErrorOf<R> = <R as Return>::Error;

/// What [`Probe`](super::state_probe::Probe) answers for a state of the type `S`.
#[diagnostic::on_unimplemented(
    message = "the context is shared by all that takes part in a run: write `&Context`",
    label = "expected `&`, without `mut`"
)]
pub trait First<S: ?Sized> {
    /// How a first state is made.
    fn first() -> Option<fn() -> S>
    where
        S: Sized;
}
