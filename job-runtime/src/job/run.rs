//! One run of a job, over all its attempts.

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as Task, Poll, Waker};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;

use super::{Args, Cell, Ending, Job};
use crate::clock::Moment;
use crate::outcome::{JobState, RunId, Trigger};

/// What the job itself asked for, to be done when it returns.
#[derive(Clone, Debug)]
pub(crate) enum Directive {
    Cancel(Arc<str>),
    Snooze(Duration),
    RetryAfter(Duration),
}

/// Where a run is on its way, as its handle and the executor see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Not decided, or decided and waiting for a place.
    Pending,
    /// Waiting for the time that was asked for.
    Scheduled,
    Running,
    /// Waiting for the next attempt.
    Waiting,
    Completed,
    Discarded,
    Cancelled,
}

impl Phase {
    const ALL: [Self; 7] = [
        Self::Pending,
        Self::Scheduled,
        Self::Running,
        Self::Waiting,
        Self::Completed,
        Self::Discarded,
        Self::Cancelled,
    ];

    fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Discarded | Self::Cancelled)
    }

    fn code(self) -> u8 {
        let position = Self::ALL.iter().position(|phase| *phase == self);
        position.and_then(|position| u8::try_from(position).ok()).unwrap_or_default()
    }
}

/// What of its output outlasts a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    Nothing,
    /// All of it, for a handle.
    Output,
    /// Its error, for what the runtime returns when the job gives up.
    Error,
}

/// One run, shared by the engine, the task that runs it, its contexts and its handle.
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) job: Arc<Job>,
    pub(crate) trigger: Trigger,
    /// The nominal time on the wall clock and on the monotonic one.
    pub(crate) scheduled_at: SystemTime,
    pub(crate) nominal: Moment,
    /// When its jitter and splay are over.
    pub(crate) ready: Moment,
    pub(crate) args: Option<Args>,
    pub(crate) cell: Option<Arc<Cell>>,
    /// Where the engine keeps the job, and where its kind keeps what this is a run of.
    pub(crate) entry: u32,
    pub(crate) unit: u32,
    /// Where the engine keeps the run, once it has a task.
    slot: AtomicU32,
    attempt: AtomicU32,
    /// How often a further attempt was made ready.
    armed: AtomicU32,
    /// Counted up when a poll begins and when it ends: odd while one is on.
    polls: AtomicU32,
    phase: AtomicU8,
    asked: AtomicBool,
    pub(super) stop: Notify,
    pub(crate) keep: Keep,
    /// Whether the handle was dropped, and whether the job asked for something: the lock is taken only then.
    let_go: AtomicBool,
    directed: AtomicBool,
    rare: Mutex<Rare>,
}

/// What is looked at once in a run, if at all.
#[derive(Default)]
struct Rare {
    directive: Option<Box<Directive>>,
    cargo: Option<Cargo>,
    /// Who waits for what comes of it.
    waiter: Option<Waker>,
    /// The task of the attempt that is on; it may be doomed before it is there.
    task: Option<tokio::task::AbortHandle>,
    doomed: bool,
}

/// What a run has with it: first what it is given, and at last what came of it.
enum Cargo {
    /// The arguments of a job on demand.
    Given(Box<dyn Any + Send>),
    /// Until its handle takes it.
    Ending(Ending),
}

impl Rare {
    fn take_given(&mut self) -> Option<Box<dyn Any + Send>> {
        let given = self.cargo.take_if(|cargo| matches!(cargo, Cargo::Given(_)));
        if let Some(Cargo::Given(given)) = given { Some(given) } else { None }
    }

    fn take_ending(&mut self) -> Option<Ending> {
        let ending = self.cargo.take_if(|cargo| matches!(cargo, Cargo::Ending(_)));
        if let Some(Cargo::Ending(ending)) = ending { Some(ending) } else { None }
    }
}

/// What a new run is made of.
pub(crate) struct Order {
    pub(crate) job: Arc<Job>,
    pub(crate) trigger: Trigger,
    pub(crate) scheduled_at: SystemTime,
    pub(crate) nominal: Moment,
    pub(crate) ready: Moment,
    pub(crate) args: Option<Args>,
    pub(crate) cell: Option<Arc<Cell>>,
    /// The arguments of a job on demand.
    pub(crate) given: Option<Box<dyn Any + Send>>,
    pub(crate) keep: Keep,
    pub(crate) entry: u32,
    pub(crate) unit: u32,
}

impl Run {
    pub(crate) fn new(id: RunId, attempt: u32, order: Order) -> Arc<Self> {
        let Order { job, trigger, scheduled_at, nominal, ready, args, cell, given, keep, entry, unit } = order;
        Arc::new(Self {
            id,
            job,
            trigger,
            scheduled_at,
            nominal,
            ready,
            args,
            cell,
            entry,
            unit,
            slot: AtomicU32::new(u32::MAX),
            attempt: AtomicU32::new(attempt),
            armed: AtomicU32::new(0),
            polls: AtomicU32::new(0),
            phase: AtomicU8::new(Phase::Pending.code()),
            asked: AtomicBool::new(false),
            stop: Notify::new(),
            keep,
            let_go: AtomicBool::new(false),
            directed: AtomicBool::new(false),
            rare: Mutex::new(Rare { cargo: given.map(Cargo::Given), ..Rare::default() }),
        })
    }

    /// The low half of its number, which tells its alarms from those of another run.
    pub(crate) fn stamp(&self) -> u32 {
        u32::try_from(self.id.number() & u64::from(u32::MAX)).unwrap_or_default()
    }

    /// Notes that a poll begins, or ends.
    pub(crate) fn count_poll(&self) {
        self.polls.store(self.polls.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    pub(crate) fn polls(&self) -> u32 {
        self.polls.load(Ordering::Relaxed)
    }

    pub(crate) fn set_slot(&self, slot: u32) {
        self.slot.store(slot, Ordering::Release);
    }

    pub(crate) fn slot(&self) -> u32 {
        self.slot.load(Ordering::Acquire)
    }

    pub(crate) fn attempt(&self) -> u32 {
        self.attempt.load(Ordering::Relaxed)
    }

    /// Whether it was asked to stop.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    pub(crate) fn set_phase(&self, phase: Phase) {
        self.phase.store(phase.code(), Ordering::Release);
    }

    pub(crate) fn phase(&self) -> Phase {
        let code = usize::from(self.phase.load(Ordering::Acquire));
        Phase::ALL.get(code).copied().unwrap_or(Phase::Pending)
    }

    pub(crate) fn state(&self) -> JobState {
        match self.phase() {
            Phase::Pending => JobState::Available,
            Phase::Scheduled => JobState::Scheduled,
            Phase::Running => JobState::Running,
            Phase::Waiting => JobState::Retryable,
            Phase::Completed => JobState::Completed,
            Phase::Discarded => JobState::Discarded,
            Phase::Cancelled => JobState::Cancelled,
        }
    }

    /// Asks the run to stop.
    pub(crate) fn ask(&self) {
        self.asked.store(true, Ordering::Release);
        self.stop.notify_waiters();
    }

    /// Makes ready for a further attempt.
    pub(crate) fn rearm(&self, attempt: u32) {
        self.attempt.store(attempt, Ordering::Relaxed);
        self.asked.store(false, Ordering::Release);
        let mut rare = self.rare();
        rare.task = None;
        rare.doomed = false;
        self.armed.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn take_directive(&self) -> Option<Directive> {
        let directed = self.directed.load(Ordering::Acquire) && self.directed.swap(false, Ordering::AcqRel);
        directed.then(|| self.rare().directive.take()).flatten().map(|directive| *directive)
    }

    /// Does this when the function returns.
    pub(super) fn direct(&self, directive: Directive) {
        self.rare().directive = Some(Box::new(directive));
        self.directed.store(true, Ordering::Release);
    }

    /// Whether a handle waits for what comes of it, or may yet.
    pub(crate) fn is_awaited(&self) -> bool {
        self.keep == Keep::Output && !self.let_go.load(Ordering::Acquire)
    }

    /// Answers the handle; gives back what nobody will take.
    pub(crate) fn conclude(&self, ending: Ending) -> Option<Ending> {
        let mut rare = self.rare();
        if !self.is_awaited() {
            return Some(ending);
        }
        rare.cargo = Some(Cargo::Ending(ending));
        let waiter = rare.waiter.take();
        drop(rare);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
        None
    }

    pub(super) fn poll_ending(&self, task: &Task<'_>) -> Poll<Ending> {
        if let Some(ending) = self.rare().take_ending() {
            return Poll::Ready(ending);
        }
        let mut waiter = Some(task.waker().clone());
        let mut rare = self.rare();
        if let Some(ending) = rare.take_ending() {
            return Poll::Ready(ending);
        }
        std::mem::swap(&mut rare.waiter, &mut waiter);
        // Whose waker it was may have something to do at its end.
        drop(rare);
        drop(waiter);
        Poll::Pending
    }

    /// The handle is dropped; gives what it would have taken.
    pub(super) fn let_go(&self) -> Option<Ending> {
        self.let_go.store(true, Ordering::Release);
        let mut rare = self.rare();
        let (waiter, cargo) = (rare.waiter.take(), rare.take_ending());
        drop(rare);
        drop(waiter);
        cargo
    }

    /// What a job on demand was spawned with: a copy where it may be needed once more.
    pub(super) fn arguments(&self) -> Option<Box<dyn Any + Send>> {
        let given = self.rare().take_given()?;
        let message = self.job.message.as_ref()?;
        let once_more = self.attempt() < self.job.options.max_attempts || self.job.hears();
        // Of what is in a store, each attempt is given its own.
        if !once_more || self.job.is_stored() || !message.is_copied() {
            return Some(given);
        }
        // Put back also where the copying, which is the users' code, panics.
        let lent = Lent { run: self, given: Some(given) };
        message.copy(&**lent.given.as_ref()?)
    }

    /// The arguments of a job on demand that no attempt needs any more.
    pub(crate) fn take_given(&self) -> Option<Box<dyn Any + Send>> {
        self.job.message.as_ref()?;
        self.rare().take_given()
    }

    /// Whether it can be run once more: of a job on demand, whether its arguments are still there.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.job.message.is_none() || matches!(self.rare().cargo, Some(Cargo::Given(_)))
    }

    /// Ends the task of the attempt that is on, at its next `await`.
    pub(crate) fn abort(&self) {
        let mut rare = self.rare();
        rare.doomed = true;
        if let Some(task) = &rare.task {
            task.abort();
        }
    }

    /// Whether its task is to be ended as soon as it is there.
    pub(crate) fn is_doomed(&self) -> bool {
        self.rare().doomed
    }

    /// Spawns the task of an attempt, with no lock held: a tokio runtime that is down drops it at once, which ends
    /// the attempt.
    pub(crate) fn attach(&self, spawn: impl FnOnce() -> tokio::task::AbortHandle) {
        let armed = self.armed.load(Ordering::Acquire);
        let task = spawn();
        let mut rare = self.rare();
        // Where a further attempt was made ready meanwhile, this one is over.
        if self.armed.load(Ordering::Acquire) == armed {
            if rare.doomed {
                task.abort();
            }
            rare.task = Some(task);
        }
    }

    fn rare(&self) -> MutexGuard<'_, Rare> {
        self.rare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long after its nominal time it is now.
    pub(crate) fn lateness(&self, now: Moment) -> Duration {
        now.since(self.nominal)
    }
}

/// Arguments that are being copied, and go back then.
struct Lent<'r> {
    run: &'r Run,
    given: Option<Box<dyn Any + Send>>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut rare = self.run.rare();
        // Where the run was given up meanwhile, its ending has taken their place.
        if rare.cargo.is_none() && !self.run.phase().is_over() {
            rare.cargo = self.given.take().map(Cargo::Given);
        }
    }
}
