//! What recurring jobs remember over a restart of their program.

use std::sync::Arc;

use rusqlite::{Result, params};

use super::micros::{length, micros_from, time};
use super::table::Table;
use crate::durable::store::FORGOTTEN;
use crate::engine::supervisor::Mark;

impl Table<'_> {
    pub(super) fn marks(&self, host: &str) -> Result<Vec<(String, Mark)>> {
        let marks = "
            SELECT name, schedule, last, next FROM (
                SELECT name, schedule, last, next,
                    row_number() OVER (PARTITION BY name ORDER BY host = ?1 DESC, noted DESC) AS place
                FROM job_runtime_mark)
            WHERE place = 1 ORDER BY name";
        let mut marks = self.db.prepare_cached(marks)?;
        let marks = marks.query_map([host], |row| {
            let (last, next) = (row.get::<_, Option<i64>>(2)?, row.get(3)?);
            Ok((row.get(0)?, Mark { schedule: row.get(1)?, last: last.map(time), next: time(next) }))
        })?;
        marks.collect()
    }

    pub(super) fn note_mark(&self, host: &str, name: &str, mark: Option<&Mark>, now: i64) -> Result<()> {
        let note = "
            INSERT INTO job_runtime_mark (host, name, schedule, last, next, noted) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            ON CONFLICT (name, host) DO UPDATE SET
                schedule = excluded.schedule, last = excluded.last, next = excluded.next, noted = excluded.noted";
        let forget = "DELETE FROM job_runtime_mark WHERE name = ?1";
        match mark {
            Some(Mark { schedule, last, next }) => {
                let values = params![host, name, schedule, last.map(micros_from), micros_from(*next), now];
                self.db.prepare_cached(note)?.execute(values)?
            }
            None => self.db.prepare_cached(forget)?.execute([name])?,
        };
        Ok(())
    }

    pub(super) fn note_marks(&self, host: &str, marks: &[(Arc<str>, Option<Mark>)], now: i64) -> Result<()> {
        marks.iter().try_for_each(|(name, mark)| self.note_mark(host, name, mark.as_ref(), now))
    }

    /// Deletes what was written down long ago, where another host has something newer.
    pub(super) fn forget_marks(&self, now: i64) -> Result<()> {
        let forget = "
            DELETE FROM job_runtime_mark WHERE noted < ?1 AND EXISTS (
                SELECT 1 FROM job_runtime_mark newer
                WHERE newer.name = job_runtime_mark.name AND newer.noted > job_runtime_mark.noted)";
        self.db.prepare_cached(forget)?.execute([now.saturating_sub(length(FORGOTTEN))])?;
        Ok(())
    }
}
