//! What the functions of the type beside a job do, on the current runtime.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::job::{Args, JobHandle, JobInfo};
use crate::runtime::Runtime;

/// Runs the job now, through guard and overlap policy.
///
/// # Errors
/// When there is no runtime, or it shuts down.
#[expect(clippy::unused_async, reason = "with a store it waits for it, and the signature stays")]
pub async fn trigger<C: 'static, R>() -> Result<JobHandle<R>> {
    Runtime::current()?.trigger_companion::<C, R>()
}

/// Pauses the job.
///
/// # Errors
/// When there is no runtime.
#[expect(clippy::unused_async, reason = "with a store it waits for it, and the signature stays")]
pub async fn pause<C: 'static>(reason: &str) -> Result<()> {
    Runtime::current()?.of_companion::<C, _>(|core, _, entry| core.pause(entry, &reason.into()))
}

/// Resumes the job.
///
/// # Errors
/// When there is no runtime.
#[expect(clippy::unused_async, reason = "with a store it waits for it, and the signature stays")]
pub async fn resume<C: 'static>() -> Result<()> {
    Runtime::current()?.of_companion::<C, _>(|core, _, entry| core.resume(entry))
}

/// What is known of the job.
///
/// # Errors
/// When there is no runtime.
#[expect(clippy::unused_async, reason = "with a store it waits for it, and the signature stays")]
pub async fn status<C: 'static>() -> Result<JobInfo> {
    let info = Runtime::current()?.of_companion::<C, _>(|core, periodics, entry| periodics.info(core, entry))?;
    info.ok_or_else(|| Error::refused("the job was removed"))
}

/// Reads the state of the job between runs.
///
/// # Errors
/// When there is no runtime.
pub async fn peek<C: 'static, S: 'static, T>(read: impl FnOnce(&S) -> T) -> Result<Option<T>> {
    let runtime = Runtime::current()?;
    let cell = runtime.of_companion::<C, _>(|_, periodics, entry| periodics.only_cell(entry))?;
    let _moving = runtime.engine()?.home.clock.hold();
    match cell {
        Some(cell) => Ok(cell.peek(read).await),
        None => Ok(None),
    }
}

/// Starts an instance of a template.
///
/// # Errors
/// When there is one for these arguments already, there is no runtime, or it shuts down.
pub fn start<C: 'static, A: Send + Sync + 'static>(args: A) -> Result<()> {
    let args: Args = Arc::new(args);
    Runtime::current()?.of_companion::<C, _>(|core, periodics, entry| periodics.start(core, entry, args))?
}

/// Stops an instance; false when there is none for these arguments.
#[must_use]
pub fn stop<C: 'static, A: Send + Sync + 'static>(args: A) -> bool {
    let args: Args = Arc::new(args);
    let stop =
        |runtime: Runtime| runtime.of_companion::<C, _>(|core, periodics, entry| periodics.stop(core, entry, &args));
    Runtime::current().and_then(stop).unwrap_or(false)
}

/// Reads the state of an instance between runs.
///
/// # Errors
/// When there is no runtime.
pub async fn peek_at<C, A, S, T>(args: A, read: impl FnOnce(&S) -> T) -> Result<Option<T>>
where
    C: 'static,
    A: Send + Sync + 'static,
    S: 'static,
{
    let args: Args = Arc::new(args);
    let runtime = Runtime::current()?;
    let cell = runtime.of_companion::<C, _>(|_, periodics, entry| periodics.cell_of(entry, &args))?;
    let _moving = runtime.engine()?.home.clock.hold();
    match cell {
        Some(cell) => Ok(cell.peek(read).await),
        None => Ok(None),
    }
}
