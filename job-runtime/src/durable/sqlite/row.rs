//! A row that is claimed, as the runtime gets it.

use std::sync::Arc;

use rusqlite::{Result, params};

use super::micros::time;
use super::table::Table;
use crate::durable::store::Claim;
use crate::durable::{row, words};

/// What is read of it, in the order in which [`read`] takes it.
macro_rules! columns {
    () => {
        "id, attempt, token, args, scheduled_at, run_at, max_attempts, starts, deaths, \"trigger\", keyed, asking"
    };
}
pub(super) use columns;

/// Reads a row of which queue and name are known.
pub(super) fn read(row: &rusqlite::Row<'_>, queue: &Arc<str>, name: &Arc<str>) -> Result<row::Row> {
    let scheduled_at = row.get(4)?;
    Ok(row::Row {
        claim: Claim { id: row.get(0)?, attempt: row.get(1)?, token: row.get(2)? },
        name: Arc::clone(name),
        queue: Arc::clone(queue),
        args: row.get(3)?,
        scheduled_at: time(scheduled_at),
        run_at: time(row.get::<_, Option<i64>>(5)?.unwrap_or(scheduled_at)),
        max_attempts: row.get(6)?,
        starts: row.get(7)?,
        deaths: row.get(8)?,
        trigger: words::trigger(row.get_ref(9)?.as_str()?),
        keyed: row.get(10)?,
        asking: row.get(11)?,
    })
}

impl Table<'_> {
    /// A node takes a row for its next attempt; the caller has seen that it waits.
    pub(super) fn take(&self, id: i64, node: i64, token: i64, now: i64) -> Result<()> {
        let take = "
            UPDATE job_runtime_job SET state = 'running', attempt = attempt + 1, starts = starts + 1, node = ?2,
                token = ?3, started_at = ?4, progress = NULL
            WHERE id = ?1";
        self.db.prepare_cached(take)?.execute(params![id, node, token, now])?;
        Ok(())
    }

    /// A row as it is claimed.
    pub(super) fn claimed_row(&self, id: i64) -> Result<row::Row> {
        let row = concat!("SELECT ", columns!(), ", queue, name FROM job_runtime_job WHERE id = ?1");
        self.db.prepare_cached(row)?.query_row([id], read_whole)
    }
}

/// Reads a row that is followed by its queue and its name.
pub(super) fn read_whole(row: &rusqlite::Row<'_>) -> Result<row::Row> {
    read(row, &row.get::<_, String>(12)?.into(), &row.get::<_, String>(13)?.into())
}
