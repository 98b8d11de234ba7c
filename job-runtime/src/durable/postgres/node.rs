//! Who is there: leases, and what becomes of the jobs of a process that is there no more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::Postgres;
use super::columns::{at, integer, micros};
use super::line::Params;
use super::lines::Post;
use super::notice::BEGINNING;
use super::settle::{again, ended};
use crate::durable::store::{Beat, Fault, Node, Notice, Rescued};

/// Jobs that nobody knew wait again, if this node knows them.
const JOIN: &str = "
    WITH joined AS (
        INSERT INTO job_runtime.node (id, name, until, lease, since, jobs, queues)
        SELECT $1, $2, now() + l.lease, l.lease, now(), $4, $5
        FROM (SELECT $3::bigint * interval '1 microsecond' AS lease) l
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, until = excluded.until, lease = excluded.lease,
            since = excluded.since, jobs = excluded.jobs, queues = excluded.queues, gone = false
    ), known AS (
        UPDATE job_runtime.job j SET state = 'waiting', parked = NULL, error = NULL
        WHERE j.state = 'parked' AND j.parked = 'unknown' AND j.name = ANY ($4) RETURNING j.queue
    ), queue AS (
        SELECT DISTINCT queue FROM known
    ), told AS MATERIALIZED (
        SELECT count(pg_notify($6, $7::bigint || ' work ' || $8::bigint || ' ' || queue)) FROM queue
    )
    SELECT now(), (SELECT array_agg(queue) FROM queue) FROM told";

/// A lease that was over for a moment is begun anew, though it is still there.
const RENEW: &str = "
    UPDATE job_runtime.node SET
        since = CASE WHEN until < now() THEN now() ELSE since END,
        until = now() + $2::bigint * interval '1 microsecond', lease = $2::bigint * interval '1 microsecond',
        jobs = $3, queues = $4
    WHERE id = $1 AND NOT gone RETURNING now()";

const STOPPED: &str = "
    SELECT id, cancel, now() FROM job_runtime.job
    WHERE node = $1 AND state = 'running' AND cancel IS NOT NULL ORDER BY id";

const CLOCK: &str = "SELECT now()";

/// Whether a node has renewed its lease all the time for as long as it lasts. After the way to the database was cut, or the
/// database was away, the leases of all nodes are over; by when one has been back for so long, all can be.
macro_rules! is_steady {
    ($node:literal) => {
        concat!(
            "EXISTS (
                SELECT FROM job_runtime.node me WHERE me.id = ",
            $node,
            " AND NOT me.gone AND me.until >= now() AND now() - me.since >= me.lease
            )"
        )
    };
}
pub(super) use is_steady;

/// The leases that are over, where the server has been there for as long as they last.
const OVER: &str = concat!(
    "UPDATE job_runtime.node n SET gone = true
    WHERE NOT n.gone AND n.until < now() AND n.id <> $1 AND now() - pg_postmaster_start_time() >= n.lease AND ",
    is_steady!("$1"),
    " RETURNING n.id"
);

/// What a process had claimed that died: who wanted it stopped has that now, and it is parked when it had `$2` of its
/// processes die. In the order of the rows, as all who lock several do.
const BEREAVE: &str = concat!(
    "WITH mine AS MATERIALIZED (
        SELECT id FROM job_runtime.job WHERE state = 'running' AND node = ANY ($1::bigint[]) ORDER BY id FOR UPDATE
    ), e AS (
        UPDATE job_runtime.job j SET
            deaths = j.deaths + 1,
            state = CASE WHEN j.cancel IS NOT NULL THEN 'cancelled' WHEN j.deaths + 1 >= $2 THEN 'parked' ELSE 'waiting' END,
            finished_at = CASE WHEN j.cancel IS NOT NULL THEN now() ELSE j.finished_at END,
            error = CASE
                WHEN j.cancel IS NOT NULL THEN j.cancel
                WHEN j.deaths + 1 >= $2 THEN 'its process died under it ' || j.deaths + 1 || ' times'
                ELSE j.error END,
            parked = CASE WHEN j.cancel IS NULL AND j.deaths + 1 >= $2 THEN 'quarantined' END,
            lane = CASE WHEN j.cancel IS NOT NULL OR j.deaths + 1 >= $2 THEN j.lane
                WHEN j.deaths + 1 > 1 THEN -1 ELSE j.priority END,
            attempts = ",
    ended!("NULL", "NULL", "'its process died, or lost its lease'"),
    ", progress = NULL, node = NULL, token = NULL, cancel = NULL
        FROM mine WHERE j.id = mine.id
        RETURNING j.id, j.state, j.queue, (extract(epoch FROM j.run_at) * 1000000)::bigint AS run_at, j.name
    ), freed AS (
        DELETE FROM job_runtime.unique_key k USING e WHERE k.job = e.id AND e.state = 'cancelled'
    ), turns AS (
        UPDATE job_runtime.job SET node = NULL
        WHERE queue = '@cluster' AND state = 'waiting' AND node = ANY ($1::bigint[])
    ), told AS MATERIALIZED (
        SELECT count(pg_notify($3, $4::bigint || ' work ' || w.run_at || ' ' || queue)) FROM (
            SELECT queue, min(run_at) AS run_at FROM e WHERE state = 'waiting' GROUP BY queue
        ) w
    )
    SELECT e.id, e.state, e.queue, e.run_at, e.name FROM e CROSS JOIN told ORDER BY e.id"
);

/// What a process still has that goes waits again, as if it had not been claimed.
const LEAVE: &str = "
    WITH mine AS MATERIALIZED (
        SELECT id FROM job_runtime.job WHERE state = 'running' AND node = $1 ORDER BY id FOR UPDATE
    ), e AS (
        UPDATE job_runtime.job j SET
            state = 'waiting', attempt = j.attempt - 1, node = NULL, token = NULL, cancel = NULL
        FROM mine WHERE j.id = mine.id
        RETURNING j.id, j.state, j.queue, (extract(epoch FROM j.run_at) * 1000000)::bigint AS run_at
    ), turns AS (
        UPDATE job_runtime.job SET node = NULL WHERE queue = '@cluster' AND state = 'waiting' AND node = $1
    ), gone AS (
        UPDATE job_runtime.node SET gone = true WHERE id = $1
    ), told AS MATERIALIZED (
        SELECT count(pg_notify($2, $3::bigint || ' work ' || w.run_at || ' ' || queue)) FROM (
            SELECT queue, min(run_at) AS run_at FROM e GROUP BY queue
        ) w
    )
    SELECT e.id, e.state, e.queue, e.run_at FROM e CROSS JOIN told";

/// The names of jobs and of queues.
fn names(node: &Node) -> (Vec<&str>, Vec<&str>) {
    (node.jobs.iter().map(|name| &**name).collect(), node.queues.iter().map(|name| &**name).collect())
}

impl Postgres {
    /// The node that this store is used by.
    pub(super) fn me(&self) -> Option<i64> {
        *self.node.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) async fn let_join(&self, node: &Node) -> Result<SystemTime, Fault> {
        self.lines.settle_here();
        let (jobs, queues) = names(node);
        let (channel, lease) = (self.lines.schema.name(), micros(node.lease));
        let mut session = self.lines.at(Post::Lease).await?;
        let params: Params<'_> = &[
            &node.id,
            &&*node.name,
            &lease,
            &jobs,
            &queues,
            &channel,
            &self.id,
            &BEGINNING,
        ];
        let row = session.query_opt(JOIN, params).await?.ok_or_else(silent)?;
        session.done();
        *self.node.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(node.id);
        for queue in at::<Option<Vec<&str>>>(&row, 1)?.unwrap_or_default() {
            self.tell_here(Notice::Work(queue.into()), BEGINNING);
        }
        at(&row, 0)
    }

    pub(super) async fn renew(&self, node: &Node) -> Result<Beat, Fault> {
        let (jobs, queues) = names(node);
        let lease = micros(node.lease);
        let mut session = self.lines.within(Post::Lease, self.lines.patience.beat).await?;
        let renewed =
            session.query_opt(RENEW, &[&node.id, &lease, &jobs, &queues]).await?;
        let stopped = session.query(STOPPED, &[&node.id]).await?;
        let now = match &renewed {
            Some(renewed) => at(renewed, 0)?,
            None => at(&session.query_opt(CLOCK, &[]).await?.ok_or_else(silent)?, 0)?,
        };
        session.done();
        let cancelled = stopped.iter().map(|row| Ok((at(row, 0)?, at(row, 1)?))).collect::<Result<_, Fault>>()?;
        Ok(Beat { known: renewed.is_some(), now, cancelled })
    }

    pub(super) async fn end_leases(&self, quarantine: u32) -> Result<Rescued, Fault> {
        let Some(me) = self.me() else { return Ok(Rescued::default()) };
        let mut session = self.lines.at(Post::Lease).await?;
        session.begin();
        let dead = session.query(OVER, &[&me]).await?;
        let dead = dead.iter().map(|row| at(row, 0)).collect::<Result<Vec<i64>, Fault>>()?;
        if dead.is_empty() {
            session.commit().await?;
            session.done();
            return Ok(Rescued::default());
        }
        let (channel, quarantine) = (self.lines.schema.name(), integer(quarantine));
        let rows =
            session.query(BEREAVE, &[&dead, &quarantine, &channel, &self.id]).await?;
        session.commit().await?;
        session.done();
        let mut rescued = Rescued::default();
        for row in &rows {
            match at::<&str>(row, 1)? {
                "waiting" => rescued.jobs += 1,
                "parked" => rescued.quarantined.push((at(row, 0)?, at(row, 4)?)),
                _ => {}
            }
        }
        self.hear_again(&rows)?;
        Ok(rescued)
    }

    pub(super) async fn let_go(&self, node: i64) -> Result<(), Fault> {
        let channel = self.lines.schema.name();
        let mut session = self.lines.at(Post::Lease).await?;
        let rows = session.query(LEAVE, &[&node, &channel, &self.id]).await?;
        // Nobody may listen here any more who would tell these.
        for told in self.owed_now() {
            session.query(super::listen::NOTIFY, &[&channel, &told]).await?;
        }
        session.done();
        self.hear_again(&rows)
    }

    /// Rows wait again that had waited before.
    fn hear_again(&self, rows: &[tokio_postgres::Row]) -> Result<(), Fault> {
        let mut heard = BTreeMap::<Arc<str>, i64>::new();
        again(rows, &mut heard)?;
        heard.into_iter().for_each(|(queue, from)| self.tell_here(Notice::Work(queue), from));
        Ok(())
    }
}

fn silent() -> Fault {
    Fault::lasting("the server gave no answer")
}
