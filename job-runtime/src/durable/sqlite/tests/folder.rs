//! A folder for the files of one test.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use crate::durable::sqlite::Sqlite;
use crate::durable::sqlite::file::File;
use crate::durable::store::Store;

/// It is deleted with all that is in it.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("job-runtime-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("it can be made");
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn file(&self) -> PathBuf {
        self.0.join("jobs.db")
    }

    /// A store that is open.
    pub(super) async fn store(&self) -> Sqlite {
        opened(Sqlite::new(self.file())).await
    }

    /// A store that does not wait long for others.
    pub(super) async fn impatient(&self) -> Sqlite {
        opened(Sqlite::with(File::impatient(self.file()))).await
    }

    /// A connection as a program has it besides.
    pub(super) fn connection(&self) -> Connection {
        let connection = Connection::open(self.file()).expect("it is there");
        connection.busy_timeout(Duration::from_secs(5)).expect("it takes any");
        connection
    }
}

async fn opened(store: Sqlite) -> Sqlite {
    store.migrate(NOW).await.expect("it can be made");
    store
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What time it is in these tests.
pub(super) const NOW: SystemTime = SystemTime::UNIX_EPOCH;
