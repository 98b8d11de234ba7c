//! The file, and how it is opened.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Result};

use super::fault::{fault, is_busy};
use crate::durable::store::Fault;

/// How long SQLite itself waits for others, which it does at growing distances: short, so that one process that writes
/// all the time does not keep another out by luck.
const GLANCE: Duration = Duration::from_millis(20);
/// How often that is done before somebody hears of it: 5 s and a little.
const GLANCES: u32 = 250;
/// The size of a page of a new file, in bytes: rows that follow one another are changed together, mostly.
const PAGE: u32 = 8 * 1024;
/// How many statements are kept prepared: more than there are.
const STATEMENTS: usize = 128;
/// What the log may keep of its size when it begins anew.
const LOG: i64 = 64 * 1024 * 1024;

/// A file of SQLite.
pub(super) struct File {
    path: PathBuf,
    /// How others are waited for, in glances.
    patience: u32,
    /// What SQLite calls it, once it has been opened.
    name: OnceLock<String>,
}

/// Which file it is, whatever its name: the disk, and the number there. One that was deleted or replaced can be written to
/// as before, and is lost with the last process that has it open.
pub(super) type Identity = (u64, u64);

impl File {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, patience: GLANCES, name: OnceLock::new() }
    }

    #[cfg(test)]
    pub(super) fn impatient(path: PathBuf) -> Self {
        Self { patience: 1, ..Self::new(path) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// As people know it.
    pub(super) fn shown(&self) -> std::path::Display<'_> {
        self.path.display()
    }

    /// The name by which SQLite knows it, from its root.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.get().map(String::as_str)
    }

    /// A connection that writes, to a file that is made where there is none.
    pub(super) fn create(&self) -> Result<Connection, Fault> {
        self.opened(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// A connection to a file that is there.
    pub(super) fn open(&self) -> Result<Connection, Fault> {
        self.opened(OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn opened(&self, flags: OpenFlags) -> Result<Connection, Fault> {
        let db = Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX);
        let db = db.and_then(|db| self.prepare(&db).map(|log| (db, log)));
        let (db, log) = db.map_err(|error| fault(&self.path, &error))?;
        if log != "wal" {
            let sentence = "has no write-ahead log here, which needs a disk of this machine";
            return Err(Fault::lasting(format!("`{}` {sentence}", self.shown())));
        }
        let _ = self.name.set(db.path().unwrap_or_default().to_owned());
        Ok(db)
    }

    /// Which file is there now.
    pub(super) fn identity(&self) -> Option<Identity> {
        let found = std::fs::metadata(&self.path).ok()?;
        Some((found.dev(), found.ino()))
    }

    /// Settles how the file is written; what kind of log it has.
    fn prepare(&self, db: &Connection) -> Result<String> {
        db.busy_timeout(GLANCE)?;
        db.set_prepared_statement_cache_capacity(STATEMENTS);
        db.pragma_update(None, "page_size", PAGE)?;
        let log = self.patiently(|| log_of(db))?;
        // What was answered is on the disk.
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "temp_store", "MEMORY")?;
        db.query_row(&format!("PRAGMA journal_size_limit = {LOG}"), [], |_| Ok(()))?;
        Ok(log)
    }

    /// Tries until nobody else is in the way, or for long enough.
    pub(super) fn patiently<T>(&self, mut act: impl FnMut() -> Result<T>) -> Result<T> {
        let mut left = self.patience;
        loop {
            left -= 1;
            match act() {
                Err(error) if is_busy(&error) && left > 0 => {}
                done => return done,
            }
        }
    }
}

/// Gives the file a write-ahead log, if it has none; what it has then.
fn log_of(db: &Connection) -> Result<String> {
    let set = || db.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0));
    match set() {
        // SQLite does not wait here for others who do the same to a new file, but it does there.
        Err(error) if is_busy(&error) => db.execute_batch("BEGIN IMMEDIATE; COMMIT").and_then(|()| set()),
        done => done,
    }
}
