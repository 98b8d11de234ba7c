//! What people do to jobs, queues and recurring jobs.

use tokio_postgres::Row;

use super::Postgres;
use super::columns::{at, clean, text};
use super::lines::Post;
use super::notice::{BEGINNING, Told};
use super::session::Session;
use super::settle::{LOCK_KEYS, ended};
use crate::durable::store::{Cancelled, Fault, Notice, Pause, Subject};
use crate::durable::tick::CLUSTER;

const CANCEL: &str = "
    WITH e AS (
        UPDATE job_runtime.job j SET
            state = CASE WHEN j.state = 'running' THEN 'running' ELSE 'cancelled' END,
            cancel = CASE WHEN j.state = 'running' THEN $2 END,
            error = CASE WHEN j.state = 'running' THEN j.error ELSE $2 END,
            finished_at = CASE WHEN j.state = 'running' THEN j.finished_at ELSE now() END,
            parked = NULL
        WHERE j.id = $1 AND j.state IN ('waiting', 'running', 'parked')
        RETURNING j.id, j.state, j.name, j.queue
    ), freed AS (
        DELETE FROM job_runtime.unique_key k USING e WHERE k.job = e.id AND e.state = 'cancelled'
    )
    SELECT state, name, queue FROM e";

const IS_THERE: &str = "SELECT FROM job_runtime.job WHERE id = $1";

/// What is completed has that attempt in its history from then on.
const RETRY: &str = concat!(
    "UPDATE job_runtime.job j SET
        attempts = CASE WHEN j.state = 'completed' THEN ",
    ended!("'completed'", "(extract(epoch FROM coalesce(j.finished_at, now())) * 1000000)::bigint", "NULL"),
    " ELSE j.attempts END,
        progress = CASE WHEN j.state = 'completed' THEN NULL ELSE j.progress END,
        state = 'waiting', run_at = now(), lane = j.priority, max_attempts = greatest(j.max_attempts, j.attempt + 1),
        deaths = 0, node = NULL, parked = NULL, finished_at = NULL, error = NULL
    WHERE j.id = $1 AND j.state <> 'running' AND j.run_at < 'infinity'
    RETURNING j.queue, (extract(epoch FROM j.run_at) * 1000000)::bigint"
);

const DELETE: &str = "
    WITH e AS (
        DELETE FROM job_runtime.job WHERE id = $1 AND state <> 'running' RETURNING id, name, queue
    ), freed AS (
        DELETE FROM job_runtime.unique_key k USING e WHERE k.job = e.id
    )
    SELECT queue, name FROM e";

const PAUSE: &str = "
    INSERT INTO job_runtime.pause (kind, name, reason) VALUES ($1, $2, $3)
    ON CONFLICT (kind, name) DO UPDATE SET reason = excluded.reason";
const RESUME: &str = "DELETE FROM job_runtime.pause WHERE kind = $1 AND name = $2";
const PAUSES: &str = "SELECT kind, name, reason FROM job_runtime.pause ORDER BY kind, name";

impl Postgres {
    pub(super) async fn stop(&self, id: i64, reason: &str) -> Result<Cancelled, Fault> {
        let mut session = self.lines.at(Post::Ticks).await?;
        session.begin();
        session.query(LOCK_KEYS, &[&vec![id]]).await?;
        let reason = clean(reason);
        let row = session.query_opt(CANCEL, &[&id, &reason]).await?;
        let (cancelled, notice) = match &row {
            Some(row) => stopped(id, row)?,
            None => match session.query_opt(IS_THERE, &[&id]).await? {
                Some(_) => (Cancelled::Over, None),
                None => (Cancelled::Unknown, None),
            },
        };
        self.end_with(session, notice.map(|notice| (notice, BEGINNING))).await?;
        Ok(cancelled)
    }

    pub(super) async fn try_again(&self, id: i64) -> Result<bool, Fault> {
        let mut session = self.lines.pooled().await?;
        session.begin();
        let row = session.query_opt(RETRY, &[&id]).await?;
        let notice = match &row {
            Some(row) => Some((Notice::Work(text(row, 0)?), at(row, 1)?)),
            None => None,
        };
        self.end_with(session, notice).await?;
        Ok(row.is_some())
    }

    pub(super) async fn remove(&self, id: i64) -> Result<bool, Fault> {
        let mut session = self.lines.pooled().await?;
        session.begin();
        session.query(LOCK_KEYS, &[&vec![id]]).await?;
        let row = session.query_opt(DELETE, &[&id]).await?;
        let ended = row.as_ref().map(|row| ended_of(row, 0, 1)).transpose()?.flatten();
        self.end_with(session, ended.map(|ended| (ended, BEGINNING))).await?;
        Ok(row.is_some())
    }

    pub(super) async fn halt(&self, what: Subject, name: &str, reason: Option<&str>) -> Result<(), Fault> {
        let mut session = self.lines.at(Post::Ticks).await?;
        session.begin();
        let kind = what.as_str();
        match reason.map(clean) {
            Some(reason) => session.query(PAUSE, &[&kind, &name, &reason]).await?,
            None => session.query(RESUME, &[&kind, &name]).await?,
        };
        self.end_with(session, Some((Notice::Paused, BEGINNING))).await
    }

    pub(super) async fn halted(&self) -> Result<Vec<Pause>, Fault> {
        let mut session = self.lines.at(Post::Lease).await?;
        let rows = session.query(PAUSES, &[]).await?;
        session.done();
        rows.iter().map(pause).collect()
    }

    /// Commits, and tells everybody.
    pub(super) async fn end_with(&self, mut session: Session<'_>, notice: Option<(Notice, i64)>) -> Result<(), Fault> {
        if let Some((notice, from)) = &notice {
            let payload = Told { by: self.id, notice: notice.clone(), from: *from }.payload();
            session.query(super::listen::NOTIFY, &[&self.lines.schema.name(), &payload]).await?;
        }
        session.commit().await?;
        session.done();
        if let Some((notice, from)) = notice {
            self.tell_here(notice, from);
        }
        Ok(())
    }
}

fn stopped(id: i64, row: &Row) -> Result<(Cancelled, Option<Notice>), Fault> {
    if at::<&str>(row, 0)? == "running" {
        return Ok((Cancelled::Asked, Some(Notice::Cancel(id))));
    }
    Ok((Cancelled::AtOnce, ended_of(row, 2, 1)?))
}

/// Others may wait for the end of a run of a recurring job.
fn ended_of(row: &Row, queue: usize, name: usize) -> Result<Option<Notice>, Fault> {
    let is_run = at::<&str>(row, queue)? == CLUSTER;
    is_run.then(|| Ok(Notice::Ended(text(row, name)?))).transpose()
}

fn pause(row: &Row) -> Result<Pause, Fault> {
    let what = if at::<&str>(row, 0)? == Subject::Queue.as_str() { Subject::Queue } else { Subject::Job };
    Ok((what, at(row, 1)?, at(row, 2)?))
}
