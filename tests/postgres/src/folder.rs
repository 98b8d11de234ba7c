//! A temporary folder that is gone with its owner: at the owner's end, or when the next one is made.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

const PREFIX: &str = "private-postgres-";

/// A path to a socket has at most 107 bytes on Linux and 103 on others; this is what the rest of it takes at most.
const LONGEST_PARENT: usize = 103 - "/private-postgres-4194304-1000/.s.PGSQL.5432".len();

/// Made by [`Folder::new`], removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// The folder itself, locked. The kernel unlocks it when the owner ends, however it ends: this is how others see
    /// that it is nobody's.
    _lock: File,
}

impl Folder {
    /// A new and empty one, for this user only; those that others left behind are removed.
    ///
    /// # Panics
    ///
    /// When there is no place for temporary folders.
    pub(crate) fn new() -> Self {
        let parent = parent(std::env::temp_dir());
        sweep(&parent);
        loop {
            let path = parent.join(name());
            let made = DirBuilder::new().mode(0o700).create(&path);
            made.unwrap_or_else(|error| panic!("{} cannot be made: {error}", path.display()));
            // One who sweeps can be quicker and take it for left behind; then it is gone.
            if let Some(lock) = lock(&path).filter(|_| path.exists()) {
                return Self { path, _lock: lock };
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // One that cannot be removed now is removed by the next sweep.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Where sockets can be: the usual place, unless its name is too long.
fn parent(usual: PathBuf) -> PathBuf {
    if usual.as_os_str().len() <= LONGEST_PARENT { usual } else { PathBuf::from("/tmp") }
}

fn name() -> String {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    format!("{PREFIX}{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed))
}

/// Locks a folder that nobody has locked.
fn lock(path: &Path) -> Option<File> {
    let folder = File::open(path).ok()?;
    folder.try_lock().ok()?;
    Some(folder)
}

/// Removes the folders that nobody owns. A server that is left in one, because what watches it was killed too, ends
/// when it misses its files, which it does within a minute.
fn sweep(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        if let Some(_lock) = lock(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{Folder, PREFIX, parent};

    #[test]
    fn a_folder_is_gone_when_it_is_dropped() {
        let folder = Folder::new();
        let path = folder.path().to_owned();
        fs::write(path.join("file"), "").expect("it can be written to");
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn folders_of_nobody_are_removed_and_others_are_left() {
        let (owned, made) = (Folder::new(), Folder::new());
        let orphan = std::env::temp_dir().join(format!("{PREFIX}orphan-{}", std::process::id()));
        // In one go, because others may sweep here too.
        fs::create_dir_all(made.path().join("orphan/data")).expect("it can be made");
        fs::rename(made.path().join("orphan"), &orphan).expect("it is on the same disk");
        let _new = Folder::new();
        assert_eq!((owned.path().exists(), orphan.exists()), (true, false));
    }

    #[test]
    fn a_socket_has_a_short_path() {
        assert_eq!(parent(PathBuf::from("/var/tmp")), Path::new("/var/tmp"));
        assert_eq!(parent(PathBuf::from("/long".repeat(20))), Path::new("/tmp"));
    }
}
