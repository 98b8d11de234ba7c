//! A node is given what it may run now.

use std::collections::HashSet;
use std::sync::Arc;

use rusqlite::{OptionalExtension, Result, params};

use super::micros::time;
use super::row::{columns, read, read_whole};
use super::table::Table;
use crate::durable::row::Row;
use crate::durable::store::{Claimed, Wish};

/// The lane of those that run alone.
const SOLITARY: i64 = -1;

/// Jobs of one name in one lane of a queue.
type Kind = (i64, String);

/// The names of what is paused.
struct Paused {
    queues: HashSet<String>,
    jobs: HashSet<String>,
}

impl Table<'_> {
    pub(super) fn claim(&mut self, wish: &Wish, now: i64) -> Result<Claimed> {
        let paused = self.paused()?;
        let (mut rows, mut solitary, mut short) = (Vec::new(), wish.solitary, false);
        for (queue, most) in &wish.queues {
            let most = usize::try_from(*most).unwrap_or(usize::MAX);
            let due = if paused.queues.contains(&**queue) {
                Vec::new()
            } else {
                self.due(queue, most, wish, &paused.jobs, &mut solitary, now)?
            };
            short |= due.len() < most;
            rows.extend(due);
        }
        self.take(rows.iter().map(|row| row.claim.id).collect(), wish.node, wish.token, now)?;
        for row in &mut rows {
            row.claim.attempt += 1;
            row.claim.token = wish.token;
            row.starts += 1;
        }
        let next = if short { self.next_of(wish, now)? } else { None };
        Ok(Claimed { rows, next: next.map(time), now: time(now) })
    }

    fn paused(&self) -> Result<Paused> {
        let (mut queues, mut jobs) = (HashSet::new(), HashSet::new());
        let mut pauses = self.db.prepare_cached("SELECT kind, name FROM job_runtime_pause")?;
        let mut rows = pauses.query([])?;
        while let Some(row) = rows.next()? {
            let of_kind = if row.get_ref(0)?.as_str()? == "queue" { &mut queues } else { &mut jobs };
            of_kind.insert(row.get(1)?);
        }
        Ok(Paused { queues, jobs })
    }

    /// What of a queue is due and may be taken, by lane and then by time.
    fn due(
        &self,
        queue: &Arc<str>,
        most: usize,
        wish: &Wish,
        paused: &HashSet<String>,
        solitary: &mut bool,
        now: i64,
    ) -> Result<Vec<Row>> {
        let mut due = Vec::new();
        for kinds in self.kinds(queue)?.chunk_by(|(lane, _), (other, _)| lane == other) {
            let is_solitary = kinds.first().is_some_and(|(lane, _)| *lane == SOLITARY);
            let room = if is_solitary { usize::from(*solitary).min(most) } else { most - due.len() };
            let known = |(_, name): &&Kind| !paused.contains(name);
            let known = kinds.iter().filter(known).filter_map(|(lane, name)| {
                let name = wish.jobs.iter().find(|known| ***known == **name)?;
                Some((*lane, name))
            });
            let of_lane = self.due_of_lane(queue, known, room, now)?;
            *solitary &= !is_solitary || of_lane.is_empty();
            due.extend(of_lane);
        }
        Ok(due)
    }

    /// The first of a lane that are due. Those of each name stand in the index by time, so that names which nobody here
    /// knows, or which are paused, cost nothing, however many of them wait.
    fn due_of_lane<'k>(
        &self,
        queue: &Arc<str>,
        kinds: impl Iterator<Item = (i64, &'k Arc<str>)>,
        room: usize,
        now: i64,
    ) -> Result<Vec<Row>> {
        let mut due: Vec<(i64, Row)> = Vec::new();
        if room == 0 {
            return Ok(Vec::new());
        }
        let mut select = self.db.prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM job_runtime_job
            WHERE state = 'waiting' AND queue = ?1 AND lane = ?2 AND name = ?3 AND run_at <= ?4
            ORDER BY run_at, id LIMIT ?5"
        ))?;
        let limit = i64::try_from(room).unwrap_or(i64::MAX);
        // No later than the last of those that are as many as there is room for.
        let mut until = now;
        for (lane, name) in kinds {
            let mut rows = select.query(params![&**queue, lane, &**name, until, limit])?;
            while let Some(row) = rows.next()? {
                due.push((row.get(5)?, read(row, queue, name)?));
            }
            due.sort_by_key(|(run_at, row)| (*run_at, row.claim.id));
            due.truncate(room);
            until = due.get(room - 1).map_or(now, |(run_at, _)| *run_at);
        }
        Ok(due.into_iter().map(|(_, row)| row).collect())
    }

    /// The lanes of a queue, and the names in them, of what waits, in their order.
    pub(super) fn kinds(&self, queue: &str) -> Result<Vec<Kind>> {
        // One step in the index each; a comparison of both columns at once would walk over all that wait.
        let mut next_lane = self.db.prepare_cached(
            "SELECT lane FROM job_runtime_job WHERE state = 'waiting' AND queue = ?1 AND lane > ?2 ORDER BY lane LIMIT 1",
        )?;
        let mut next_name = self.db.prepare_cached(
            "SELECT name FROM job_runtime_job WHERE state = 'waiting' AND queue = ?1 AND lane = ?2 AND name > ?3
            ORDER BY name LIMIT 1",
        )?;
        let mut kinds: Vec<Kind> = Vec::new();
        let mut last = i64::MIN;
        while let Some(lane) = next_lane.query_row(params![queue, last], |row| row.get(0)).optional()? {
            let mut name = String::new();
            while let Some(next) = next_name.query_row(params![queue, lane, name], |row| row.get(0)).optional()? {
                name = next;
                kinds.push((lane, name.clone()));
            }
            last = lane;
        }
        Ok(kinds)
    }

    /// When the next job of these queues is due that is not due yet.
    fn next_of(&self, wish: &Wish, now: i64) -> Result<Option<i64>> {
        let mut select = self.db.prepare_cached(
            "SELECT run_at FROM job_runtime_job
            WHERE state = 'waiting' AND queue = ?1 AND lane = ?2 AND name = ?3 AND run_at > ?4
            ORDER BY run_at LIMIT 1",
        )?;
        let mut next: Option<i64> = None;
        for (queue, _) in &wish.queues {
            for (lane, name) in self.kinds(queue)? {
                let of_kind = select.query_row(params![&**queue, lane, name, now], |row| row.get(0)).optional()?;
                next = [next, of_kind].into_iter().flatten().min();
            }
        }
        Ok(next)
    }

    pub(super) fn adopt(&self, node: i64, token: i64) -> Result<Vec<Row>> {
        let mut select = self.db.prepare_cached(concat!(
            "SELECT ",
            columns!(),
            ", queue, name FROM job_runtime_job WHERE token <> 0 AND node = ?1 AND token = ?2 ORDER BY id"
        ))?;
        let rows = select.query_map([node, token], read_whole)?;
        rows.collect()
    }
}
