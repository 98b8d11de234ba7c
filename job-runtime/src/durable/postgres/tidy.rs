//! Deletes what was kept for long enough, and parks what no node knows.

use std::sync::Arc;
use std::time::Duration;

use super::Postgres;
use super::columns::{at, micros};
use super::lines::Post;
use super::node::is_steady;
use super::schedules::FORGET_HOSTS;
use super::session::Session;
use crate::durable::store::{FORGOTTEN, Fault, Retention, Tidied};

/// Rows that were kept for long enough: a part of them, so that nobody waits for long for what it locks.
pub(super) const PRUNE: &str = "
    DELETE FROM job_runtime.job WHERE id = ANY (ARRAY(
        SELECT id FROM job_runtime.job
        WHERE state IN ('completed', 'cancelled', 'discarded')
            AND finished_at < now() - least($1::bigint, $2::bigint) * interval '1 microsecond'
            AND finished_at < now()
                - CASE WHEN state = 'discarded' THEN $2::bigint ELSE $1::bigint END * interval '1 microsecond'
        ORDER BY finished_at LIMIT 5000 FOR UPDATE SKIP LOCKED
    ))
    RETURNING id";

const KEYS: &str = "DELETE FROM job_runtime.unique_key WHERE until <= now()";

/// Nodes that are gone for so long that nothing is kept any more that has their names.
const NODES: &str = "
    DELETE FROM job_runtime.node n
    WHERE n.gone AND n.until < now() - greatest($1::bigint, $2::bigint, $3::bigint) * interval '1 microsecond'
        AND NOT EXISTS (SELECT FROM job_runtime.job j WHERE j.token IS NOT NULL AND j.node = n.id)";

/// Of each lane of a queue the first that are due, as far as no node that is there has a job of their name; where
/// any is there that has jobs; as with leases, who asks has been there for long enough that all others can be. That they still wait is asked in other words, as with
/// these the planner takes the index of all that do.
pub(super) const PARK: &str = concat!(
    "WITH known AS MATERIALIZED (
        SELECT ARRAY(SELECT DISTINCT unnest(jobs) FROM job_runtime.node WHERE NOT gone AND until >= now()) AS names
    )
    UPDATE job_runtime.job j SET
        state = 'parked', parked = 'unknown', node = NULL, error = 'no node has a job `' || j.name || '`'
    WHERE j.id = ANY (ARRAY(
        SELECT w.id FROM unnest($1::text[]) AS q(queue) CROSS JOIN generate_series(-1, 9) AS l(lane)
        CROSS JOIN LATERAL (
            SELECT c.id, c.name FROM job_runtime.job c
            WHERE c.queue = q.queue AND c.state = 'waiting' AND c.lane = l.lane::smallint AND c.run_at <= now()
            ORDER BY c.run_at, c.id LIMIT 1000
        ) w
        WHERE w.name <> ALL ((SELECT names FROM known)::text[])
            AND (SELECT names FROM known) <> '{}' AND ",
    is_steady!("$2"),
    " ORDER BY w.id
    )) AND j.token IS NULL AND j.finished_at IS NULL
    RETURNING j.id, j.name"
);

/// How much of a round may go by with it.
const ROUND: Duration = Duration::from_secs(2);

impl Postgres {
    pub(super) async fn put_in_order(&self, queues: &[Arc<str>], keep: Retention) -> Result<Tidied, Fault> {
        let until = self.lines.clock.moment() + ROUND;
        let kept = |length: Option<Duration>| micros(length.unwrap_or(Duration::MAX));
        let (completed, discarded) = (kept(keep.completed), kept(keep.discarded));
        let mut tidied = Tidied::default();
        loop {
            // Each a call of its own, so that none is long.
            let mut session = self.lines.at(Post::Lease).await?;
            let pruned = prune(&mut session, completed, discarded).await?;
            session.done();
            tidied.pruned += u64::try_from(pruned).unwrap_or(u64::MAX);
            if pruned < 5_000 || self.lines.clock.moment() >= until {
                break;
            }
        }
        let mut session = self.lines.at(Post::Lease).await?;
        session.query(KEYS, &[]).await?;
        let forgotten = micros(FORGOTTEN);
        session.query(NODES, &[&completed, &discarded, &forgotten]).await?;
        session.query(FORGET_HOSTS, &[&forgotten]).await?;
        let queues: Vec<&str> = queues.iter().map(|queue| &**queue).collect();
        let parked = session.query(PARK, &[&queues, &self.me()]).await?;
        session.done();
        tidied.parked = parked.iter().map(|row| Ok((at(row, 0)?, at(row, 1)?))).collect::<Result<_, Fault>>()?;
        tidied.parked.sort_unstable();
        Ok(tidied)
    }
}

async fn prune(session: &mut Session<'_>, completed: i64, discarded: i64) -> Result<usize, Fault> {
    Ok(session.query(PRUNE, &[&completed, &discarded]).await?.len())
}
