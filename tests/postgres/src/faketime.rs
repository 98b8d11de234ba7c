//! Where the library is that gives a process another time.

use std::fs;
use std::path::{Path, PathBuf};

/// `libfaketime.so.1` for `LD_PRELOAD`, where it is installed (`apt-get install faketime`, or `./.ci/test`).
///
/// A process that is started with it and with `FAKETIME=+5m` is five minutes ahead. Set
/// `FAKETIME_DONT_FAKE_MONOTONIC=1` too where only the wall clock is meant: the library moves both clocks otherwise.
pub fn faketime() -> Option<PathBuf> {
    ["/usr/lib", "/usr/lib64"].iter().find_map(|folder| below(Path::new(folder)))
}

/// Directly below a folder of libraries, or one down, where Debian has a folder for each architecture.
fn below(folder: &Path) -> Option<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    folders.extend(fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())));
    folders.into_iter().map(|folder| folder.join("faketime/libfaketime.so.1")).find(|library| library.is_file())
}
