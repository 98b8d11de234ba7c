//! Finds out, where the type of a state is written, whether it has a `Default`.

use std::marker::PhantomData;

use super::Context;

/// Asks about one type; method resolution prefers [`WithDefault`], which is there only where it can be.
pub struct Probe<S>(PhantomData<fn() -> S>);

impl<S> Probe<S> {
    /// The question.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

/// What rustc names where somebody writes `&mut Context`.
pub struct TheContextIsSharedTakeItAsAReference;

impl Probe<Context> {
    /// Goes before the answers below, and is of another type than they: the context is no state.
    #[must_use]
    pub fn maker(&self) -> TheContextIsSharedTakeItAsAReference {
        TheContextIsSharedTakeItAsAReference
    }
}

impl<S> Default for Probe<S> {
    fn default() -> Self {
        Self::new()
    }
}

/// The answer of a type with `Default`.
pub trait WithDefault<S> {
    /// How a first state is made.
    fn maker(&self) -> Option<fn() -> S>;
}

impl<S: Default> WithDefault<S> for Probe<S> {
    fn maker(&self) -> Option<fn() -> S> {
        Some(S::default)
    }
}

/// The answer of any other type.
pub trait WithoutDefault<S> {
    /// Nothing: `.state_with` must say how.
    fn maker(&self) -> Option<fn() -> S>;
}

impl<S> WithoutDefault<S> for &Probe<S> {
    fn maker(&self) -> Option<fn() -> S> {
        None
    }
}
