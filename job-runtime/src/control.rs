//! What the functions of the type beside a job do, on the current runtime.

use std::sync::Arc;
use std::time::SystemTime;

use crate::duration::IntoDuration;
use crate::engine::executor;
use crate::engine::supervisor::Core;
use crate::error::{Error, Result, RunError};
use crate::job::{Cell, JobHandle, JobInfo, Key, Return, Unknown};
use crate::periodic::Periodics;
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
/// When there is no runtime, and in a run that holds the state itself.
pub async fn peek<C: 'static, S: 'static, T>(read: impl FnOnce(&S) -> T) -> Result<Option<T>> {
    let runtime = Runtime::current()?;
    let cell = runtime.of_companion::<C, _>(|_, periodics, entry| periodics.only_cell(entry))?;
    peek_into(&runtime, cell, read).await
}

async fn peek_into<S: 'static, T>(
    runtime: &Runtime,
    cell: Option<Arc<Cell>>,
    read: impl FnOnce(&S) -> T,
) -> Result<Option<T>> {
    let _moving = runtime.engine()?.home.clock.hold();
    let Some(cell) = cell else { return Ok(None) };
    cell.peek(executor::current().map(|run| run.id), read).await
}

/// Starts an instance of a template.
///
/// # Errors
/// When there is one for these arguments already, there is no runtime, or it shuts down.
pub fn start<C: 'static, A: Send + Sync + 'static>(args: A) -> Result<()> {
    of_instance::<C, A, _>(&Runtime::current()?, args, |core, periodics, entry, key| periodics.start(core, entry, key))?
}

/// Stops an instance; false when there is none for these arguments.
#[must_use]
pub fn stop<C: 'static, A: Send + Sync + 'static>(args: A) -> bool {
    let stop = |runtime: Runtime| {
        of_instance::<C, A, _>(&runtime, args, |core, periodics, entry, key| periodics.stop(core, entry, key))
    };
    Runtime::current().and_then(stop).unwrap_or(false)
}

/// Reads the state of an instance between runs.
///
/// # Errors
/// When there is no runtime, and in a run that holds the state itself.
pub async fn peek_at<C, A, S, T>(args: A, read: impl FnOnce(&S) -> T) -> Result<Option<T>>
where
    C: 'static,
    A: Send + Sync + 'static,
    S: 'static,
{
    let runtime = Runtime::current()?;
    let cell = of_instance::<C, A, _>(&runtime, args, |_, periodics, entry, key| periodics.cell_of(entry, key))?;
    peek_into(&runtime, cell, read).await
}

/// Does something with the instance of these arguments; between two tries it compares them with others.
fn of_instance<C: 'static, A: Send + Sync + 'static, T>(
    runtime: &Runtime,
    args: A,
    act: impl Fn(&mut Core, &mut Periodics, u32, &Key) -> Result<T, Unknown>,
) -> Result<T> {
    let arguments = runtime.arguments::<C, A>()?;
    let mut key = arguments.key(Arc::new(args));
    loop {
        match runtime.of_companion::<C, _>(|core, periodics, entry| act(core, periodics, entry, &key))? {
            Ok(done) => return Ok(done),
            Err(unknown) => key.compare(unknown),
        }
    }
}

/// Spawns a job on demand.
#[track_caller]
pub fn spawn<C: 'static, A: Send + 'static, R: Return>(args: A) -> JobHandle<R> {
    let _ = args;
    unreachable!("to come")
}

/// Spawns a job on demand, and gives a refusal at once.
///
/// # Errors
/// When it is not accepted.
#[track_caller]
pub fn try_spawn<C: 'static, A: Send + 'static, R: Return>(
    args: A,
) -> std::result::Result<JobHandle<R>, RunError<R::Error>> {
    let _ = args;
    unreachable!("to come")
}

/// Spawns a job on demand after a delay.
#[track_caller]
pub fn spawn_after<C: 'static, A: Send + 'static, R: Return>(delay: impl IntoDuration, args: A) -> JobHandle<R> {
    let _ = (delay, args);
    unreachable!("to come")
}

/// Spawns a job on demand at a time.
#[track_caller]
pub fn spawn_at<C: 'static, A: Send + 'static, R: Return>(time: SystemTime, args: A) -> JobHandle<R> {
    let _ = (time, args);
    unreachable!("to come")
}
