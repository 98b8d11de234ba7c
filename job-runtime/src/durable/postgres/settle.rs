//! Writes down how attempts ended, and how far others are.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::Postgres;
use super::columns::{at, clean, integer, micros, text};
use super::line::Params;
use super::lines::Post;
use super::notice::BEGINNING;
use super::session::Session;
use crate::durable::row::Claim;
use crate::durable::settle::{End, Settlement};
use crate::durable::store::{Fault, Notice};

/// What most of them are. That the row is running is not asked for: it has a token only then, and with the question the
/// planner takes the index of all that run.
pub(super) const COMPLETED: &str = "
    UPDATE job_runtime.job j SET state = 'completed', finished_at = now(), token = NULL, error = NULL, cancel = NULL
    FROM unnest($1::bigint[], $2::int[], $3::bigint[]) AS d(id, attempt, token)
    WHERE j.id = d.id AND j.attempt = d.attempt AND j.token = d.token
    RETURNING j.id";

/// An attempt that is over, in the words of the history; `h` has how it ended.
macro_rules! ended {
    ($outcome:literal, $finished:literal, $error:literal) => {
        concat!(
            "coalesce(j.attempts, '[]') || jsonb_build_object('attempt', j.attempt,
                'started_at', (extract(epoch FROM coalesce(j.started_at, now())) * 1000000)::bigint,
                'finished_at', ",
            $finished,
            ", 'node', (SELECT n.name FROM job_runtime.node n WHERE n.id = j.node), 'outcome', ",
            $outcome,
            ", 'error', ",
            $error,
            ", 'progress', j.progress)"
        )
    };
}
pub(super) use ended;

/// Any end: what somebody wanted stopped is cancelled where it would be tried again. `back` is 1 where the attempt does not
/// count, `delay` is after how long the row runs again, `noted` whether the attempt goes into its history.
pub(super) const SETTLE: &str = concat!(
    "WITH d AS MATERIALIZED (
        SELECT * FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::text[], $5::bool[], $6::int[], $7::bigint[],
            $8::bool[], $9::text[], $10::text[], $11::text[], $12::bool[])
            AS d(id, attempt, token, state, again, back, delay, noted, outcome, text, parked, awaited)
    ), e AS (
        UPDATE job_runtime.job j SET
            state = CASE WHEN d.again AND j.cancel IS NOT NULL THEN 'cancelled' ELSE d.state END,
            attempt = CASE WHEN d.again AND j.cancel IS NOT NULL THEN j.attempt ELSE j.attempt - d.back END,
            run_at = CASE
                WHEN d.delay IS NULL OR j.cancel IS NOT NULL THEN j.run_at
                ELSE now() + d.delay * interval '1 microsecond' END,
            lane = CASE WHEN d.delay IS NULL OR j.cancel IS NOT NULL THEN j.lane ELSE j.priority END,
            node = CASE WHEN d.again AND j.cancel IS NULL OR d.state = 'parked' THEN NULL ELSE j.node END,
            finished_at = CASE
                WHEN d.again AND j.cancel IS NULL OR d.state = 'parked' THEN j.finished_at ELSE now() END,
            error = CASE
                WHEN d.again AND j.cancel IS NOT NULL THEN j.cancel
                WHEN d.again AND NOT d.noted THEN j.error
                WHEN d.state = 'completed' THEN NULL
                ELSE d.text END,
            attempts = CASE WHEN d.noted OR d.again AND j.cancel IS NOT NULL THEN ",
    ended!(
        "d.outcome",
        "(extract(epoch FROM now()) * 1000000)::bigint",
        "CASE WHEN d.again AND j.cancel IS NOT NULL THEN j.cancel ELSE d.text END"
    ),
    " ELSE j.attempts END,
            progress = CASE WHEN d.noted OR d.again AND j.cancel IS NOT NULL THEN NULL ELSE j.progress END,
            parked = d.parked, token = NULL, cancel = NULL
        FROM d WHERE j.id = d.id AND j.attempt = d.attempt AND j.token = d.token
        RETURNING j.id, j.state, j.queue, j.name, (extract(epoch FROM j.run_at) * 1000000)::bigint AS run_at, d.awaited
    ), freed AS (
        DELETE FROM job_runtime.unique_key k USING e
        WHERE k.job = e.id AND (e.state IN ('cancelled', 'discarded') OR e.state = 'completed' AND k.until IS NULL)
    ), told AS MATERIALIZED (
        SELECT count(pg_notify($13, w.payload)) FROM (
            SELECT $14::bigint || ' work ' || min(run_at) || ' ' || queue FROM e WHERE state = 'waiting' GROUP BY queue
            UNION ALL
            SELECT DISTINCT $14::bigint || ' ended ' || name FROM e WHERE awaited
        ) w(payload)
    )
    SELECT e.id, e.state, e.queue, e.run_at FROM e CROSS JOIN told"
);

/// Rows that were decided against leave none.
pub(super) const DECLINED: &str = "
    WITH e AS (
        DELETE FROM job_runtime.job j USING unnest($1::bigint[], $2::int[], $3::bigint[]) AS d(id, attempt, token)
        WHERE j.id = d.id AND j.attempt = d.attempt AND j.token = d.token
        RETURNING j.id, j.name
    ), freed AS (
        DELETE FROM job_runtime.unique_key k USING e WHERE k.job = e.id
    ), told AS MATERIALIZED (
        SELECT count(pg_notify($4, $5::bigint || ' ended ' || name)) FROM (SELECT DISTINCT name FROM e) e
    )
    SELECT e.id FROM e CROSS JOIN told";

/// Whoever frees keys locks them before the rows, as who puts in does.
pub(super) const LOCK_KEYS: &str =
    "SELECT FROM job_runtime.unique_key WHERE job = ANY ($1::bigint[]) ORDER BY key FOR UPDATE";

pub(super) const PROGRESS: &str = "
    UPDATE job_runtime.job j SET progress = d.text
    FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::text[]) AS d(id, attempt, token, text)
    WHERE j.id = d.id AND j.attempt = d.attempt AND j.token = d.token";

impl Postgres {
    pub(super) async fn write_ends(&self, settlements: &[Settlement]) -> Result<Vec<bool>, Fault> {
        let mut session = self.lines.at(Post::Ends).await?;
        let mut all = vec![false; settlements.len()];
        for round in rounds(settlements) {
            let of_round: Vec<&Settlement> = round.iter().filter_map(|place| settlements.get(*place)).collect();
            let changed = self.write_round(&mut session, &of_round).await?;
            for (place, settlement) in round.into_iter().zip(of_round) {
                if let Some(is_changed) = all.get_mut(place) {
                    *is_changed = changed.contains(&settlement.claim.id);
                }
            }
        }
        session.done();
        let ended = settlements.iter().zip(&all).filter(|(settlement, changed)| settlement.awaited && **changed);
        ended.for_each(|(settlement, _)| self.tell_here(Notice::Ended(Arc::clone(&settlement.name)), BEGINNING));
        Ok(all)
    }

    /// Writes down one end of each row at most; which rows were changed.
    async fn write_round(&self, session: &mut Session<'_>, ends: &[&Settlement]) -> Result<HashSet<i64>, Fault> {
        let mut changed = HashSet::new();
        let mut heard = BTreeMap::new();
        let groups = Groups::of(ends);
        if !groups.completed.is_empty() {
            let rows = session.query(COMPLETED, &groups.completed.params()).await?;
            note(&rows, &mut changed)?;
        }
        if !groups.others.claims.is_empty() {
            let rows = self.write_others(session, &groups.others).await?;
            note(&rows, &mut changed)?;
            again(&rows, &mut heard)?;
        }
        if !groups.declined.claims.is_empty() {
            note(&self.write_declined(session, &groups.declined).await?, &mut changed)?;
        }
        for (queue, from) in heard {
            self.tell_here(Notice::Work(queue), from);
        }
        Ok(changed)
    }

    async fn write_others(&self, session: &mut Session<'_>, others: &Others<'_>) -> Result<Vec<Row>, Fault> {
        let (channel, by) = (self.lines.schema.name(), self.id);
        begin_with(session, &others.keyed).await?;
        let [ids, attempts, tokens] = others.claims.params();
        let params: Params<'_> = &[
            ids,
            attempts,
            tokens,
            &others.states,
            &others.again,
            &others.back,
            &others.delays,
            &others.noted,
            &others.outcomes,
            &others.texts,
            &others.parked,
            &others.awaited,
            &channel,
            &by,
        ];
        let rows = session.query(SETTLE, params).await?;
        end_with(session, &others.keyed).await?;
        Ok(rows)
    }

    async fn write_declined(&self, session: &mut Session<'_>, declined: &Declined) -> Result<Vec<Row>, Fault> {
        let (channel, by) = (self.lines.schema.name(), self.id);
        begin_with(session, &declined.keyed).await?;
        let [ids, attempts, tokens] = declined.claims.params();
        let rows = session.query(DECLINED, &[ids, attempts, tokens, &channel, &by]).await?;
        end_with(session, &declined.keyed).await?;
        Ok(rows)
    }

    pub(super) async fn write_progress(&self, progress: &[(Claim, String)]) -> Result<(), Fault> {
        let mut claims = Claims::default();
        for (claim, _) in progress {
            claims.push(*claim);
        }
        let texts: Vec<_> = progress.iter().map(|(_, text)| clean(text)).collect();
        let texts: Vec<&str> = texts.iter().map(|text| &**text).collect();
        let mut session = self.lines.at(Post::Ends).await?;
        let [ids, attempts, tokens] = claims.params();
        session.query(PROGRESS, &[ids, attempts, tokens, &texts]).await?;
        session.done();
        Ok(())
    }
}

/// Begins a transaction that has the keys of these rows, if there are any.
async fn begin_with(session: &mut Session<'_>, keyed: &Vec<i64>) -> Result<(), Fault> {
    if !keyed.is_empty() {
        session.begin();
        session.query(LOCK_KEYS, &[keyed]).await?;
    }
    Ok(())
}

async fn end_with(session: &mut Session<'_>, keyed: &[i64]) -> Result<(), Fault> {
    if keyed.is_empty() { Ok(()) } else { session.commit().await }
}

/// The places of ends in rounds of which each has one end of a row at most: mostly it is one round.
fn rounds(settlements: &[Settlement]) -> Vec<Vec<usize>> {
    let mut rounds = Vec::<Vec<usize>>::new();
    let mut seen = HashMap::<i64, usize>::new();
    for (place, settlement) in settlements.iter().enumerate() {
        let times = seen.entry(settlement.claim.id).or_default();
        match rounds.get_mut(*times) {
            Some(round) => round.push(place),
            None => rounds.push(vec![place]),
        }
        *times += 1;
    }
    rounds
}

/// The numbers of rows that were changed.
fn note(rows: &[Row], changed: &mut HashSet<i64>) -> Result<(), Fault> {
    for row in rows {
        changed.insert(at(row, 0)?);
    }
    Ok(())
}

/// The queues in which rows wait again, and from when on.
fn again(rows: &[Row], heard: &mut BTreeMap<Arc<str>, i64>) -> Result<(), Fault> {
    for row in rows {
        if at::<&str>(row, 1)? == "waiting" {
            let from: i64 = at(row, 3)?;
            heard.entry(text(row, 2)?).and_modify(|known| *known = from.min(*known)).or_insert(from);
        }
    }
    Ok(())
}

/// Claims, one list for each part.
#[derive(Default)]
struct Claims {
    ids: Vec<i64>,
    attempts: Vec<i32>,
    tokens: Vec<i64>,
}

impl Claims {
    fn push(&mut self, Claim { id, attempt, token }: Claim) {
        self.ids.push(id);
        self.attempts.push(integer(attempt));
        self.tokens.push(token);
    }

    fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    fn params(&self) -> [&(dyn ToSql + Sync); 3] {
        [&self.ids, &self.attempts, &self.tokens]
    }
}

/// Ends by how they are written down.
#[derive(Default)]
struct Groups<'s> {
    completed: Claims,
    others: Others<'s>,
    declined: Declined,
}

#[derive(Default)]
struct Declined {
    claims: Claims,
    keyed: Vec<i64>,
}

#[derive(Default)]
struct Others<'s> {
    claims: Claims,
    states: Vec<&'static str>,
    again: Vec<bool>,
    back: Vec<i32>,
    delays: Vec<Option<i64>>,
    noted: Vec<bool>,
    outcomes: Vec<&'static str>,
    texts: Vec<std::borrow::Cow<'s, str>>,
    parked: Vec<Option<&'static str>>,
    awaited: Vec<bool>,
    keyed: Vec<i64>,
}

impl<'s> Groups<'s> {
    /// In the order of the rows, so that two who write down the same wait for each other and not in a circle.
    fn of(ends: &[&'s Settlement]) -> Self {
        let mut groups = Self::default();
        let mut sorted = ends.to_vec();
        sorted.sort_unstable_by_key(|settlement| settlement.claim.id);
        for settlement in sorted {
            match settlement.end {
                End::Completed if !settlement.keyed && !settlement.awaited => groups.completed.push(settlement.claim),
                End::Declined => {
                    groups.declined.claims.push(settlement.claim);
                    groups.declined.keyed.extend(settlement.keyed.then_some(settlement.claim.id));
                }
                End::Completed
                | End::Cancelled
                | End::Discarded
                | End::Retry(_)
                | End::Snooze(_)
                | End::Released
                | End::Parked(_) => groups.others.push(settlement),
            }
        }
        groups
    }
}

impl<'s> Others<'s> {
    fn push(&mut self, settlement: &'s Settlement) {
        let Settlement { claim, end, outcome, error, keyed, awaited, .. } = settlement;
        let (state, back, delay, noted, parked) = match end {
            End::Completed => ("completed", 0, None, false, None),
            End::Cancelled => ("cancelled", 0, None, true, None),
            End::Discarded => ("discarded", 0, None, true, None),
            End::Retry(delay) => ("waiting", 0, Some(*delay), true, None),
            End::Snooze(delay) => ("waiting", 1, Some(*delay), false, None),
            End::Released | End::Declined => ("waiting", 1, None, false, None),
            End::Parked(why) => ("parked", 1, None, false, Some(why.as_str())),
        };
        self.claims.push(*claim);
        self.states.push(state);
        self.again.push(end.is_repeated());
        self.back.push(back);
        self.delays.push(delay.map(micros));
        self.noted.push(noted);
        self.outcomes.push(outcome.as_str());
        self.texts.push(clean(error.as_deref().unwrap_or(outcome.as_str())));
        self.parked.push(parked);
        self.awaited.push(*awaited);
        self.keyed.extend(keyed.then_some(claim.id));
    }
}
