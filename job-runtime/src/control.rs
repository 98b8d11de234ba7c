//! What the functions of the type beside a job do, on the current runtime.

#[cfg(feature = "_durable")]
mod enqueue;
#[cfg(not(feature = "_durable"))]
#[path = "control/no_enqueue.rs"]
mod enqueue;

use std::panic::Location;
use std::sync::Arc;
use std::time::SystemTime;

use crate::duration::IntoDuration;
use crate::engine::executor;
use crate::engine::supervisor::{Core, Owner};
use crate::error::{Error, Result, RunError};
use crate::event;
use crate::job::{Cell, JobHandle, JobInfo, Key, Return, Spawned, Unknown, When};
use crate::outcome::RunId;
use crate::runtime::Runtime;

pub use enqueue::{Enqueue, Enqueued, enqueue, enqueue_all, read};

/// Runs the job now, through guard and overlap policy.
///
/// # Errors
/// When there is no runtime, or it shuts down.
pub async fn trigger<C: 'static, R>() -> Result<JobHandle<R>> {
    Runtime::current()?.trigger_companion::<C, R>().await
}

/// Pauses the job.
///
/// # Errors
/// When there is no runtime.
pub async fn pause<C: 'static>(reason: &str) -> Result<()> {
    let runtime = Runtime::current()?;
    if let Some(job) = runtime.stored_companion::<C>() {
        return runtime.pause_stored(&job, Some(reason)).await;
    }
    runtime.of_companion::<C, _>(|core, owner, entry| core.pause_by_hand(owner, entry, reason))
}

/// Resumes the job.
///
/// # Errors
/// When there is no runtime.
pub async fn resume<C: 'static>() -> Result<()> {
    let runtime = Runtime::current()?;
    if let Some(job) = runtime.stored_companion::<C>() {
        runtime.pause_stored(&job, None).await?;
    }
    runtime.of_companion::<C, _>(Core::resume)
}

/// What is known of the job.
///
/// # Errors
/// When there is no runtime.
#[expect(clippy::unused_async, reason = "it may wait one day, and the signature stays")]
pub async fn status<C: 'static>() -> Result<JobInfo> {
    let info = Runtime::current()?.of_companion::<C, _>(|core, owner, entry| core.info(owner, entry))?;
    info.ok_or_else(|| Error::refused("the job was removed"))
}

/// Reads the state of the job between runs.
///
/// # Errors
/// When there is no runtime, and in a run that holds the state itself.
pub async fn peek<C: 'static, S: 'static, T>(read: impl FnOnce(&S) -> T) -> Result<Option<T>> {
    let runtime = Runtime::current()?;
    let cell = runtime.of_companion::<C, _>(|_, owner, entry| owner.cell(entry, None))?;
    peek_into(&runtime, cell.unwrap_or(None), read).await
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
    of_instance::<C, A, _>(&Runtime::current()?, args, |core, owner, entry, key| owner.start(core, entry, key))?
}

/// Stops an instance; false when there is none for these arguments.
#[must_use]
pub fn stop<C: 'static, A: Send + Sync + 'static>(args: A) -> bool {
    let stop = |runtime: Runtime| {
        of_instance::<C, A, _>(&runtime, args, |core, owner, entry, key| owner.stop(core, entry, key))
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
    let cell = of_instance::<C, A, _>(&runtime, args, |_, owner, entry, key| owner.cell(entry, Some(key)))?;
    peek_into(&runtime, cell, read).await
}

/// Does something with the instance of these arguments; between two tries it compares them with others.
fn of_instance<C: 'static, A: Send + Sync + 'static, T>(
    runtime: &Runtime,
    args: A,
    act: impl Fn(&mut Core, &mut dyn Owner, u32, &Key) -> Result<T, Unknown>,
) -> Result<T> {
    let arguments = runtime.arguments::<C, A>()?;
    let mut key = arguments.key(Arc::new(args));
    loop {
        match runtime.of_companion::<C, _>(|core, owner, entry| act(core, owner, entry, &key))? {
            Ok(done) => return Ok(done),
            Err(unknown) => key.compare(unknown),
        }
    }
}

/// Spawns a job on demand.
#[track_caller]
pub fn spawn<C: 'static, A: Send + 'static, R: Return>(args: A) -> JobHandle<R> {
    spawn_when::<C, A, R>(When::Now, args)
}

/// Spawns a job on demand after a delay.
///
/// # Panics
/// When a text is not a duration, at the caller's place.
#[track_caller]
pub fn spawn_after<C: 'static, A: Send + 'static, R: Return>(delay: impl IntoDuration, args: A) -> JobHandle<R> {
    match delay.into_duration() {
        Ok(delay) => spawn_when::<C, A, R>(When::After(delay), args),
        Err(error) => panic!("{error}"),
    }
}

/// Spawns a job on demand at a time.
#[track_caller]
pub fn spawn_at<C: 'static, A: Send + 'static, R: Return>(time: SystemTime, args: A) -> JobHandle<R> {
    spawn_when::<C, A, R>(When::At(time), args)
}

/// Spawns a job on demand, and gives a refusal at once.
///
/// # Errors
/// When it is not accepted.
#[track_caller]
pub fn try_spawn<C: 'static, A: Send + 'static, R: Return>(
    args: A,
) -> std::result::Result<JobHandle<R>, RunError<R::Error>> {
    match Runtime::spawn_companion::<C>(When::Now, Box::new(args)) {
        Ok(Spawned { refused: Some(reason), .. }) => Err(RunError::refused(reason)),
        Ok(Spawned { run, refused: None }) => Ok(JobHandle::new(run)),
        Err(error) => Err(RunError::refused(error.to_string().into())),
    }
}

/// A refusal comes out of the handle, and is logged with the place of the one that spawned.
#[track_caller]
fn spawn_when<C: 'static, A: Send + 'static, R: Return>(when: When, args: A) -> JobHandle<R> {
    let caller = Location::caller();
    match Runtime::spawn_companion::<C>(when, Box::new(args)) {
        Ok(Spawned { run, refused }) => {
            if let Some(reason) = refused {
                event::log_refused(&run.job.name, run.id, &reason, caller);
            }
            JobHandle::new(run)
        }
        Err(error) => {
            let reason: Arc<str> = error.to_string().into();
            let path = std::any::type_name::<C>();
            let name = path.rsplit("::").next().unwrap_or(path);
            event::log_refused(name, RunId::of_run(0), &reason, caller);
            JobHandle::refused(reason)
        }
    }
}
