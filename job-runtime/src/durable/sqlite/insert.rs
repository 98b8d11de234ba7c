//! Jobs are put in, unless the same is there.

use rusqlite::{OptionalExtension, Result, params};

use super::micros::{length, micros_from};
use super::table::Table;
use crate::durable::row::{Due, NewJob, NewJobs};
use crate::durable::store::{Inserted, Notice};
use crate::policy::unique::{OnConflict, UniqueFor};

impl Table<'_> {
    pub(super) fn insert(&mut self, jobs: &NewJobs, now: i64) -> Result<Vec<Inserted>> {
        let run_at = match jobs.due {
            Due::Now => now,
            Due::After(delay) => now.saturating_add(length(delay)),
            Due::At(time) => micros_from(time),
        };
        let inserted = jobs.jobs.iter().map(|job| self.insert_one(jobs, job, run_at, now)).collect();
        self.tell(Notice::Work(jobs.queue.clone()));
        inserted
    }

    fn insert_one(&mut self, jobs: &NewJobs, job: &NewJob, run_at: i64, now: i64) -> Result<Inserted> {
        let Some((key, (lasts, on_conflict))) = job.key.as_deref().zip(jobs.unique) else {
            return Ok(Inserted { id: self.put(jobs, job, run_at, false, now)?, new: true });
        };
        if let Some(keeper) = self.keeper(key, now)? {
            self.collide(keeper, on_conflict, jobs, job, run_at)?;
            return Ok(Inserted { id: keeper, new: false });
        }
        let id = self.put(jobs, job, run_at, true, now)?;
        let until = match lasts {
            UniqueFor::Period(period) => Some(now.saturating_add(length(period))),
            UniqueFor::Unfinished => None,
        };
        let keep = "
            INSERT INTO job_runtime_unique_key (key, job, until) VALUES (?1, ?2, ?3)
            ON CONFLICT (key) DO UPDATE SET job = excluded.job, until = excluded.until WHERE until <= ?4";
        self.db.prepare_cached(keep)?.execute(params![key, id, until, now])?;
        Ok(Inserted { id, new: true })
    }

    fn put(&self, jobs: &NewJobs, job: &NewJob, run_at: i64, keyed: bool, now: i64) -> Result<i64> {
        let put = "
            INSERT INTO job_runtime_job
                (state, queue, name, args, priority, lane, scheduled_at, run_at, max_attempts, keyed, enqueued_at)
            VALUES ('waiting', ?1, ?2, ?3, ?4, ?4, ?5, ?5, ?6, ?7, ?8)";
        let NewJobs { queue, name, priority, max_attempts, .. } = jobs;
        let values = params![&**queue, &**name, job.args, priority, run_at, max_attempts, keyed, now];
        self.db.prepare_cached(put)?.insert(values)
    }

    /// The job that keeps others out by a key. Nobody else decides about it meanwhile: a transaction that writes is the
    /// only one.
    fn keeper(&self, key: &str, now: i64) -> Result<Option<i64>> {
        let keeper = "SELECT job FROM job_runtime_unique_key WHERE key = ?1 AND (until IS NULL OR until > ?2)";
        self.db.prepare_cached(keeper)?.query_row(params![key, now], |row| row.get(0)).optional()
    }

    /// A job met the one that keeps it out.
    fn collide(&self, keeper: i64, rule: OnConflict, jobs: &NewJobs, job: &NewJob, run_at: i64) -> Result<()> {
        let debounce = "
            UPDATE job_runtime_job SET scheduled_at = ?2, run_at = ?2 WHERE id = ?1 AND state = 'waiting'";
        let replace = "
            UPDATE job_runtime_job SET scheduled_at = ?2, run_at = ?2, args = ?3, priority = ?4,
                lane = CASE WHEN lane < 0 THEN lane ELSE ?4 END
            WHERE id = ?1 AND state = 'waiting'";
        match rule {
            OnConflict::Skip => return Ok(()),
            OnConflict::Debounce => self.db.prepare_cached(debounce)?.execute(params![keeper, run_at])?,
            OnConflict::Replace => {
                self.db.prepare_cached(replace)?.execute(params![keeper, run_at, job.args, jobs.priority])?
            }
        };
        Ok(())
    }

    /// Lets others in whom a job kept out, as it came to its end: well, or otherwise.
    pub(super) fn free_key(&self, job: i64, well: bool) -> Result<()> {
        let all = "DELETE FROM job_runtime_unique_key WHERE job = ?1";
        let unfinished = "DELETE FROM job_runtime_unique_key WHERE job = ?1 AND until IS NULL";
        self.db.prepare_cached(if well { unfinished } else { all })?.execute([job])?;
        Ok(())
    }
}
