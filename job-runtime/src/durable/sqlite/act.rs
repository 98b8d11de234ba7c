//! What people do with jobs and queues: cancel, retry, delete, pause.

use std::sync::Arc;

use rusqlite::{OptionalExtension, Result, params};

use super::settle::noted;
use super::table::Table;
use crate::durable::store::{Cancelled, Notice, Pause, Subject};
use crate::durable::tick::CLUSTER;

impl Table<'_> {
    pub(super) fn cancel(&mut self, id: i64, reason: &str, now: i64) -> Result<Cancelled> {
        let state = "SELECT state FROM job_runtime_job WHERE id = ?1";
        let state = self.db.prepare_cached(state)?.query_row([id], |row| row.get::<_, String>(0)).optional()?;
        match state.as_deref() {
            None => Ok(Cancelled::Unknown),
            Some("waiting" | "parked") => {
                self.cancel_waiting(id, reason, now)?;
                self.free_key(id, false)?;
                self.tell_ended(id)?;
                Ok(Cancelled::AtOnce)
            }
            Some("running") => {
                let ask = "UPDATE job_runtime_job SET cancel = ?2 WHERE id = ?1";
                self.db.prepare_cached(ask)?.execute(params![id, reason])?;
                self.tell(Notice::Cancel(id));
                Ok(Cancelled::Asked)
            }
            Some(_) => Ok(Cancelled::Over),
        }
    }

    /// A row that does not run never will.
    pub(super) fn cancel_waiting(&self, id: i64, reason: &str, now: i64) -> Result<()> {
        let cancel = "
            UPDATE job_runtime_job SET state = 'cancelled', finished_at = ?3, error = ?2, token = 0, parked = NULL,
                cancel = NULL
            WHERE id = ?1";
        self.db.prepare_cached(cancel)?.execute(params![id, reason, now])?;
        Ok(())
    }

    /// Others may wait for a run that came to its end otherwise than by its attempt.
    pub(super) fn tell_ended(&mut self, id: i64) -> Result<()> {
        let name = "SELECT name FROM job_runtime_job WHERE id = ?1 AND queue = ?2";
        let name = self.db.prepare_cached(name)?.query_row(params![id, CLUSTER], |row| row.get::<_, String>(0));
        if let Some(name) = name.optional()? {
            self.tell(Notice::Ended(name.into()));
        }
        Ok(())
    }

    pub(super) fn retry(&mut self, id: i64, now: i64) -> Result<bool> {
        self.note_completed(id)?;
        let retry = "
            UPDATE job_runtime_job SET state = 'waiting', run_at = ?2, node = NULL, lane = priority, deaths = 0,
                max_attempts = max(max_attempts, attempt + 1), parked = NULL, finished_at = NULL, error = NULL
            WHERE id = ?1 AND state <> 'running' AND run_at IS NOT NULL
            RETURNING queue";
        let queue = self.db.prepare_cached(retry)?.query_row([id, now], |row| row.get::<_, String>(0)).optional()?;
        let waits = queue.is_some();
        if let Some(queue) = queue {
            self.tell(Notice::Work(queue.into()));
        }
        Ok(waits)
    }

    /// An attempt that ended well is the row itself until there is another.
    fn note_completed(&self, id: i64) -> Result<()> {
        let note = concat!(
            "UPDATE job_runtime_job SET ",
            noted!("finished_at", "'completed'", "NULL"),
            " WHERE id = ?1 AND state = 'completed'"
        );
        self.db.prepare_cached(note)?.execute([id])?;
        Ok(())
    }

    pub(super) fn delete(&mut self, id: i64) -> Result<bool> {
        let delete = "DELETE FROM job_runtime_job WHERE id = ?1 AND state <> 'running' RETURNING queue, name";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let deleted = self.db.prepare_cached(delete)?.query_row([id], read).optional()?;
        let Some((queue, name)) = deleted else { return Ok(false) };
        let (queue, name): (String, String) = (queue, name);
        if queue == CLUSTER {
            self.tell(Notice::Ended(name.into()));
        }
        self.free_key(id, false)?;
        Ok(true)
    }

    pub(super) fn pause(&mut self, what: Subject, name: &str, reason: Option<&str>, now: i64) -> Result<()> {
        let pause = "
            INSERT INTO job_runtime_pause (kind, name, reason, since) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (kind, name) DO UPDATE SET reason = excluded.reason, since = excluded.since";
        let resume = "DELETE FROM job_runtime_pause WHERE kind = ?1 AND name = ?2";
        match reason {
            Some(reason) => self.db.prepare_cached(pause)?.execute(params![what.as_str(), name, reason, now])?,
            None => self.db.prepare_cached(resume)?.execute(params![what.as_str(), name])?,
        };
        self.tell(Notice::Paused);
        Ok(())
    }

    pub(super) fn pauses(&self) -> Result<Vec<Pause>> {
        let pauses = "SELECT kind, name, reason FROM job_runtime_pause ORDER BY kind, name";
        let mut pauses = self.db.prepare_cached(pauses)?;
        let pauses = pauses.query_map([], |row| {
            let of_queue = row.get_ref(0)?.as_str()? == Subject::Queue.as_str();
            Ok((if of_queue { Subject::Queue } else { Subject::Job }, row.get(1)?, row.get(2)?))
        })?;
        pauses.collect()
    }

    pub(super) fn is_paused(&self, what: Subject, name: &str) -> Result<bool> {
        let pause = "SELECT 1 FROM job_runtime_pause WHERE kind = ?1 AND name = ?2";
        self.db.prepare_cached(pause)?.exists(params![what.as_str(), name])
    }
}

/// The names in a list that is kept as JSON.
pub(super) fn names(list: &str) -> Vec<Arc<str>> {
    let names: Vec<String> = serde_json::from_str(list).unwrap_or_default();
    names.into_iter().map(Arc::from).collect()
}
