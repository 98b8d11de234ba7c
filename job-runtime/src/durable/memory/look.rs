//! What there is to see of jobs and queues.

use std::time::SystemTime;

use super::{Ended, Kept, State, Table};
use crate::clock::{FAR, later};
use crate::durable::shown::{AttemptRow, Filter, JobRow, QueueInfo};
use crate::durable::store::Subject;
use crate::outcome::{JobState, Outcome, RunId};

impl Table {
    pub(super) fn shown(&self, id: i64, row: &Kept, now: SystemTime) -> JobRow {
        let ended = row.ended.iter().map(|ended| self.ended(ended));
        JobRow {
            id: RunId::of_row(id),
            name: row.name.to_string(),
            queue: row.queue.to_string(),
            args: row.args.clone(),
            state: row.shown_state(now),
            priority: row.priority,
            attempt: row.attempt,
            max_attempts: row.max_attempts,
            enqueued_at: row.enqueued_at,
            scheduled_at: row.scheduled_at,
            run_at: row.run_at.unwrap_or_else(|| later(SystemTime::UNIX_EPOCH, FAR)),
            finished_at: row.finished_at,
            node: self.node_name(row.node.filter(|_| row.state == State::Running)),
            deaths: row.deaths,
            parked: row.parked,
            error: row.error.clone(),
            attempts: ended.chain(self.latest(row)).collect(),
            actor: None,
        }
    }

    fn ended(&self, ended: &Ended) -> AttemptRow {
        AttemptRow {
            attempt: ended.attempt,
            started_at: ended.started_at,
            finished_at: ended.finished_at,
            node: self.node_name(ended.node),
            outcome: ended.outcome,
            error: ended.error.clone(),
            progress: ended.progress.clone(),
        }
    }

    /// The attempt that is on, or ended well.
    fn latest(&self, row: &Kept) -> Option<AttemptRow> {
        let outcome = match row.state {
            State::Running => None,
            State::Completed => Some(Outcome::Completed),
            State::Waiting | State::Cancelled | State::Discarded | State::Parked => return None,
        };
        Some(AttemptRow {
            attempt: row.attempt,
            started_at: row.started_at?,
            finished_at: row.finished_at,
            node: self.node_name(row.node),
            outcome,
            error: None,
            progress: row.progress.clone(),
        })
    }

    pub(super) fn find(&self, filter: &Filter, now: SystemTime) -> Vec<JobRow> {
        let wanted = |id: i64, row: &Kept| {
            filter.queue.as_deref().is_none_or(|queue| queue == &*row.queue)
                && filter.name.as_deref().is_none_or(|name| name == &*row.name)
                && filter.state.is_none_or(|state| state == row.shown_state(now))
                && filter.before.is_none_or(|before| id < before)
        };
        let found = self.rows.iter().rev().filter(|(id, row)| wanted(**id, row));
        let most = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        found.take(most).map(|(id, row)| self.shown(*id, row, now)).collect()
    }

    pub(super) fn census(&self, queue: &str, now: SystemTime) -> QueueInfo {
        let mut census = QueueInfo::default();
        let rows = || self.rows.values().filter(|row| &*row.queue == queue);
        for row in rows() {
            *census.of(row.shown_state(now)) += 1;
        }
        let due = rows().filter(|row| row.is_due(now)).filter_map(|row| row.run_at).min();
        census.oldest = due.map(|due| now.duration_since(due).unwrap_or_default());
        census.paused = self.pauses.get(&(Subject::Queue.as_str(), queue.to_owned())).map(|(_, reason)| reason.clone());
        census
    }
}

impl Kept {
    /// What waits is told apart by whether it is due.
    fn shown_state(&self, now: SystemTime) -> JobState {
        match self.state {
            State::Waiting if self.run_at.is_none_or(|run_at| run_at <= now) => JobState::Available,
            State::Waiting if self.attempt > 0 => JobState::Retryable,
            State::Waiting => JobState::Scheduled,
            State::Running => JobState::Running,
            State::Completed => JobState::Completed,
            State::Cancelled => JobState::Cancelled,
            State::Discarded => JobState::Discarded,
            State::Parked => JobState::Parked,
        }
    }
}
