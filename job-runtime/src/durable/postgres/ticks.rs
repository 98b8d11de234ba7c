//! Ticks that are decided once for all nodes, and runs that are let in by the overlap policy.
//!
//! All that is decided about a job is decided in a transaction that has the turn of that job, so that no two nodes decide
//! by the same situation. What others do to its runs meanwhile only makes them fewer.

use std::sync::Arc;
use std::time::SystemTime;

use tokio_postgres::Row as Columns;

use super::Postgres;
use super::claimed::{Names, claimed, claiming, row};
use super::columns::{at, integer, kept, text};
use super::line::Params;
use super::lines::Post;
use super::notice::{BEGINNING, Told};
use super::session::Session;
use crate::durable::row::{Claim, Row};
use crate::durable::store::{Fault, Notice};
use crate::durable::tick::{Admission, Advance, Enrolled, Entrance, STOPPED, Tick, Ticked, Turn};
use crate::outcome::SkipReason;
use crate::policy::overlap::{Decision, Situation, decide};

/// The turn of a job, also of one that has no schedule here yet.
const TURN: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))";

const STANDS: &str = "
    SELECT schedule, last, $2 <= clock_timestamp(),
        EXISTS (SELECT FROM job_runtime.pause WHERE kind = 'job' AND name = $1)
    FROM job_runtime.schedule WHERE name = $1 FOR UPDATE";

const ADVANCE: &str = "UPDATE job_runtime.schedule SET last = $2 WHERE name = $1";

const ENTER: &str = concat!(
    "INSERT INTO job_runtime.job AS j (queue, name, args, run_at, scheduled_at, max_attempts, trigger, serial, asking,
        state, attempt, starts, node, token, started_at)
    SELECT '@cluster', $3, '{}', t.at, t.at, $5, $6, $7, $8, 'running', 1, 1, $1, $2, now()
    FROM (SELECT coalesce($4::timestamptz, now()) AS at) t
    RETURNING ",
    claimed!()
);

const WAIT: &str = "
    INSERT INTO job_runtime.job (queue, name, args, run_at, scheduled_at, max_attempts, trigger, serial, asking, node)
    VALUES ('@cluster', $1, '{}', 'infinity', $2, $3, $4, $5, $6, $7)
    RETURNING id";

/// The runs of a job that are on: those between two attempts too, but none that is still at its guard; and those that
/// wait for a place.
pub(super) const RUNS: &str = "
    SELECT id, run_at = 'infinity', serial FROM job_runtime.job
    WHERE queue = '@cluster' AND name = $1 AND finished_at IS NULL AND state IN ('waiting', 'running')
        AND NOT (state = 'running' AND asking)
    ORDER BY id";

const PUT_BACK: &str = "
    UPDATE job_runtime.job SET state = 'waiting', run_at = 'infinity', attempt = attempt - 1, starts = starts - 1, token = NULL
    WHERE id = $1";

const DROP: &str = "DELETE FROM job_runtime.job WHERE id = $1";

const STOP: &str = "
    UPDATE job_runtime.job SET
        cancel = CASE WHEN state = 'running' THEN $2 END,
        error = CASE WHEN state = 'running' THEN error ELSE $2 END,
        finished_at = CASE WHEN state = 'running' THEN finished_at ELSE now() END,
        state = CASE WHEN state = 'running' THEN state ELSE 'cancelled' END
    WHERE id = ANY ($1::bigint[]) AND state IN ('waiting', 'running')
    RETURNING id, state = 'running', name";

const ASKED: &str = concat!(
    "UPDATE job_runtime.job j SET asking = false
    WHERE j.id = $1 AND j.attempt = $2 AND j.token = $3 AND j.asking
    RETURNING ",
    claimed!()
);

const STATES: &str = "SELECT id, state FROM job_runtime.job WHERE id = ANY ($1::bigint[])";

pub(super) const PROCEED: &str = concat!(
    "UPDATE job_runtime.job j SET run_at = now(), ",
    claiming!(),
    " WHERE j.id = (
        SELECT id FROM job_runtime.job
        WHERE queue = '@cluster' AND name = $3 AND finished_at IS NULL AND state = 'waiting' AND run_at = 'infinity'
            AND (node IS NULL OR node = $1)
        ORDER BY scheduled_at, id LIMIT 1
    )
    RETURNING ",
    claimed!()
);

/// The runs of a job.
#[derive(Default)]
struct Runs {
    on: Vec<i64>,
    waiting: Vec<i64>,
    is_serial: bool,
}

impl Postgres {
    pub(super) async fn decide_ticks(&self, node: i64, ticks: &[Tick]) -> Result<Vec<Ticked>, Fault> {
        let mut session = self.lines.at(Post::Ticks).await?;
        let mut ticked = Vec::new();
        for tick in ticks {
            let mut notices = Vec::new();
            self.take_turn(&mut session, &tick.entrance.name).await?;
            ticked.push(decide_tick(&mut session, node, tick, &mut notices).await?);
            self.end_turn(&mut session, notices).await?;
        }
        session.done();
        Ok(ticked)
    }

    pub(super) async fn let_in(&self, node: i64, entrance: &Entrance) -> Result<Admission, Fault> {
        let mut session = self.lines.at(Post::Ticks).await?;
        let mut notices = Vec::new();
        self.take_turn(&mut session, &entrance.name).await?;
        let admission = enter(&mut session, node, entrance, None, &mut notices).await?;
        self.end_turn(&mut session, notices).await?;
        session.done();
        Ok(admission)
    }

    pub(super) async fn let_in_asked(&self, claim: Claim, entrance: &Entrance) -> Result<Admission, Fault> {
        let mut session = self.lines.at(Post::Ticks).await?;
        let mut notices = Vec::new();
        self.take_turn(&mut session, &entrance.name).await?;
        let attempt = integer(claim.attempt);
        let asked = session.query_opt(ASKED, &[&claim.id, &attempt, &claim.token]).await?;
        let admission = match &asked {
            Some(asked) => resolve(&mut session, row(asked, &mut Names::default())?, entrance, &mut notices).await?,
            None => Admission::Skip(SkipReason::Cancelled, None),
        };
        self.end_turn(&mut session, notices).await?;
        session.done();
        Ok(admission)
    }

    pub(super) async fn let_proceed(&self, node: i64, turns: &[Turn]) -> Result<Vec<(Arc<str>, Advance)>, Fault> {
        let mut session = self.lines.at(Post::Ticks).await?;
        let mut advances = Vec::new();
        for turn in turns {
            self.take_turn(&mut session, &turn.name).await?;
            let states = session.query(STATES, &[&turn.waiting]).await?;
            let mut of_job = gone(turn, &states)?;
            if !runs(&mut session, &turn.name).await?.is_serial {
                let params: Params<'_> = &[&node, &turn.token, &&*turn.name];
                let started = session.query_opt(PROCEED, params).await?;
                of_job.extend(
                    started.map(|started| Ok(Advance::Start(row(&started, &mut Names::default())?))).transpose()?,
                );
            }
            self.end_turn(&mut session, Vec::new()).await?;
            advances.extend(of_job.into_iter().map(|advance| (Arc::clone(&turn.name), advance)));
        }
        session.done();
        Ok(advances)
    }

    /// Begins a transaction that no other of this job runs beside.
    async fn take_turn(&self, session: &mut Session<'_>, name: &str) -> Result<(), Fault> {
        session.begin();
        session.query(TURN, &[&self.lines.schema.name(), &name]).await.map(drop)
    }

    /// Ends it, and tells what came of it.
    async fn end_turn(&self, session: &mut Session<'_>, notices: Vec<Notice>) -> Result<(), Fault> {
        let channel = self.lines.schema.name();
        for notice in &notices {
            let payload = Told { by: self.id, notice: notice.clone(), from: BEGINNING }.payload();
            session.query(super::listen::NOTIFY, &[&channel, &payload]).await?;
        }
        session.commit().await?;
        for notice in notices {
            self.tell_here(notice, BEGINNING);
        }
        Ok(())
    }
}

async fn decide_tick(
    session: &mut Session<'_>,
    node: i64,
    tick: &Tick,
    notices: &mut Vec<Notice>,
) -> Result<Ticked, Fault> {
    let (name, newest) = (&*tick.entrance.name, kept(tick.newest));
    let Some(stands) = session.query_opt(STANDS, &[&name, &newest]).await? else {
        return Ok(Ticked::Lost(Enrolled { last: tick.after, in_force: false }));
    };
    let last: SystemTime = at(&stands, 1)?;
    let in_force = at::<&str>(&stands, 0)? == &*tick.schedule;
    if !in_force || last != kept(tick.after) || !at::<bool>(&stands, 2)? {
        return Ok(Ticked::Lost(Enrolled { last, in_force }));
    }
    session.query(ADVANCE, &[&name, &newest]).await?;
    if at(&stands, 3)? {
        return Ok(Ticked::Paused);
    }
    let mut admissions = Vec::new();
    for nominal in &tick.run {
        let behind =
            matches!(admissions.first(), Some(Admission::Start(_) | Admission::Wait(_) | Admission::Stop { .. }));
        admissions.push(if behind {
            wait_behind(session, node, &tick.entrance, *nominal).await?
        } else {
            enter(session, node, &tick.entrance, Some(*nominal), notices).await?
        });
    }
    Ok(Ticked::Won(admissions))
}

/// A run that others of its tick run before.
async fn wait_behind(
    session: &mut Session<'_>,
    node: i64,
    entrance: &Entrance,
    nominal: SystemTime,
) -> Result<Admission, Fault> {
    let params: Params<'_> = &[
        &&*entrance.name,
        &kept(nominal),
        &integer(entrance.max_attempts),
        &entrance.trigger.as_str(),
        &entrance.serial,
        &entrance.guarded,
        &node,
    ];
    let row = session.query_opt(WAIT, params).await?.ok_or_else(lost)?;
    Ok(Admission::Wait(at(&row, 0)?))
}

/// A run wants to start, now where no time is named.
async fn enter(
    session: &mut Session<'_>,
    node: i64,
    entrance: &Entrance,
    nominal: Option<SystemTime>,
    notices: &mut Vec<Notice>,
) -> Result<Admission, Fault> {
    let params: Params<'_> = &[
        &node,
        &entrance.token,
        &&*entrance.name,
        &nominal.map(kept),
        &integer(entrance.max_attempts),
        &entrance.trigger.as_str(),
        &entrance.serial,
        &entrance.guarded,
    ];
    let entered = session.query_opt(ENTER, params).await?.ok_or_else(lost)?;
    let entered = row(&entered, &mut Names::default())?;
    if entrance.guarded { Ok(Admission::Start(entered)) } else { resolve(session, entered, entrance, notices).await }
}

/// Decides about a claimed run among all others of its job.
async fn resolve(
    session: &mut Session<'_>,
    run: Row,
    entrance: &Entrance,
    notices: &mut Vec<Notice>,
) -> Result<Admission, Fault> {
    let Runs { mut on, waiting, .. } = runs(session, &entrance.name).await?;
    let id = run.claim.id;
    on.retain(|other| *other != id);
    let situation = Situation { running: on.len(), waiting: !waiting.is_empty(), max_running: entrance.max_running };
    match decide(entrance.overlap, situation) {
        Decision::Start => Ok(Admission::Start(run)),
        Decision::Skip(reason) => {
            session.query(DROP, &[&id]).await?;
            Ok(Admission::Skip(reason, on.pop()))
        }
        Decision::Wait => {
            session.query(PUT_BACK, &[&id]).await?;
            Ok(Admission::Wait(id))
        }
        Decision::Stop => {
            let asked = session.query(STOP, &[&on, &STOPPED]).await?;
            notices.extend(asked.iter().map(stopped).collect::<Result<Vec<_>, _>>()?);
            session.query(PUT_BACK, &[&id]).await?;
            Ok(Admission::Stop { row: id, stopping: on, replaced: None })
        }
        Decision::Replace => {
            let replaced = waiting.first().copied();
            if let Some(replaced) = replaced {
                session.query(DROP, &[&replaced]).await?;
            }
            session.query(PUT_BACK, &[&id]).await?;
            Ok(Admission::Stop { row: id, stopping: Vec::new(), replaced })
        }
    }
}

async fn runs(session: &mut Session<'_>, name: &str) -> Result<Runs, Fault> {
    let mut runs = Runs::default();
    for row in session.query(RUNS, &[&name]).await? {
        let id = at(&row, 0)?;
        if at(&row, 1)? {
            runs.waiting.push(id);
        } else {
            runs.on.push(id);
            runs.is_serial |= at::<bool>(&row, 2)?;
        }
    }
    Ok(runs)
}

/// A run that is asked to stop, or has come to its end between two attempts.
fn stopped(row: &Columns) -> Result<Notice, Fault> {
    Ok(if at(row, 1)? { Notice::Cancel(at(row, 0)?) } else { Notice::Ended(text(row, 2)?) })
}

/// Which rows wait no more, and why.
fn gone(turn: &Turn, states: &[Columns]) -> Result<Vec<Advance>, Fault> {
    let mut gone = Vec::new();
    for id in &turn.waiting {
        let mut state = None;
        for row in states {
            if at::<i64>(row, 0)? == *id {
                state = Some(at::<&str>(row, 1)?);
            }
        }
        match state {
            None => gone.push(Advance::Gone(*id, SkipReason::Superseded)),
            Some("cancelled") => gone.push(Advance::Gone(*id, SkipReason::Cancelled)),
            Some(_) => {}
        }
    }
    Ok(gone)
}

fn lost() -> Fault {
    Fault::lasting("a row that was put in is not there")
}
