//! What the functions of the type beside a job in a queue do: they write its arguments down.

use std::any::Any;
use std::sync::Arc;

pub use crate::durable::{Enqueue, Enqueued};
use crate::durable::{Fields, Names, read_args, write_args};
use crate::error::{Error, Result};
use crate::job::Job;
use crate::runtime::Runtime;

/// A job that is to be put into its queue. What is wrong is told when it is awaited.
pub fn enqueue<C: 'static, A: Fields, R>(names: Names, args: A) -> Enqueue<R> {
    Enqueue::new(job::<C>(), std::iter::once(args).map(|args| write_args(names, &args)))
}

/// Several of them.
pub fn enqueue_all<C: 'static, A: Fields, R>(names: Names, all: impl Iterator<Item = A>) -> Enqueue<R, Vec<Enqueued>> {
    Enqueue::new(job::<C>(), all.map(|args| write_args(names, &args)))
}

/// Reads the arguments of one that is to run.
///
/// # Errors
/// When they cannot be read, with a sentence.
pub fn read<A: Fields>(names: Names, text: &str) -> std::result::Result<Box<dyn Any + Send>, String> {
    read_args::<A>(names, text)
}

fn job<C: 'static>() -> Result<Arc<Job>> {
    let job = Runtime::current()?.of_companion::<C, _>(|core, _, entry| core.job(entry).cloned())?;
    job.ok_or_else(|| Error::refused("the job was removed"))
}
