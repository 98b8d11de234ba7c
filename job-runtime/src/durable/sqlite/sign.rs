//! Signs of life: a small file beside the store that a process keeps locked. The system unlocks it when the process dies,
//! however it does, and others need not wait for its lease to be over.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Result};

/// The signs that are held through one store, and what it goes by in judging others.
pub(super) struct Signs {
    store: PathBuf,
    held: Mutex<HashMap<i64, Connection>>,
    /// From when on a lease that is over says that its process is dead.
    judges: AtomicI64,
}

impl Signs {
    pub(super) fn new(store: &Path) -> Self {
        Self { store: store.to_owned(), held: Mutex::default(), judges: AtomicI64::new(i64::MIN) }
    }

    /// The file was out of reach of this process, or its machine asleep, for as long as a lease: so may they have been for
    /// others, who have until then to renew theirs.
    pub(super) fn spare_until(&self, time: i64) {
        self.judges.fetch_max(time, Ordering::Relaxed);
    }

    /// Whether a lease that is over says something now.
    pub(super) fn judges(&self, now: i64) -> bool {
        now >= self.judges.load(Ordering::Relaxed)
    }

    fn path(&self, node: i64) -> PathBuf {
        let mut path = self.store.clone().into_os_string();
        path.push(format!("-node-{node}"));
        path.into()
    }

    /// Holds the sign of a node from now on. Where that cannot be, its lease alone says that it is there.
    pub(super) fn hold(&self, node: i64) {
        let create = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        if let Ok(sign) = lock(&self.path(node), create) {
            self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(node, sign);
        }
    }

    /// Gives the sign of a node up that others are not to ask for any more.
    pub(super) fn give_up(&self, node: i64) {
        if self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&node).is_some() {
            self.clear(node);
        }
    }

    /// Whether the process of a node is dead for certain: its sign is there, and nobody holds it.
    pub(super) fn is_dead(&self, node: i64) -> bool {
        let ours = self.held.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&node);
        !ours && lock(&self.path(node), OpenFlags::SQLITE_OPEN_READ_WRITE).is_ok()
    }

    /// Clears away what is left of a sign.
    pub(super) fn clear(&self, node: i64) {
        // It says nothing any more, whether it can be deleted or not.
        let _ = fs::remove_file(self.path(node));
    }
}

/// An empty file, locked as long as this lives.
fn lock(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let sign = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    sign.busy_timeout(Duration::ZERO)?;
    sign.execute_batch("BEGIN EXCLUSIVE")?;
    Ok(sign)
}
