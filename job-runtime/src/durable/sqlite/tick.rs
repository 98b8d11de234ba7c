//! Ticks that are decided once for all nodes, and runs that are let in by the overlap policy.

use std::time::SystemTime;

use rusqlite::{OptionalExtension, Result, params};

use super::micros::{length, micros, time};
use super::table::Table;
use crate::durable::row::{Claim, Row};
use crate::durable::store::{Notice, Subject};
use crate::durable::tick::{Admission, Advance, CLUSTER, Enrolled, Enrolment, Entrance, STOPPED, Tick, Ticked, Turn};
use crate::outcome::SkipReason;
use crate::policy::overlap::{Decision, Situation, decide};

/// A schedule as it is kept.
struct Timeline {
    schedule: String,
    last: i64,
    /// The node that made it known.
    by: i64,
}

/// A run that is on, or between two attempts.
struct Running {
    id: i64,
    serial: bool,
    waits: bool,
}

impl Table<'_> {
    pub(super) fn enrol(&mut self, node: i64, enrolment: &Enrolment, now: i64) -> Result<Enrolled> {
        let Enrolment { name, schedule, ahead, back } = enrolment;
        let last = match self.timeline(name)? {
            None => now.saturating_add(length(*ahead)).saturating_sub(length(*back)),
            Some(known) if known.schedule == *schedule => known.last,
            Some(known) if self.is_alive(known.by, now)? => {
                return Ok(Enrolled { last: time(known.last), in_force: false });
            }
            // Of a schedule that was edited nothing is due that had been due before.
            Some(known) => known.last.max(now),
        };
        let enrol = "
            INSERT INTO job_runtime_schedule (name, schedule, last, node) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (name) DO UPDATE SET schedule = excluded.schedule, last = excluded.last, node = excluded.node";
        self.db.prepare_cached(enrol)?.execute(params![&**name, schedule, last, node])?;
        Ok(Enrolled { last: time(last), in_force: true })
    }

    fn timeline(&self, name: &str) -> Result<Option<Timeline>> {
        let timeline = "SELECT schedule, last, node FROM job_runtime_schedule WHERE name = ?1";
        let mut timeline = self.db.prepare_cached(timeline)?;
        let timeline = timeline
            .query_row([name], |row| Ok(Timeline { schedule: row.get(0)?, last: row.get(1)?, by: row.get(2)? }));
        timeline.optional()
    }

    /// Decides nothing about a tick: it is told how far its schedule is.
    pub(super) fn decline(&self, tick: &Tick) -> Result<Ticked> {
        Ok(Ticked::Lost(match self.timeline(&tick.entrance.name)? {
            Some(known) => Enrolled { last: time(known.last), in_force: *known.schedule == *tick.schedule },
            None => Enrolled { last: tick.after, in_force: false },
        }))
    }

    pub(super) fn tick(&mut self, node: i64, tick: &Tick, now: i64) -> Result<Ticked> {
        let name = &tick.entrance.name;
        let Some(known) = self.timeline(name)? else {
            return Ok(Ticked::Lost(Enrolled { last: tick.after, in_force: false }));
        };
        let in_force = *known.schedule == *tick.schedule;
        let newest = micros(tick.newest);
        if !in_force || known.last != micros(tick.after) || newest > now {
            return Ok(Ticked::Lost(Enrolled { last: time(known.last), in_force }));
        }
        let advance = "UPDATE job_runtime_schedule SET last = ?2 WHERE name = ?1";
        self.db.prepare_cached(advance)?.execute(params![&**name, newest])?;
        if self.is_paused(Subject::Job, name)? {
            return Ok(Ticked::Paused);
        }
        self.admit_all(node, &tick.entrance, &tick.run, now).map(Ticked::Won)
    }

    /// Lets in the first of several nominal times, and the others behind it.
    fn admit_all(
        &mut self,
        node: i64,
        entrance: &Entrance,
        nominal: &[SystemTime],
        now: i64,
    ) -> Result<Vec<Admission>> {
        let mut admissions = Vec::new();
        for nominal in nominal {
            let nominal = micros(*nominal);
            let first = admissions.first();
            let behind = matches!(first, Some(Admission::Start(_) | Admission::Wait(_) | Admission::Stop { .. }));
            admissions.push(if behind {
                Admission::Wait(self.put_tick(node, entrance, nominal, None, now)?)
            } else {
                self.enter(node, entrance, nominal, now)?
            });
        }
        Ok(admissions)
    }

    /// A run wants to start.
    pub(super) fn enter(&mut self, node: i64, entrance: &Entrance, nominal: i64, now: i64) -> Result<Admission> {
        let id = self.put_tick(node, entrance, nominal, Some(nominal), now)?;
        self.take(vec![id], node, entrance.token, now)?;
        if entrance.guarded { self.claimed_row(id).map(Admission::Start) } else { self.resolve(id, entrance, now) }
    }

    /// The guard of a claimed run said yes.
    pub(super) fn admit(&mut self, claim: Claim, entrance: &Entrance, now: i64) -> Result<Admission> {
        let admit = "
            UPDATE job_runtime_job SET asking = 0
            WHERE id = ?1 AND attempt = ?2 AND token = ?3 AND asking";
        let Claim { id, attempt, token } = claim;
        let asked = self.db.prepare_cached(admit)?.execute(params![id, attempt, token])? > 0;
        if asked { self.resolve(id, entrance, now) } else { Ok(Admission::Skip(SkipReason::Cancelled, None)) }
    }

    /// Decides about a claimed run among all others of its job.
    fn resolve(&mut self, id: i64, entrance: &Entrance, now: i64) -> Result<Admission> {
        let mut running = self.running(&entrance.name)?;
        running.retain(|other| other.id != id);
        let waiting = self.waiting(&entrance.name)?;
        let (max_running, waits) = (entrance.max_running, waiting.is_some());
        let decision = decide(entrance.overlap, Situation { running: running.len(), waiting: waits, max_running });
        match decision {
            Decision::Start => return self.claimed_row(id).map(Admission::Start),
            Decision::Skip(reason) => {
                self.remove(id)?;
                return Ok(Admission::Skip(reason, running.last().map(|run| run.id)));
            }
            Decision::Stop => self.stop_all(&entrance.name, &running, now)?,
            Decision::Replace => waiting.map_or(Ok(()), |waiting| self.remove(waiting))?,
            Decision::Wait => {}
        }
        self.put_back(id)?;
        Ok(match decision {
            Decision::Stop => {
                Admission::Stop { row: id, stopping: running.iter().map(|run| run.id).collect(), replaced: None }
            }
            Decision::Replace => Admission::Stop { row: id, stopping: Vec::new(), replaced: waiting },
            Decision::Start | Decision::Skip(_) | Decision::Wait => Admission::Wait(id),
        })
    }

    /// A claimed run waits for a place.
    fn put_back(&self, id: i64) -> Result<()> {
        let put_back = "
            UPDATE job_runtime_job SET state = 'waiting', run_at = NULL, token = 0, attempt = attempt - 1, starts = starts - 1
            WHERE id = ?1";
        self.db.prepare_cached(put_back)?.execute([id])?;
        Ok(())
    }

    fn remove(&self, id: i64) -> Result<()> {
        self.db.prepare_cached("DELETE FROM job_runtime_job WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// The runs of a job that are on: those between two attempts too, but none that is still at its guard.
    fn running(&self, name: &str) -> Result<Vec<Running>> {
        let running = "
            SELECT id, serial, state = 'waiting' FROM job_runtime_job
            WHERE queue = '@cluster' AND finished_at IS NULL AND parked IS NULL AND name = ?1
                AND CASE state WHEN 'running' THEN NOT asking ELSE run_at IS NOT NULL END
            ORDER BY id";
        let mut running = self.db.prepare_cached(running)?;
        let running = running
            .query_map([name], |row| Ok(Running { id: row.get(0)?, serial: row.get(1)?, waits: row.get(2)? }))?;
        running.collect()
    }

    /// The first run of a job that waits for a place.
    fn waiting(&self, name: &str) -> Result<Option<i64>> {
        let waiting = "
            SELECT id FROM job_runtime_job
            WHERE queue = '@cluster' AND finished_at IS NULL AND name = ?1
                AND state = 'waiting' AND run_at IS NULL
            ORDER BY id LIMIT 1";
        self.db.prepare_cached(waiting)?.query_row([name], |row| row.get(0)).optional()
    }

    fn put_tick(&self, node: i64, entrance: &Entrance, nominal: i64, run_at: Option<i64>, now: i64) -> Result<i64> {
        let put = "
            INSERT INTO job_runtime_job (state, queue, name, args, scheduled_at, run_at, max_attempts, \"trigger\",
                serial, asking, node, enqueued_at)
            VALUES ('waiting', ?1, ?2, '{}', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let Entrance { name, max_attempts, trigger, serial, guarded, .. } = entrance;
        let trigger = trigger.as_str();
        let values = params![CLUSTER, &**name, nominal, run_at, max_attempts, trigger, serial, guarded, node, now];
        self.db.prepare_cached(put)?.insert(values)
    }

    /// Asks runs to stop; those that wait for their next attempt never have it.
    fn stop_all(&mut self, name: &str, running: &[Running], now: i64) -> Result<()> {
        for run in running {
            if run.waits {
                self.cancel_waiting(run.id, STOPPED, now)?;
                self.tell(Notice::Ended(name.into()));
            } else {
                let ask = "UPDATE job_runtime_job SET cancel = ?2 WHERE id = ?1";
                self.db.prepare_cached(ask)?.execute(params![run.id, STOPPED])?;
                self.tell(Notice::Cancel(run.id));
            }
        }
        Ok(())
    }

    pub(super) fn proceed(&mut self, node: i64, turn: &Turn, now: i64) -> Result<Vec<Advance>> {
        let mut advances = Vec::new();
        for id in &turn.waiting {
            advances.extend(self.gone(*id)?);
        }
        if self.running(&turn.name)?.iter().any(|run| run.serial) {
            return Ok(advances);
        }
        advances.extend(self.proceed_with_next(node, turn, now)?.map(Advance::Start));
        Ok(advances)
    }

    fn proceed_with_next(&mut self, node: i64, turn: &Turn, now: i64) -> Result<Option<Row>> {
        let next = "
            UPDATE job_runtime_job SET run_at = ?3 WHERE id = (
                SELECT id FROM job_runtime_job
                WHERE queue = '@cluster' AND finished_at IS NULL AND name = ?1
                    AND state = 'waiting' AND run_at IS NULL AND (node IS NULL OR node = ?2)
                ORDER BY scheduled_at, id LIMIT 1)
            RETURNING id";
        let next = self.db.prepare_cached(next)?.query_row(params![&*turn.name, node, now], |row| row.get(0));
        let Some(id) = next.optional()? else { return Ok(None) };
        self.take(vec![id], node, turn.token, now)?;
        self.claimed_row(id).map(Some)
    }

    /// Why a row waits no more.
    fn gone(&self, id: i64) -> Result<Option<Advance>> {
        let state = "SELECT state FROM job_runtime_job WHERE id = ?1";
        let state = self.db.prepare_cached(state)?.query_row([id], |row| row.get::<_, String>(0)).optional()?;
        Ok(match state.as_deref() {
            None => Some(Advance::Gone(id, SkipReason::Superseded)),
            Some("cancelled") => Some(Advance::Gone(id, SkipReason::Cancelled)),
            Some(_) => None,
        })
    }
}
