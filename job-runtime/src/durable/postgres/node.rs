//! Who is there: leases, and what becomes of the jobs of a process that is there no more.

use std::sync::PoisonError;
use std::time::SystemTime;

use super::Postgres;
use super::columns::{at, integer, micros};
use super::line::Params;
use super::lines::Post;
use super::notice::BEGINNING;
use super::session::Session;
use super::settle::ended;
use crate::durable::store::{Beat, Fault, Node, Notice, Rescued};

const JOIN: &str = "
    INSERT INTO job_runtime.node (id, name, until, lease, since, jobs, queues)
    SELECT $1, $2, now() + l.lease, l.lease, now(), $4, $5
    FROM (SELECT $3::bigint * interval '1 microsecond' AS lease) l
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, until = excluded.until, lease = excluded.lease,
        since = excluded.since, jobs = excluded.jobs, queues = excluded.queues, gone = false
    RETURNING now()";

/// What a node has claimed that somebody wants stopped.
macro_rules! stopped {
    ($column:literal) => {
        concat!("SELECT ", $column, " FROM job_runtime.job WHERE node = $1 AND cancel IS NOT NULL ORDER BY id")
    };
}

/// A lease that was over for a moment is begun anew, though it is still there. Tells whether the node knows the same jobs
/// as before, and which of its own are to be stopped and why.
pub(super) const RENEW: &str = concat!(
    "
    UPDATE job_runtime.node n SET
        since = CASE WHEN n.until < now() THEN now() ELSE n.since END,
        until = now() + $2::bigint * interval '1 microsecond', lease = $2::bigint * interval '1 microsecond',
        jobs = $3, queues = $4
    FROM (SELECT id, jobs, until FROM job_runtime.node WHERE id = $1 FOR UPDATE) old
    WHERE n.id = old.id AND NOT n.gone
    RETURNING now(), old.until >= now() AND old.jobs = $3, ARRAY(",
    stopped!("id"),
    "), ARRAY(",
    stopped!("cancel"),
    ")"
);

/// Jobs that nobody knew wait again, if this node knows them.
const UNPARK: &str = "
    WITH known AS (
        UPDATE job_runtime.job j SET state = 'waiting', parked = NULL, error = NULL
        WHERE j.parked = 'unknown' AND j.name = ANY ($1::text[]) RETURNING j.queue
    ), queue AS (
        SELECT DISTINCT queue FROM known
    ), told AS MATERIALIZED (
        SELECT count(pg_notify($2, $3::bigint || ' work ' || $4::bigint || ' ' || queue)) FROM queue
    )
    SELECT queue FROM queue CROSS JOIN told";

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

/// A lease that is over, where the server has been there for as long as it lasts.
macro_rules! is_over {
    () => {
        concat!(
            "NOT n.gone AND n.until < now() AND n.id <> $1 AND now() - pg_postmaster_start_time() >= n.lease AND ",
            is_steady!("$1")
        )
    };
}

/// Whether one is, which seldom is so.
const ANY_OVER: &str = concat!("SELECT FROM job_runtime.node n WHERE ", is_over!(), " LIMIT 1");
const OVER: &str = concat!("UPDATE job_runtime.node n SET gone = true WHERE ", is_over!(), " RETURNING n.id");

/// What nodes have claimed, in the order of the rows, as all who lock several do; and runs that wait for a place on them,
/// which from now on any node may let in.
macro_rules! mine {
    () => {
        "mine AS MATERIALIZED (
            SELECT id FROM job_runtime.job WHERE token IS NOT NULL AND node = ANY ($1::bigint[]) ORDER BY id FOR UPDATE
        ), turn AS (
            UPDATE job_runtime.job SET node = NULL
            WHERE queue = '@cluster' AND finished_at IS NULL AND state = 'waiting' AND node = ANY ($1::bigint[])
            RETURNING name, run_at = 'infinity' AS waits
        )"
    };
}

/// What became of rows whose node is gone, told by `$2`, the channel, and `$3`, who tells it: where jobs wait again, and of
/// which recurring jobs others may go on.
macro_rules! told_of_gone {
    () => {
        "freed AS (
            DELETE FROM job_runtime.unique_key k USING e WHERE k.job = e.id AND e.state = 'cancelled'
        ), over AS (
            SELECT name FROM e WHERE queue = '@cluster' AND state <> 'waiting' UNION SELECT name FROM turn WHERE waits
        ), told AS MATERIALIZED (
            SELECT count(pg_notify($2, w.payload)) FROM (
                SELECT $3::bigint || ' work ' || min(run_at) || ' ' || queue FROM e WHERE state = 'waiting' GROUP BY queue
                UNION ALL
                SELECT $3::bigint || ' ended ' || name FROM over
            ) w(payload)
        ), shown AS (
            SELECT id, state, queue, run_at, name FROM e UNION ALL SELECT NULL, 'over', NULL, NULL, name FROM over
        )
        SELECT shown.* FROM shown CROSS JOIN told ORDER BY id"
    };
}

/// What a process had claimed that died: who wanted it stopped has that now, and it is parked when it had `$4` of its
/// processes die.
pub(super) const BEREAVE: &str = concat!(
    "WITH ",
    mine!(),
    ", e AS (
        UPDATE job_runtime.job j SET
            deaths = j.deaths + 1,
            state = CASE WHEN j.cancel IS NOT NULL THEN 'cancelled' WHEN j.deaths + 1 >= $4 THEN 'parked' ELSE 'waiting' END,
            finished_at = CASE WHEN j.cancel IS NOT NULL THEN now() END,
            error = CASE
                WHEN j.cancel IS NOT NULL THEN j.cancel
                WHEN j.deaths + 1 >= $4 THEN 'its process died under it ' || j.deaths + 1 || ' times'
                ELSE j.error END,
            parked = CASE WHEN j.cancel IS NULL AND j.deaths + 1 >= $4 THEN 'quarantined' END,
            lane = CASE WHEN j.cancel IS NOT NULL OR j.deaths + 1 >= $4 THEN j.lane
                WHEN j.deaths + 1 > 1 THEN -1 ELSE j.priority END,
            attempts = ",
    ended!("NULL", "NULL", "'its process died, or lost its lease'"),
    ", progress = NULL, node = NULL, token = NULL, cancel = NULL
        FROM mine WHERE j.id = mine.id
        RETURNING j.id, j.state, j.queue, (extract(epoch FROM j.run_at) * 1000000)::bigint AS run_at, j.name
    ), ",
    told_of_gone!()
);

/// The keys of what is cancelled with its node, locked before its rows, as whoever frees keys does: who ends a job of that
/// node at the same time waits then, and not in a circle.
pub(super) const LOCK_STOPPED: &str = "
    SELECT FROM job_runtime.unique_key WHERE job = ANY (
        ARRAY(SELECT id FROM job_runtime.job WHERE node = ANY ($1::bigint[]) AND cancel IS NOT NULL)
    ) ORDER BY key FOR UPDATE";

/// What a process still has that goes waits again, as if it had not been claimed, unless somebody wanted it stopped.
const LEAVE: &str = concat!(
    "WITH ",
    mine!(),
    ", e AS (
        UPDATE job_runtime.job j SET
            state = CASE WHEN j.cancel IS NULL THEN 'waiting' ELSE 'cancelled' END,
            attempt = CASE WHEN j.cancel IS NULL THEN j.attempt - 1 ELSE j.attempt END,
            finished_at = CASE WHEN j.cancel IS NOT NULL THEN now() END,
            error = coalesce(j.cancel, j.error),
            attempts = CASE WHEN j.cancel IS NULL THEN j.attempts ELSE ",
    ended!("'interrupted'", "(extract(epoch FROM now()) * 1000000)::bigint", "j.cancel"),
    " END,
            progress = CASE WHEN j.cancel IS NULL THEN j.progress END, node = NULL, token = NULL, cancel = NULL
        FROM mine WHERE j.id = mine.id
        RETURNING j.id, j.state, j.queue, (extract(epoch FROM j.run_at) * 1000000)::bigint AS run_at, j.name
    ), ",
    told_of_gone!()
);

/// Before its jobs are touched: who ends its lease has them in this order.
const GO: &str = "UPDATE job_runtime.node SET gone = true WHERE id = $1";

/// The names of jobs and of queues.
fn names(node: &Node) -> (Vec<&str>, Vec<&str>) {
    (node.jobs.iter().map(|name| &**name).collect(), node.queues.iter().map(|name| &**name).collect())
}

impl Postgres {
    /// The node that this store is used by.
    pub(super) fn me(&self) -> Option<i64> {
        *self.node.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn let_join(&self, node: &Node) -> Result<SystemTime, Fault> {
        let (jobs, queues) = names(node);
        let lease = micros(node.lease);
        let mut session = self.lines.at(Post::Lease).await?;
        let params: Params<'_> = &[&node.id, &&*node.name, &lease, &jobs, &queues];
        let row = session.query_opt(JOIN, params).await?.ok_or_else(silent)?;
        self.unpark(&mut session, &jobs).await?;
        session.done();
        *self.node.lock().unwrap_or_else(PoisonError::into_inner) = Some(node.id);
        at(&row, 0)
    }

    async fn unpark(&self, session: &mut Session<'_>, jobs: &[&str]) -> Result<(), Fault> {
        let params: Params<'_> = &[&jobs, &self.lines.schema.name(), &self.id, &BEGINNING];
        for row in session.query(UNPARK, params).await? {
            self.tell_here(Notice::Work(at::<&str>(&row, 0)?.into()), BEGINNING);
        }
        Ok(())
    }

    pub(super) async fn renew(&self, node: &Node) -> Result<Beat, Fault> {
        let (jobs, queues) = names(node);
        let lease = micros(node.lease);
        let mut session = self.lines.within(Post::Lease, self.lines.patience.beat).await?;
        let renewed = session.query_opt(RENEW, &[&node.id, &lease, &jobs, &queues]).await?;
        let beat = if let Some(renewed) = &renewed {
            if !at::<bool>(renewed, 1)? {
                self.unpark(&mut session, &jobs).await?;
            }
            let (stopped, reasons): (Vec<i64>, Vec<String>) = (at(renewed, 2)?, at(renewed, 3)?);
            Beat { known: true, now: at(renewed, 0)?, cancelled: stopped.into_iter().zip(reasons).collect() }
        } else {
            let now = at(&session.query_opt(CLOCK, &[]).await?.ok_or_else(silent)?, 0)?;
            Beat { known: false, now, cancelled: Vec::new() }
        };
        session.done();
        Ok(beat)
    }

    pub(super) async fn end_leases(&self, quarantine: u32) -> Result<Rescued, Fault> {
        let Some(me) = self.me() else { return Ok(Rescued::default()) };
        let mut session = self.lines.at(Post::Lease).await?;
        if session.query_opt(ANY_OVER, &[&me]).await?.is_none() {
            session.done();
            return Ok(Rescued::default());
        }
        session.begin();
        let dead = session.query(OVER, &[&me]).await?;
        let dead = dead.iter().map(|row| at(row, 0)).collect::<Result<Vec<i64>, Fault>>()?;
        let mut rows = Vec::new();
        if !dead.is_empty() {
            session.query(LOCK_STOPPED, &[&dead]).await?;
            let params: Params<'_> = &[&dead, &self.lines.schema.name(), &self.id, &integer(quarantine)];
            rows = session.query(BEREAVE, params).await?;
        }
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
        self.hear_of_gone(&rows)?;
        Ok(rescued)
    }

    pub(super) async fn let_go(&self, node: i64) -> Result<(), Fault> {
        let channel = self.lines.schema.name();
        let mut session = self.lines.at(Post::Lease).await?;
        session.begin();
        session.query(GO, &[&node]).await?;
        session.query(LOCK_STOPPED, &[&vec![node]]).await?;
        let rows = session.query(LEAVE, &[&vec![node], &channel, &self.id]).await?;
        session.commit().await?;
        // Nobody may listen here any more who would tell these.
        for told in self.owed_now() {
            session.query(super::listen::NOTIFY, &[&channel, &told]).await?;
        }
        session.done();
        self.hear_of_gone(&rows)
    }

    /// What was told of rows whose node is gone is told here too.
    fn hear_of_gone(&self, rows: &[tokio_postgres::Row]) -> Result<(), Fault> {
        for row in rows {
            match at::<&str>(row, 1)? {
                "waiting" => self.tell_here(Notice::Work(at::<&str>(row, 2)?.into()), at(row, 3)?),
                "over" => self.tell_here(Notice::Ended(at::<&str>(row, 4)?.into()), BEGINNING),
                _ => {}
            }
        }
        Ok(())
    }
}

fn silent() -> Fault {
    Fault::lasting("the server gave no answer")
}
