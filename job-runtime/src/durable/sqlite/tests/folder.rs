//! A folder for the files of one test, and what is put into them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use crate::durable::row::{Due, NewJob, NewJobs};
use crate::durable::sqlite::Sqlite;
use crate::durable::sqlite::file::File;
use crate::durable::store::{Node, Store, Wish};

/// What time it is in these tests.
pub(super) const NOW: SystemTime = SystemTime::UNIX_EPOCH;

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
        let connection = Connection::open(self.file()).expect("it can be opened");
        connection.busy_timeout(Duration::from_secs(5)).expect("it takes any");
        connection
    }

    /// The names of the files in it.
    pub(super) fn files(&self) -> Vec<String> {
        let files = fs::read_dir(&self.0).expect("it is there");
        let name = |file: std::io::Result<fs::DirEntry>| file.expect("it is listed").file_name();
        let mut files: Vec<String> = files.map(|file| name(file).to_string_lossy().into_owned()).collect();
        files.sort();
        files
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

/// So many jobs, with their numbers for arguments.
pub(super) fn jobs(count: usize) -> NewJobs {
    NewJobs {
        queue: "mail".into(),
        name: "send".into(),
        priority: 0,
        due: Due::Now,
        max_attempts: 3,
        unique: None,
        jobs: (0..count).map(|number| NewJob { args: format!("[{number}]"), key: None }).collect(),
    }
}

pub(super) fn node(id: i64) -> Node {
    let (jobs, queues) = (vec!["send".into()], vec!["mail".into()]);
    Node { id, name: format!("node-{id}").into(), lease: Duration::from_secs(20), jobs, queues }
}

pub(super) fn wish(node: i64, most: u32) -> Wish {
    Wish { node, token: 1, queues: vec![("mail".into(), most)], jobs: ["send".into()].into(), solitary: true }
}

/// How many rows there are.
pub(super) fn count(db: &Connection) -> i64 {
    db.query_row("SELECT count(*) FROM job_runtime_job", [], |row| row.get(0)).expect("it is there")
}
