//! Gives a node what it may run now.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio_postgres::Row as Columns;

use super::Postgres;
use super::columns::{at, count, since_epoch, text, time};
use super::cursor::{Cursors, Found, Look, Place, lanes};
use super::line::Params;
use super::lines::Post;
use crate::clock::Moment;
use crate::durable::row::Row;
use crate::durable::store::{Claim, Claimed, Fault, Wish};
use crate::durable::words;

/// What a node is told of a row it has claimed, from a table called `j`.
macro_rules! claimed {
    () => {
        "j.id, j.attempt, j.token, j.name, j.queue, j.args::text, j.scheduled_at, j.run_at, j.max_attempts, j.starts, \
         j.deaths, j.trigger, j.keyed, j.asking"
    };
}
pub(super) use claimed;

/// What a claimed row becomes, by `$1`, the node, and `$2`, what it has drawn.
macro_rules! claiming {
    () => {
        "state = 'running', attempt = j.attempt + 1, starts = j.starts + 1, node = $1, token = $2, started_at = now(), \
         progress = NULL"
    };
}
pub(super) use claiming;

/// The rows of each queue that are due, lane by lane, from behind the place that was seen, and at most one of those that
/// run alone; and when the next is due. A row that somebody else has locked is passed over.
///
/// All is in one statement, so that there is one clock: what comes due between two would be in neither.
const CLAIM: &str = concat!(
    "WITH q AS MATERIALIZED (
        SELECT queue, most FROM unnest($3::text[], $4::int[]) AS q(queue, most)
        WHERE queue <> ALL (ARRAY(SELECT name FROM job_runtime.pause WHERE kind = 'queue'))
    ), paused AS MATERIALIZED (
        SELECT ARRAY(SELECT name FROM job_runtime.pause WHERE kind = 'job') AS names
    ), alone AS MATERIALIZED (
        SELECT q.queue, w.id FROM q CROSS JOIN LATERAL (
            SELECT c.id FROM job_runtime.job c
            WHERE c.queue = q.queue AND c.state = 'waiting' AND c.lane = -1 AND c.run_at <= now()
                AND c.name = ANY ($9::text[]) AND c.name <> ALL ((SELECT names FROM paused)::text[])
            ORDER BY c.run_at, c.id LIMIT 1 FOR UPDATE SKIP LOCKED
        ) w WHERE $10 LIMIT 1
    ), taken AS (
        UPDATE job_runtime.job j SET ",
    claiming!(),
    " WHERE j.id = ANY (ARRAY(
            SELECT id FROM alone
            UNION ALL
            SELECT p.id FROM (SELECT queue, most - (SELECT count(*) FROM alone a WHERE a.queue = q.queue) AS most FROM q) q
            CROSS JOIN LATERAL (
                SELECT w.id FROM unnest($5::text[], $6::smallint[], $7::timestamptz[], $8::bigint[])
                    AS l(queue, lane, run_at, id)
                CROSS JOIN LATERAL (
                    SELECT c.id FROM job_runtime.job c
                    WHERE c.queue = l.queue AND c.state = 'waiting' AND c.lane = l.lane
                        AND (c.run_at, c.id) > (l.run_at, l.id) AND c.run_at <= now()
                        AND c.name = ANY ($9::text[]) AND c.name <> ALL ((SELECT names FROM paused)::text[])
                    ORDER BY c.run_at, c.id LIMIT q.most FOR UPDATE SKIP LOCKED
                ) w
                WHERE l.queue = q.queue LIMIT q.most
            ) p
        )) RETURNING ",
    claimed!(),
    ", j.lane
    )
    SELECT j.*, now(), (
        SELECT min(c.run_at) FROM unnest($3::text[]) AS q(queue) CROSS JOIN generate_series(-1, 9) AS l(lane)
        CROSS JOIN LATERAL (
            SELECT c.run_at FROM job_runtime.job c
            WHERE c.queue = q.queue AND c.state = 'waiting' AND c.lane = l.lane::smallint
                AND c.run_at > now() AND c.run_at < 'infinity'
            ORDER BY c.run_at LIMIT 1
        ) c
    ) FROM (SELECT) one LEFT JOIN taken j ON true"
);

const ADOPT: &str = concat!(
    "SELECT ",
    claimed!(),
    " FROM job_runtime.job j WHERE j.state = 'running' AND j.node = $1 AND j.token = $2 ORDER BY j.id"
);

/// Where the columns behind those of a claimed row are.
const LANE: usize = 14;
const NOW: usize = 15;
const NEXT: usize = 16;

/// As far back as a time goes that is compared.
const OLDEST: i64 = -60_000_000_000_000_000;

impl Postgres {
    pub(super) fn cursors(&self) -> MutexGuard<'_, Cursors> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn take(&self, wish: &Wish) -> Result<Claimed, Fault> {
        let mut session = self.lines.at(Post::Claims).await?;
        let began = self.lines.clock.moment();
        let looks = self.looks(wish, began);
        let places = Places::of(&looks);
        let (queues, most): (Vec<&str>, Vec<i32>) =
            wish.queues.iter().map(|(queue, most)| (&**queue, super::columns::integer(*most))).unzip();
        let names: Vec<&str> = wish.jobs.iter().map(|name| &**name).collect();
        let params: Params<'_> = &[
            &wish.node,
            &wish.token,
            &queues,
            &most,
            &places.queues,
            &places.lanes,
            &places.times,
            &places.ids,
            &names,
            &wish.solitary,
        ];
        let columns = session.query(CLAIM, params).await?;
        session.done();
        let took = self.lines.clock.moment().since(began);
        let answer = Answer::of(&columns)?;
        Ok(self.sort(wish, &looks, answer, (began, took)))
    }

    fn looks(&self, wish: &Wish, now: Moment) -> Vec<(Arc<str>, Look)> {
        let mut cursors = self.cursors();
        let queues = wish.queues.iter().map(|(queue, _)| queue);
        queues.map(|queue| (Arc::clone(queue), cursors.look(queue, &wish.jobs, now))).collect()
    }

    /// Puts the rows in order, and notes how far the queues were seen.
    fn sort(
        &self,
        wish: &Wish,
        looks: &[(Arc<str>, Look)],
        answer: Answer,
        (began, took): (Moment, std::time::Duration),
    ) -> Claimed {
        let Answer { mut taken, now, next } = answer;
        let (mut rows, mut any_short) = (Vec::with_capacity(taken.len()), false);
        let mut cursors = self.cursors();
        for ((queue, most), (_, look)) in wish.queues.iter().zip(looks) {
            let mut of_queue: Vec<_> = taken.extract_if(.., |(_, row)| row.queue == *queue).collect();
            of_queue.sort_unstable_by_key(|(lane, row)| (*lane, row.run_at, row.claim.id));
            let place = |(lane, row): &(i16, Row)| (*lane, (since_epoch(row.run_at), row.claim.id));
            let places: Vec<(i16, Place)> = of_queue.iter().map(place).collect();
            let short = u32::try_from(places.len()).is_ok_and(|taken| taken < *most);
            any_short |= short;
            cursors.found(queue, look, &Found { rows: &places, short, until: since_epoch(now), began, took });
            rows.extend(of_queue.into_iter().map(|(_, row)| row));
        }
        Claimed { rows, next: next.filter(|_| any_short), now }
    }

    pub(super) async fn adopt_again(&self, node: i64, token: i64) -> Result<Vec<Row>, Fault> {
        let mut session = self.lines.at(Post::Claims).await?;
        let columns = session.query(ADOPT, &[&node, &token]).await?;
        session.done();
        columns.iter().map(row).collect()
    }
}

/// The places where a look begins, as a statement is given them.
#[derive(Default)]
struct Places<'l> {
    queues: Vec<&'l str>,
    lanes: Vec<i16>,
    times: Vec<SystemTime>,
    ids: Vec<i64>,
}

impl<'l> Places<'l> {
    fn of(looks: &'l [(Arc<str>, Look)]) -> Self {
        let mut places = Self::default();
        for (queue, look) in looks {
            for (lane, (from, id)) in lanes().zip(&look.from) {
                places.queues.push(queue);
                places.lanes.push(lane);
                places.times.push(time((*from).max(OLDEST)));
                places.ids.push(*id);
            }
        }
        places
    }
}

struct Answer {
    /// The lane of each row, and the row.
    taken: Vec<(i16, Row)>,
    now: SystemTime,
    next: Option<SystemTime>,
}

impl Answer {
    fn of(columns: &[Columns]) -> Result<Self, Fault> {
        let first = columns.first().ok_or_else(|| Fault::lasting("a claim gave no answer"))?;
        let (now, next) = (at(first, NOW)?, at(first, NEXT)?);
        let is_there = |columns: &&Columns| !matches!(columns.try_get::<_, Option<i64>>(0), Ok(None));
        let taken = columns.iter().filter(is_there).map(|columns| Ok((at(columns, LANE)?, row(columns)?)));
        Ok(Self { taken: taken.collect::<Result<_, Fault>>()?, now, next })
    }
}

/// A row that was claimed, from the columns of [`claimed`].
pub(super) fn row(columns: &Columns) -> Result<Row, Fault> {
    let claim = Claim { id: at(columns, 0)?, attempt: count(columns, 1)?, token: at(columns, 2)? };
    Ok(Row {
        claim,
        name: text(columns, 3)?,
        queue: text(columns, 4)?,
        args: at(columns, 5)?,
        scheduled_at: at(columns, 6)?,
        run_at: at(columns, 7)?,
        max_attempts: count(columns, 8)?,
        starts: count(columns, 9)?,
        deaths: count(columns, 10)?,
        trigger: words::trigger(at(columns, 11)?),
        keyed: at(columns, 12)?,
        asking: at(columns, 13)?,
    })
}
