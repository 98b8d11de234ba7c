//! Puts the file in order: what was kept for long enough goes, and what nobody knows is parked.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{OptionalExtension, Result, params};

use super::act::names;
use super::micros::length;
use super::table::Table;
use crate::durable::row::Parked;
use crate::durable::store::Retention;

/// How many rows are deleted, or parked, in one go: others have their turn between.
pub(super) const HANDFUL: u32 = 1_000;
/// How long nodes that are gone are known by name at least.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

impl Table<'_> {
    /// Deletes some of the rows that were kept for long enough; how many.
    pub(super) fn prune(&mut self, keep: Retention, now: i64) -> Result<u32> {
        let mut pruned = 0;
        let prune = "
            DELETE FROM job_runtime_job WHERE id IN (
                SELECT id FROM job_runtime_job
                WHERE finished_at IS NOT NULL AND queue = ?1 AND state = ?2 AND finished_at < ?3
                ORDER BY finished_at LIMIT ?4)";
        let kept = [("completed", keep.completed), ("cancelled", keep.completed), ("discarded", keep.discarded)];
        for queue in self.queues_of_finished()? {
            for (state, kept) in kept {
                let Some(kept) = kept else { continue };
                let until = now.saturating_sub(length(kept));
                let values = params![queue, state, until, HANDFUL - pruned];
                let deleted = self.db.prepare_cached(prune)?.execute(values)?;
                pruned += u32::try_from(deleted).unwrap_or(u32::MAX);
            }
        }
        Ok(pruned)
    }

    fn queues_of_finished(&self) -> Result<Vec<String>> {
        let next = "SELECT queue FROM job_runtime_job WHERE finished_at IS NOT NULL AND queue > ?1
            ORDER BY queue LIMIT 1";
        let mut next = self.db.prepare_cached(next)?;
        let mut queues: Vec<String> = Vec::new();
        loop {
            let last = queues.last().map_or("", String::as_str);
            match next.query_row([last], |row| row.get(0)).optional()? {
                Some(queue) => queues.push(queue),
                None => return Ok(queues),
            }
        }
    }

    /// Forgets keys that keep nobody out any more, marks of hosts that are gone, and nodes that no row can be of.
    pub(super) fn forget(&self, keep: Retention, now: i64) -> Result<()> {
        let keys = "DELETE FROM job_runtime_unique_key WHERE until <= ?1";
        self.db.prepare_cached(keys)?.execute([now])?;
        self.forget_marks(now)?;
        if let Some(kept) = keep.completed.zip(keep.discarded).map(|(completed, discarded)| completed.max(discarded)) {
            let nodes = "DELETE FROM job_runtime_node WHERE gone AND until < ?1";
            let before = now.saturating_sub(length(kept.max(REMEMBERED)));
            self.db.prepare_cached(nodes)?.execute([before])?;
        }
        Ok(())
    }

    /// Parks jobs at the head of these queues that no node knows: row and name.
    pub(super) fn park_unknown(&self, queues: &[Arc<str>], now: i64) -> Result<Vec<(i64, String)>> {
        let known = self.known(now)?;
        let mut parked = Vec::new();
        if known.is_empty() {
            return Ok(parked);
        }
        for queue in queues {
            for (lane, name) in self.kinds(queue)? {
                if !known.contains(&*name) {
                    parked.extend(self.park_kind(queue, lane, &name, now)?);
                }
            }
        }
        parked.sort_unstable();
        Ok(parked)
    }

    fn park_kind(&self, queue: &str, lane: i64, name: &str, now: i64) -> Result<Vec<(i64, String)>> {
        let park = "
            UPDATE job_runtime_job SET state = 'parked', parked = ?6, error = ?7, node = NULL WHERE id IN (
                SELECT id FROM job_runtime_job
                WHERE state = 'waiting' AND queue = ?1 AND lane = ?2 AND name = ?3 AND run_at <= ?4
                ORDER BY run_at, id LIMIT ?5)
            RETURNING id, name";
        let error = format!("no node has a job `{name}`");
        let mut park = self.db.prepare_cached(park)?;
        let values = params![queue, lane, name, now, HANDFUL, Parked::Unknown.as_str(), error];
        let parked = park.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
        parked.collect()
    }

    /// The names of the jobs that nodes know which are there; none, where all have gone, this one too.
    fn known(&self, now: i64) -> Result<HashSet<Arc<str>>> {
        let lists = "SELECT jobs FROM job_runtime_node WHERE NOT gone AND until >= ?1";
        let mut lists = self.db.prepare_cached(lists)?;
        let mut rows = lists.query([now])?;
        let mut known = HashSet::new();
        while let Some(row) = rows.next()? {
            known.extend(names(row.get_ref(0)?.as_str()?));
        }
        Ok(known)
    }
}
