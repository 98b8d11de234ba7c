//! What happened in a test, kept for its assertions.
#![expect(clippy::wildcard_enum_match_arm, reason = "each question is about one kind of event")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::Notify;

use crate::clock::later;
use crate::event::{Event, EventKind};
use crate::outcome::{Outcome, RunId, SkipReason, Trigger};

/// One attempt, from [`Harness::runs`](super::Harness::runs).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Run {
    /// The run, which its attempts share.
    pub id: RunId,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// What gave the reason; [`Trigger::Retry`] for a further attempt.
    pub trigger: Trigger,
    /// The nominal time of the run.
    pub scheduled_at: SystemTime,
    /// When it started.
    pub started_at: SystemTime,
    /// When it ended, if it has.
    pub finished_at: Option<SystemTime>,
    /// How it ended, if it has.
    pub outcome: Option<Outcome>,
    /// The error with its causes, the panic with its place, or why it was cancelled.
    pub error: Option<Arc<str>>,
}

/// All events of a harness.
#[derive(Default)]
pub(crate) struct Record {
    events: Mutex<Vec<Event>>,
    pub(crate) changed: Notify,
}

impl Record {
    pub(crate) fn note(&self, event: &Event) {
        self.lock().push(event.clone());
        self.changed.notify_waiters();
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.lock().clone()
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// The attempts of a job, in the order of their starts.
    pub(crate) fn runs(&self, job: &str) -> Vec<Run> {
        let mut runs = Vec::new();
        for event in self.lock().iter().filter(|event| event.job.as_deref() == Some(job)) {
            add(&mut runs, event);
        }
        runs
    }

    /// Why a run was not started, if that is so.
    pub(crate) fn not_started(&self, run: RunId) -> Option<SkipReason> {
        self.lock().iter().rev().find_map(|event| match event.kind {
            EventKind::Skipped { reason, .. } if event.run == Some(run) => Some(reason),
            _ => None,
        })
    }

    /// How the last attempt of a run ended.
    pub(crate) fn outcome(&self, run: RunId) -> Option<Outcome> {
        self.lock().iter().rev().find_map(|event| match event.kind {
            EventKind::Finished { outcome, .. } if event.run == Some(run) => Some(outcome),
            _ => None,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(runs: &mut Vec<Run>, event: &Event) {
    let Some(id) = event.run else { return };
    match &event.kind {
        EventKind::Started { attempt, trigger, scheduled_at, .. } => runs.push(Run {
            id,
            attempt: *attempt,
            trigger: *trigger,
            scheduled_at: *scheduled_at,
            started_at: event.at,
            finished_at: None,
            outcome: None,
            error: None,
        }),
        EventKind::Finished { outcome, error, duration, .. } => {
            let started = runs.iter_mut().rev().find(|run| run.id == id && run.finished_at.is_none());
            if let Some(run) = started {
                run.finished_at = Some(later(run.started_at, *duration).max(event.at));
                run.outcome = Some(*outcome);
                run.error.clone_from(error);
            }
        }
        _ => {}
    }
}
