//! Without a store: what the expansion of a job in a queue names, so that nothing is said about it but what
//! `check_queue` says.

use std::any::Any;
use std::convert::Infallible;
use std::future::Ready;
use std::marker::PhantomData;
use std::time::SystemTime;

use crate::duration::IntoDuration;
use crate::error::Result;
use crate::outcome::RunId;

/// The names of the parameters.
type Names = &'static [&'static str];

/// There is none.
#[must_use = "nothing is enqueued until it is awaited"]
#[derive(Debug)]
pub struct Enqueue<R, O = Enqueued> {
    never: Infallible,
    kind: PhantomData<fn() -> (R, O)>,
}

/// There is none.
#[derive(Clone, Copy, Debug)]
pub struct Enqueued {
    /// Its identity.
    pub id: RunId,
    /// Whether it is a new one.
    pub is_new: bool,
}

/// Not to be reached: there is no program with a queue.
pub fn enqueue<C: 'static, A, R>(_names: Names, _args: A) -> Enqueue<R> {
    unreachable!("a queue is refused at compile time")
}

/// Not to be reached.
pub fn enqueue_all<C: 'static, A, R>(_names: Names, _all: impl Iterator<Item = A>) -> Enqueue<R, Vec<Enqueued>> {
    unreachable!("a queue is refused at compile time")
}

/// Not to be reached.
///
/// # Errors
/// Never.
pub fn read<A>(_names: Names, _text: &str) -> std::result::Result<Box<dyn Any + Send>, String> {
    unreachable!("a queue is refused at compile time")
}

/// What can be said of it.
impl<R, O> Enqueue<R, O> {
    /// Not to be reached.
    pub fn after(self, _delay: impl IntoDuration) -> Self {
        self
    }

    /// Not to be reached.
    pub fn at(self, _time: SystemTime) -> Self {
        self
    }

    /// Not to be reached.
    pub fn priority(self, _priority: u32) -> Self {
        self
    }

    /// Not to be reached.
    pub fn unique_for(self, _length: impl IntoDuration) -> Self {
        self
    }

    /// Not to be reached.
    pub fn unique_key(self, _key: impl std::fmt::Display) -> Self {
        self
    }

    /// Not to be reached.
    pub fn on_conflict(self, _rule: &str) -> Self {
        self
    }

    /// Not to be reached.
    pub fn within<X>(self, _transaction: &mut X) -> Self {
        self
    }
}

impl<R, O> IntoFuture for Enqueue<R, O> {
    type Output = Result<O>;
    type IntoFuture = Ready<Result<O>>;

    fn into_future(self) -> Self::IntoFuture {
        match self.never {}
    }
}
