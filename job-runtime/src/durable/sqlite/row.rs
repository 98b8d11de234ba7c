//! A row that is claimed, as the runtime gets it.

use std::sync::Arc;

use rusqlite::{Result, params};

use super::micros::time;
use super::table::Table;
use crate::durable::row::Claim;
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
        trigger: words::trigger(row.get_ref(9)?.as_str_or_null()?.unwrap_or_default()),
        keyed: row.get(10)?,
        asking: row.get(11)?,
    })
}

impl Table<'_> {
    /// A node takes rows for their next attempts; the caller has seen that they wait.
    pub(super) fn take(&self, ids: Vec<i64>, node: i64, token: i64, now: i64) -> Result<()> {
        let take = "
            UPDATE job_runtime_job SET state = 'running', attempt = attempt + 1, starts = starts + 1, node = ?3,
                token = ?4, started_at = ?5, progress = NULL
            WHERE id BETWEEN ?1 AND ?2";
        let mut take = self.db.prepare_cached(take)?;
        for (first, last) in spans(ids) {
            take.execute(params![first, last, node, token, now])?;
        }
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

/// The spans of numbers that follow one another, from the first to the last of each. One statement for all rows of a span
/// costs half of one for each, and rows that are claimed together mostly were put in one after another.
pub(super) fn spans(mut ids: Vec<i64>) -> Vec<(i64, i64)> {
    ids.sort_unstable();
    let spans = ids.chunk_by(|one, next| next - one <= 1);
    spans.filter_map(|span| Some((*span.first()?, *span.last()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_follow_one_another_are_one_span() {
        for (ids, expected) in [
            (vec![], vec![]),
            (vec![7], vec![(7, 7)]),
            (vec![3, 1, 2], vec![(1, 3)]),
            (vec![9, 1, 2, 4, 10, 2], vec![(1, 2), (4, 4), (9, 10)]),
        ] {
            assert_eq!(spans(ids), expected);
        }
    }
}
