//! Finds out, where the types of a job's arguments are written, whether they can be copied for a further attempt, and
//! whether one of them is the context.

use std::marker::PhantomData;

use super::Context;
use super::signature::{ByValue, Fits, TheContext};

/// Asks about one type; method resolution prefers [`WithClone`], which is there only where it can be.
pub struct Copies<A>(PhantomData<fn(&A)>);

/// The question.
#[must_use]
pub const fn copies<A>() -> Copies<A> {
    Copies(PhantomData)
}

/// The answer of a type with `Clone`.
pub trait WithClone<A> {
    /// How it is copied.
    fn ask(&self) -> Option<fn(&A) -> A>;
}

impl<A: Clone> WithClone<A> for Copies<A> {
    fn ask(&self) -> Option<fn(&A) -> A> {
        Some(A::clone)
    }
}

/// The answer of any other type.
pub trait WithoutClone<A> {
    /// It is there once.
    fn ask(&self) -> Option<fn(&A) -> A>;
}

impl<A> WithoutClone<A> for &Copies<A> {
    fn ask(&self) -> Option<fn(&A) -> A> {
        None
    }
}

/// Asks whether a type may be taken by value; an answer of its own goes before those of traits.
pub struct Taken<T>(PhantomData<fn(&T)>);

/// The question.
#[must_use]
pub const fn taken<T>() -> Taken<T> {
    Taken(PhantomData)
}

impl Taken<Context> {
    /// The context is not.
    #[must_use]
    pub fn ask(&self) -> TheContext {
        TheContext
    }
}

/// The answer of every other type.
pub trait TakenByValue {
    /// It is.
    fn ask(&self) -> Fits;
}

impl<T> TakenByValue for Taken<T> {
    fn ask(&self) -> Fits {
        Fits
    }
}

/// Says what is wrong with an answer that is not the right one.
pub fn by_value<M: ByValue>(_answer: M) {}
