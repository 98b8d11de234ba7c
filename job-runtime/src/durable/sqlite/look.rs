//! What there is to see of jobs and queues.

use std::time::{Duration, SystemTime};

use rusqlite::{OptionalExtension, Result, params};

use super::micros::time;
use super::table::Table;
use crate::clock::{FAR, later};
use crate::durable::row::Parked;
use crate::durable::shown::{AttemptRow, JobRow, QueueInfo};
use crate::durable::store::Subject;
use crate::durable::{history, words};
use crate::outcome::{JobState, Outcome, RunId};

/// What is read of a row to be shown: of `job`, and of the `node` that it is or was with.
pub(super) const SHOWN: &str = "
    job.id, job.name, job.queue, job.args, job.state, job.priority, job.attempt, job.max_attempts, job.enqueued_at,
    job.scheduled_at, job.run_at, job.finished_at, node.name, job.deaths, job.parked, job.error, job.attempts,
    job.started_at, job.progress";

impl Table<'_> {
    pub(super) fn row(&self, id: i64, now: i64) -> Result<Option<JobRow>> {
        let mut select = self.db.prepare_cached(&format!(
            "SELECT {SHOWN} FROM job_runtime_job job
            LEFT JOIN job_runtime_node node ON node.id = job.node
            WHERE job.id = ?1"
        ))?;
        select.query_row([id], |row| shown(row, now)).optional()
    }

    pub(super) fn census(&self, queue: &str, now: i64) -> Result<QueueInfo> {
        let mut census = QueueInfo::default();
        self.count_finished(queue, &mut census)?;
        self.count_waiting(queue, now, &mut census)?;
        let running = "SELECT count(*) FROM job_runtime_job WHERE token <> 0 AND queue = ?1";
        census.running = self.count(running, [queue])?;
        let parked = "SELECT count(*) FROM job_runtime_job WHERE parked IS NOT NULL AND queue = ?1";
        census.parked = self.count(parked, [queue])?;
        let paused = "SELECT reason FROM job_runtime_pause WHERE kind = ?1 AND name = ?2";
        let values = params![Subject::Queue.as_str(), queue];
        census.paused = self.db.prepare_cached(paused)?.query_row(values, |row| row.get(0)).optional()?;
        Ok(census)
    }

    fn count_finished(&self, queue: &str, census: &mut QueueInfo) -> Result<()> {
        let finished = "SELECT state, count(*) FROM job_runtime_job
            WHERE finished_at IS NOT NULL AND queue = ?1 GROUP BY state";
        let mut finished = self.db.prepare_cached(finished)?;
        let mut rows = finished.query([queue])?;
        while let Some(row) = rows.next()? {
            *census.of(state(row.get_ref(0)?.as_str()?, None, 0, 0)) += natural(row.get(1)?);
        }
        Ok(())
    }

    fn count_waiting(&self, queue: &str, now: i64, census: &mut QueueInfo) -> Result<()> {
        let available = "SELECT count(*) FROM job_runtime_job
            WHERE state = 'waiting' AND queue = ?1 AND (run_at IS NULL OR run_at <= ?2)";
        census.available = self.count(available, params![queue, now])?;
        let attempted = "SELECT count(*) FROM job_runtime_job
            WHERE state = 'waiting' AND queue = ?1 AND run_at > ?2 AND attempt > 0";
        census.retryable = self.count(attempted, params![queue, now])?;
        let all = "SELECT count(*) FROM job_runtime_job WHERE state = 'waiting' AND queue = ?1";
        census.scheduled = self.count(all, [queue])? - census.available - census.retryable;
        let oldest = "SELECT min(run_at) FROM job_runtime_job WHERE state = 'waiting' AND queue = ?1 AND run_at <= ?2";
        let oldest: Option<i64> = self.db.prepare_cached(oldest)?.query_row(params![queue, now], |row| row.get(0))?;
        census.oldest = oldest.map(|oldest| Duration::from_micros(now.abs_diff(oldest)));
        Ok(())
    }

    fn count(&self, count: &str, values: impl rusqlite::Params) -> Result<u64> {
        self.db.prepare_cached(count)?.query_row(values, |row| row.get(0)).map(natural)
    }
}

fn natural(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

/// The state as people see it: what waits is told apart by whether it is due.
fn state(word: &str, run_at: Option<i64>, attempt: u32, now: i64) -> JobState {
    words::state(word).unwrap_or(match run_at {
        Some(run_at) if run_at > now && attempt > 0 => JobState::Retryable,
        Some(run_at) if run_at > now => JobState::Scheduled,
        _ => JobState::Available,
    })
}

/// A row as it is shown.
pub(super) fn shown(row: &rusqlite::Row<'_>, now: i64) -> Result<JobRow> {
    let (run_at, attempt): (Option<i64>, u32) = (row.get(10)?, row.get(6)?);
    let state = state(row.get_ref(4)?.as_str()?, run_at, attempt, now);
    let node: Option<String> = row.get(12)?;
    let mut attempts = row.get_ref(16)?.as_str_or_null()?.map(history::read).unwrap_or_default();
    attempts.extend(latest(row, state, attempt, node.clone())?);
    let parked: Option<String> = row.get(14)?;
    Ok(JobRow {
        id: RunId::of_row(row.get(0)?),
        name: row.get(1)?,
        queue: row.get(2)?,
        args: row.get(3)?,
        state,
        priority: row.get(5)?,
        attempt,
        max_attempts: row.get(7)?,
        enqueued_at: time(row.get(8)?),
        scheduled_at: time(row.get(9)?),
        run_at: run_at.map_or_else(|| later(SystemTime::UNIX_EPOCH, FAR), time),
        finished_at: row.get::<_, Option<i64>>(11)?.map(time),
        node: node.filter(|_| state == JobState::Running),
        deaths: row.get(13)?,
        parked: parked.as_deref().and_then(Parked::parse),
        error: row.get(15)?,
        attempts,
        actor: None,
    })
}

/// The attempt that is on, or ended well.
fn latest(row: &rusqlite::Row<'_>, state: JobState, attempt: u32, node: Option<String>) -> Result<Option<AttemptRow>> {
    let outcome = (state == JobState::Completed).then_some(Outcome::Completed);
    let started_at = row.get::<_, Option<i64>>(17)?.filter(|_| outcome.is_some() || state == JobState::Running);
    let Some(started_at) = started_at else { return Ok(None) };
    let finished_at = row.get::<_, Option<i64>>(11)?.map(time);
    let started_at = time(started_at);
    Ok(Some(AttemptRow { attempt, started_at, finished_at, node, outcome, error: None, progress: row.get(18)? }))
}
