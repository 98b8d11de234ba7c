//! Finds out, where the type of a state is written, whether it has a `Default`.

use std::marker::PhantomData;

use super::Context;
use super::signature::{First, TheContext};

/// Asks about one type; method resolution prefers [`WithDefault`], which is there only where it can be.
pub struct Probe<S: ?Sized>(PhantomData<fn(&S)>);

impl<S: ?Sized> Probe<S> {
    /// The question.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl Probe<Context> {
    /// Goes before the answers below, and is none of a state: the context is no state.
    #[must_use]
    pub fn ask(&self) -> TheContext {
        TheContext
    }
}

impl<S: ?Sized> Default for Probe<S> {
    fn default() -> Self {
        Self::new()
    }
}

/// The answer of a type with `Default`.
pub trait WithDefault {
    /// How a first state is made is known.
    fn ask(&self) -> HasDefault;
}

/// How a first state is made is known.
pub struct HasDefault;

#[diagnostic::do_not_recommend]
impl<S: Default> First<S> for HasDefault {
    fn first() -> Option<fn() -> S> {
        Some(S::default)
    }
}

impl<S: Default> WithDefault for Probe<S> {
    fn ask(&self) -> HasDefault {
        HasDefault
    }
}

/// The answer of any other type.
pub trait WithoutDefault {
    /// `.state_with` must say how a first state is made.
    fn ask(&self) -> HasNone;
}

/// How a first state is made is not known.
pub struct HasNone;

#[diagnostic::do_not_recommend]
impl<S: ?Sized> First<S> for HasNone {
    fn first() -> Option<fn() -> S>
    where
        S: Sized,
    {
        None
    }
}

impl<S: ?Sized> WithoutDefault for &Probe<S> {
    fn ask(&self) -> HasNone {
        HasNone
    }
}
