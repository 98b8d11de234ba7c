//! Brings the schema of a file up to date, whichever version made it, and however many processes do so at once.

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::fault::fault;
use super::file::File;
use crate::durable::store::{Fault, Versions};

/// A step of the schema. It only adds, so that a program of the version before can go on beside one of this.
pub(super) struct Migration {
    sql: &'static str,
    /// The oldest version of the schema that a program may know which works with what this step makes.
    min_reader: u32,
}

/// All of them, of which the first makes version 1.
const MIGRATIONS: &[Migration] = &[Migration { sql: include_str!("schema/1.sql"), min_reader: 1 }];

pub(super) const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS job_runtime_version (
    version    INTEGER PRIMARY KEY,
    min_reader INTEGER NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT";

pub(super) fn migrate(db: &Connection, file: &File, now: i64) -> Result<Versions, Fault> {
    migrate_by(MIGRATIONS, db, file, now)
}

fn migrate_by(known: &[Migration], db: &Connection, file: &File, now: i64) -> Result<Versions, Fault> {
    let in_words = |error| fault(file.path(), &error);
    // Who comes second finds it done.
    file.patiently(|| db.execute_batch("BEGIN IMMEDIATE")).map_err(in_words)?;
    let done = bring_up(known, db, now).map_err(in_words);
    let done = done.and_then(|standing| judge(known, file, &standing));
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    db.execute_batch(end).map_err(in_words)?;
    done
}

/// What was found, and what it is now.
struct Standing {
    before: u32,
    after: u32,
    min_reader: u32,
}

fn bring_up(known: &[Migration], db: &Connection, now: i64) -> Result<Standing> {
    db.execute_batch(VERSIONS)?;
    let newest = "SELECT version, min_reader FROM job_runtime_version ORDER BY version DESC LIMIT 1";
    let found = db.query_row(newest, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (before, mut min_reader) = found.unwrap_or((0, 0));
    let mut after = before;
    for (version, migration) in (1..).zip(known).filter(|(version, _)| *version > before) {
        db.execute_batch(migration.sql)?;
        let note = "INSERT INTO job_runtime_version (version, min_reader, applied_at) VALUES (?1, ?2, ?3)";
        db.execute(note, params![version, migration.min_reader, now])?;
        (after, min_reader) = (version, migration.min_reader);
    }
    Ok(Standing { before, after, min_reader })
}

fn judge(known: &[Migration], file: &File, standing: &Standing) -> Result<Versions, Fault> {
    let Standing { before, after, min_reader } = *standing;
    let ours = u32::try_from(known.len()).unwrap_or(u32::MAX);
    if min_reader > ours {
        let path = file.shown();
        return Err(Fault::lasting(format!(
            "`{path}` was changed by a newer version of job-runtime, to version {after} of its schema, with which a \
             program that knows version {ours} cannot work: build this program with the newer one"
        )));
    }
    Ok(Versions { before, after })
}
