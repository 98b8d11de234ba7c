//! What there is to see of jobs and queues.

use std::time::Duration;

use tokio_postgres::Row;

use super::Postgres;
use super::columns::{Json, at, count};
use super::line::Params;
use crate::durable::row::Parked;
use crate::durable::shown::{AttemptRow, Filter, JobRow, QueueInfo};
use crate::durable::store::Fault;
use crate::durable::{history, words};
use crate::outcome::{JobState, Outcome, RunId};

/// What waits is told apart by whether it is due.
macro_rules! shown {
    () => {
        "CASE
            WHEN j.state <> 'waiting' THEN j.state
            WHEN j.run_at <= now() OR j.run_at = 'infinity' THEN 'available'
            WHEN j.attempt > 0 THEN 'retryable'
            ELSE 'scheduled'
        END"
    };
}

/// Rows that fulfil a condition; times that are far away are as far as they are shown.
macro_rules! rows {
    ($condition:literal) => {
        concat!(
            "SELECT j.id, j.name, j.queue, j.args, ",
            shown!(),
            ", j.priority::int, j.attempt, j.max_attempts, j.enqueued_at, j.scheduled_at,
                least(j.run_at, '9999-01-01 00:00:00+00'), j.started_at, j.finished_at, n.name, j.deaths, j.parked, j.error,
                j.progress, j.attempts::text
            FROM job_runtime.job j LEFT JOIN job_runtime.node n ON n.id = j.node WHERE ",
            $condition
        )
    };
}

const ONE: &str = rows!("j.id = $1");

/// Rows that are looked for, with what their state says, for which there may be an index.
macro_rules! found {
    ($state:literal) => {
        concat!(
            rows!($state),
            " AND ($1::text IS NULL OR j.queue = $1) AND ($2::text IS NULL OR j.name = $2)
            AND ($3::bigint IS NULL OR j.id < $3) ORDER BY j.id DESC LIMIT $4"
        )
    };
}

/// The statement for a state.
fn found(state: Option<JobState>) -> &'static str {
    match state {
        None => found!("true"),
        Some(JobState::Available) => found!("j.state = 'waiting' AND (j.run_at <= now() OR j.run_at = 'infinity')"),
        Some(JobState::Scheduled) => {
            found!("j.state = 'waiting' AND j.run_at > now() AND j.run_at < 'infinity' AND j.attempt = 0")
        }
        Some(JobState::Retryable) => {
            found!("j.state = 'waiting' AND j.run_at > now() AND j.run_at < 'infinity' AND j.attempt > 0")
        }
        Some(JobState::Running) => found!("j.state = 'running' AND j.token IS NOT NULL"),
        Some(JobState::Completed) => found!("j.state = 'completed'"),
        Some(JobState::Cancelled) => {
            found!("j.state = 'cancelled' AND j.error IS NOT NULL AND j.finished_at IS NOT NULL")
        }
        Some(JobState::Discarded) => {
            found!("j.state = 'discarded' AND j.error IS NOT NULL AND j.finished_at IS NOT NULL")
        }
        Some(JobState::Parked) => found!("j.state = 'parked' AND j.parked IS NOT NULL"),
    }
}

const CENSUS: &str = concat!(
    "SELECT ",
    shown!(),
    ", count(*), (extract(epoch FROM now() - min(j.run_at) FILTER (WHERE j.state = 'waiting' AND j.run_at <= now()))
        * 1000000)::bigint
    FROM job_runtime.job j WHERE j.queue = $1 GROUP BY 1"
);

const PAUSED: &str = "SELECT reason FROM job_runtime.pause WHERE kind = 'queue' AND name = $1";

impl Postgres {
    pub(super) async fn show(&self, id: i64) -> Result<Option<JobRow>, Fault> {
        let mut session = self.lines.pooled().await?;
        let row = session.query_opt(ONE, &[&id]).await?;
        session.done();
        row.as_ref().map(shown).transpose()
    }

    pub(super) async fn find(&self, filter: &Filter) -> Result<Vec<JobRow>, Fault> {
        let mut session = self.lines.pooled().await?;
        let limit = i64::from(filter.limit);
        let params: Params<'_> = &[&filter.queue, &filter.name, &filter.before, &limit];
        let rows = session.query(found(filter.state), params).await?;
        session.done();
        rows.iter().map(shown).collect()
    }

    pub(super) async fn count(&self, queue: &str) -> Result<QueueInfo, Fault> {
        let mut session = self.lines.pooled().await?;
        let rows = session.query(CENSUS, &[&queue]).await?;
        let paused = session.query_opt(PAUSED, &[&queue]).await?;
        session.done();
        let mut census = QueueInfo::default();
        for row in &rows {
            if let Some(state) = words::state(at(row, 0)?) {
                *census.of(state) = u64::try_from(at::<i64>(row, 1)?).unwrap_or_default();
            }
            let oldest = at::<Option<i64>>(row, 2)?.map(|micros| Duration::from_micros(micros.unsigned_abs()));
            census.oldest = census.oldest.max(oldest);
        }
        census.paused = paused.map(|paused| at(&paused, 0)).transpose()?;
        Ok(census)
    }
}

fn shown(row: &Row) -> Result<JobRow, Fault> {
    let state =
        words::state(at(row, 4)?).ok_or_else(|| Fault::lasting("a row is in a state that is not known here"))?;
    let node: Option<String> = at(row, 13)?;
    let mut attempts = at::<Option<&str>>(row, 18)?.map(history::read).unwrap_or_default();
    attempts.extend(latest(row, state)?);
    Ok(JobRow {
        id: RunId::of_row(at(row, 0)?),
        name: at(row, 1)?,
        queue: at(row, 2)?,
        args: at::<Json<'_>>(row, 3)?.0.to_owned(),
        state,
        priority: count(row, 5)?,
        attempt: count(row, 6)?,
        max_attempts: count(row, 7)?,
        enqueued_at: at(row, 8)?,
        scheduled_at: at(row, 9)?,
        run_at: at(row, 10)?,
        finished_at: at(row, 12)?,
        node: node.filter(|_| state == JobState::Running),
        deaths: count(row, 14)?,
        parked: at::<Option<&str>>(row, 15)?.and_then(Parked::parse),
        error: at(row, 16)?,
        attempts,
        actor: None,
    })
}

/// The attempt that is on, or ended well.
fn latest(row: &Row, state: JobState) -> Result<Option<AttemptRow>, Fault> {
    let outcome = if state == JobState::Completed { Some(Outcome::Completed) } else { None };
    let started_at = at::<Option<_>>(row, 11)?.filter(|_| outcome.is_some() || state == JobState::Running);
    let Some(started_at) = started_at else { return Ok(None) };
    Ok(Some(AttemptRow {
        attempt: count(row, 6)?,
        started_at,
        finished_at: at(row, 12)?,
        node: at(row, 13)?,
        outcome,
        error: None,
        progress: at(row, 17)?,
    }))
}
