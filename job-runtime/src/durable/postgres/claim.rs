//! Gives a node what it may run now.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio_postgres::Row as Columns;
use tokio_postgres::types::ToSql;

use super::Postgres;
use super::claimed::{Names, claimed, claiming, row};
use super::columns::{at, integer, since_epoch, time};
use super::cursor::{Cursors, Found, Look, Place, lanes};
use super::line::Params;
use super::lines::Post;
use super::session::Session;
use crate::clock::Moment;
use crate::durable::row::Row;
use crate::durable::store::{Claimed, Fault, Wish};

/// The rows of each queue that are due, lane by lane, from behind the place that was seen, and at most one of those that
/// run alone. A row that somebody else has locked is passed over.
macro_rules! take {
    ($with:literal, $then:expr) => {
        concat!(
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
            )",
            $with,
            "UPDATE job_runtime.job j SET ",
            claiming!(),
            " WHERE j.id = ANY (ARRAY(
                SELECT id FROM alone
                UNION ALL
                SELECT p.id FROM (
                    SELECT queue, most - (SELECT count(*) FROM alone a WHERE a.queue = q.queue) AS most FROM q
                ) q CROSS JOIN LATERAL (
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
            ", j.lane",
            $then
        )
    };
}

/// For who expects more than is wished for.
pub(super) const TAKE: &str = take!(" ", ", now()");

/// Tells besides when the next of the queues in `$11` is due. All is in one statement, so that there is one clock: what
/// comes due between two would be in neither.
pub(super) const TAKE_AND_LOOK: &str = take!(
    ", taken AS (",
    ") SELECT j.*, now(), (
        SELECT min(c.run_at) FROM unnest($11::text[]) AS q(queue) CROSS JOIN generate_series(-1, 9) AS l(lane)
        CROSS JOIN LATERAL (
            SELECT c.run_at FROM job_runtime.job c
            WHERE c.queue = q.queue AND c.state = 'waiting' AND c.lane = l.lane::smallint
                AND c.run_at > now() AND c.run_at < 'infinity'
            ORDER BY c.run_at LIMIT 1
        ) c
    ) FROM (SELECT) one LEFT JOIN taken j ON true"
);

pub(super) const ADOPT: &str =
    concat!("SELECT ", claimed!(), " FROM job_runtime.job j WHERE j.node = $1 AND j.token = $2 ORDER BY j.id");

/// Where the columns behind those of a claimed row are.
const LANE: usize = 14;
const NOW: usize = 15;
const NEXT: usize = 16;

/// As far back as a time goes that is compared, or put in.
pub(super) const OLDEST: i64 = -60_000_000_000_000_000;

/// What was taken so far.
#[derive(Default)]
struct Taken {
    /// The lane of each row, and the row.
    rows: Vec<(i16, Row)>,
    now: Option<SystemTime>,
    next: Option<SystemTime>,
}

impl Postgres {
    pub(super) fn cursors(&self) -> MutexGuard<'_, Cursors> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn take(&self, wish: &Wish) -> Result<Claimed, Fault> {
        let mut session = self.lines.at(Post::Claims).await?;
        let mut taken = Taken::default();
        let mut left = wish.clone();
        if self.plenty.load(Ordering::Relaxed) {
            self.take_some(&mut session, &left, None, &mut taken).await?;
            left = taken.left_of(wish);
        }
        if !left.queues.is_empty() || taken.now.is_none() {
            self.take_some(&mut session, &left, Some(wish), &mut taken).await?;
        }
        session.done();
        let is_met = taken.left_of(wish).queues.is_empty();
        self.plenty.store(is_met, Ordering::Relaxed);
        let now = taken.now.ok_or_else(|| Fault::lasting("a claim gave no answer"))?;
        let next = taken.next.filter(|_| !is_met);
        Ok(Claimed { rows: taken.in_order(wish), next, now })
    }

    /// Takes what is wished for, as far as it is there; and looks when more is due of a wish, if there is one.
    async fn take_some(
        &self,
        session: &mut Session<'_>,
        wish: &Wish,
        next_of: Option<&Wish>,
        taken: &mut Taken,
    ) -> Result<(), Fault> {
        let began = self.lines.clock.moment();
        let looks = self.looks(wish, began);
        let places = Places::of(&looks);
        let (queues, most): (Vec<&str>, Vec<i32>) =
            wish.queues.iter().map(|(queue, most)| (&**queue, integer(*most))).unzip();
        let jobs: Vec<&str> = wish.jobs.iter().map(|name| &**name).collect();
        let Places { queues: of, lanes, times, ids } = &places;
        let params: Params<'_> =
            &[&wish.node, &wish.token, &queues, &most, of, lanes, times, ids, &jobs, &wish.solitary];
        let columns = match next_of {
            None => session.query(TAKE, params).await?,
            Some(next_of) => {
                let all: Vec<&str> = next_of.queues.iter().map(|(queue, _)| &**queue).collect();
                let all: &(dyn ToSql + Sync) = &all;
                let with_all: Vec<_> = params.iter().copied().chain([all]).collect();
                session.query(TAKE_AND_LOOK, &with_all).await?
            }
        };
        let took = self.lines.clock.moment().since(began);
        let from = taken.rows.len();
        taken.read(&columns, wish, next_of.is_some())?;
        if let (Some(now), Some(new)) = (taken.now, taken.rows.get(from..)) {
            self.note(wish, &looks, new, now, (began, took));
        }
        Ok(())
    }

    fn looks(&self, wish: &Wish, now: Moment) -> Vec<(Arc<str>, Look)> {
        let mut cursors = self.cursors();
        let queues = wish.queues.iter().map(|(queue, _)| queue);
        queues.map(|queue| (Arc::clone(queue), cursors.look(queue, &wish.jobs, now))).collect()
    }

    /// Notes how far the queues were seen.
    fn note(
        &self,
        wish: &Wish,
        looks: &[(Arc<str>, Look)],
        rows: &[(i16, Row)],
        now: SystemTime,
        (began, took): (Moment, Duration),
    ) {
        let mut cursors = self.cursors();
        for ((queue, most), (_, look)) in wish.queues.iter().zip(looks) {
            let of_queue = rows.iter().filter(|(_, row)| row.queue == *queue);
            let place = |(lane, row): &(i16, Row)| (*lane, (since_epoch(row.run_at), row.claim.id));
            let places: Vec<(i16, Place)> = of_queue.map(place).collect();
            let short = u32::try_from(places.len()).is_ok_and(|taken| taken < *most);
            cursors.found(queue, look, &Found { rows: &places, short, until: since_epoch(now), began, took });
        }
    }

    pub(super) async fn adopt_again(&self, node: i64, token: i64) -> Result<Vec<Row>, Fault> {
        let mut session = self.lines.at(Post::Claims).await?;
        let columns = session.query(ADOPT, &[&node, &token]).await?;
        session.done();
        let mut names = Names::default();
        columns.iter().map(|columns| row(columns, &mut names)).collect()
    }
}

impl Taken {
    /// What a statement gave: one row at least where it looked too.
    fn read(&mut self, columns: &[Columns], wish: &Wish, looked: bool) -> Result<(), Fault> {
        let Some(first) = columns.first() else { return Ok(()) };
        self.now = Some(at(first, NOW)?);
        if looked {
            self.next = at(first, NEXT)?;
            if at::<Option<i64>>(first, 0)?.is_none() {
                return Ok(());
            }
        }
        let mut names = Names::of(wish);
        self.rows.reserve(columns.len());
        for columns in columns {
            self.rows.push((at(columns, LANE)?, row(columns, &mut names)?));
        }
        Ok(())
    }

    /// What of a wish is not met.
    fn left_of(&self, wish: &Wish) -> Wish {
        let mut left = wish.clone();
        for (queue, most) in &mut left.queues {
            let taken = self.rows.iter().filter(|(_, row)| row.queue == *queue).count();
            *most = most.saturating_sub(u32::try_from(taken).unwrap_or(u32::MAX));
        }
        left.queues.retain(|(_, most)| *most > 0);
        left.solitary &= !self.rows.iter().any(|(_, row)| row.is_solitary());
        left
    }

    /// The rows in the order in which they are served.
    fn in_order(mut self, wish: &Wish) -> Vec<Row> {
        let place = |row: &Row| wish.queues.iter().position(|(queue, _)| *queue == row.queue);
        self.rows.sort_by_key(|(lane, row)| (place(row), *lane, row.run_at, row.claim.id));
        self.rows.into_iter().map(|(_, row)| row).collect()
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
