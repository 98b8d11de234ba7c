//! Joining a transaction of the caller's: [`Within`].

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::SystemTime;

use super::order::{Order, Taken, answered};
use super::row::NewJobs;
use super::store::{Fault, Inserted, Store};
use crate::error::Result;

/// A transaction that a job can be put in with: see [`Enqueue::within`](crate::Enqueue::within).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a transaction that a job can join",
    label = "expected a transaction of `tokio-postgres`, `deadpool-postgres`, `rusqlite` or `sqlx`",
    note = "that of `sqlx` needs the feature `sqlx-0_8` or `sqlx-0_9` of `job-runtime`"
)]
pub trait Within: sealed::Sealed {
    #[doc(hidden)]
    type Put<'t>: Future<Output = Put>
    where
        Self: 't;

    #[doc(hidden)]
    fn put(&mut self, jobs: Insertion) -> Self::Put<'_>;
}

/// What is put in.
#[doc(hidden)]
pub struct Insertion {
    pub(super) store: Arc<dyn Store>,
    pub(super) jobs: NewJobs,
    #[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "a database has a clock of its own"))]
    pub(super) now: SystemTime,
}

/// What came of it.
#[doc(hidden)]
pub struct Put(pub(super) std::result::Result<Vec<Inserted>, Fault>);

pub(super) mod sealed {
    pub trait Sealed {}
}

/// A job that is about to be put in with a transaction, from [`Enqueue::within`](crate::Enqueue::within); awaiting it
/// does so. With `rusqlite` it can be done without awaiting, by `now`.
///
/// # Errors
/// As [`Enqueue::within`](crate::Enqueue::within) says.
#[must_use = "nothing is enqueued until it is awaited"]
pub struct Joined<'t, X, O> {
    order: Result<Order>,
    transaction: &'t mut X,
    output: PhantomData<fn() -> O>,
}

impl<'t, X: Within, O: Taken> Joined<'t, X, O> {
    pub(super) fn new(order: Result<Order>, transaction: &'t mut X) -> Self {
        Self { order, transaction, output: PhantomData }
    }

    /// What is put in, and with what.
    pub(super) fn into_parts(self) -> Result<(Insertion, &'t mut X)> {
        let order = self.order?;
        let (store, now) = (Arc::clone(order.store()), order.now());
        Ok((Insertion { store, jobs: order.jobs, now }, self.transaction))
    }
}

impl<'t, X: Within, O: Taken> IntoFuture for Joined<'t, X, O> {
    type Output = Result<O>;
    type IntoFuture = Joining<'t, X, O>;

    fn into_future(self) -> Self::IntoFuture {
        let state = match self.into_parts() {
            Ok((insertion, transaction)) => {
                let store = Arc::clone(&insertion.store);
                State::Putting(Box::pin(transaction.put(insertion)), store)
            }
            Err(error) => State::Wrong(error),
        };
        Joining(state, PhantomData)
    }
}

/// The future of a [`Joined`]: `Send` where the transaction is.
pub struct Joining<'t, X: Within + 't, O>(State<'t, X>, PhantomData<fn() -> O>);

enum State<'t, X: Within + 't> {
    Putting(std::pin::Pin<Box<X::Put<'t>>>, Arc<dyn Store>),
    Wrong(crate::error::Error),
}

impl<X: Within, O: Taken> Future for Joining<'_, X, O> {
    type Output = Result<O>;

    fn poll(self: std::pin::Pin<&mut Self>, task: &mut std::task::Context<'_>) -> std::task::Poll<Self::Output> {
        match &mut self.get_mut().0 {
            State::Wrong(error) => std::task::Poll::Ready(Err(error.clone())),
            State::Putting(put, store) => {
                let put = std::task::ready!(put.as_mut().poll(task));
                std::task::Poll::Ready(answered(&**store, put.0).and_then(O::taken))
            }
        }
    }
}

impl<X, O> fmt::Debug for Joined<'_, X, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joined").finish_non_exhaustive()
    }
}
