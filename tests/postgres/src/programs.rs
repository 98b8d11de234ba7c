//! Where PostgreSQL's programs are on this machine.

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// The oldest version that the tests are run with.
const OLDEST: u32 = 15;

/// What is used of it.
const USED: [&str; 4] = ["initdb", "postgres", "psql", "pg_isready"];

/// The folder with all of them.
#[derive(Debug)]
pub(crate) struct Programs(PathBuf);

impl Programs {
    /// Of those in PATH, or else of the newest that Debian installed.
    ///
    /// # Panics
    ///
    /// When there is none that is new enough.
    pub(crate) fn find() -> Self {
        let mut folders = in_path().into_iter().chain(of_debian()).map(Self);
        // Debian has some of them in PATH.
        let found = folders.find(|programs| programs.are_all_there() && programs.are_new_enough());
        found.unwrap_or_else(|| {
            panic!(
                "there is no PostgreSQL {OLDEST} or newer, neither in PATH nor in /usr/lib/postgresql: \
                 `apt-get install postgresql`, or `./.ci/test`, which does so"
            )
        })
    }

    /// One of the programs, with nothing of our environment that could change what it does.
    pub(crate) fn command(&self, program: &str) -> Command {
        clean(self.0.join(program).as_os_str())
    }

    fn are_all_there(&self) -> bool {
        USED.iter().all(|program| self.0.join(program).is_file())
    }

    fn are_new_enough(&self) -> bool {
        let version = self.command("postgres").arg("--version").output().ok().filter(|output| output.status.success());
        version.and_then(|output| major(&String::from_utf8_lossy(&output.stdout))).is_some_and(|major| major >= OLDEST)
    }
}

/// A command in an environment that is the same everywhere.
pub(crate) fn clean(program: &OsStr) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).env("LC_ALL", "C");
    command.current_dir("/");
    command
}

/// What a command says, without the last line break.
///
/// # Panics
///
/// When it fails, with what it says then.
#[track_caller]
pub(crate) fn answer(command: &mut Command) -> String {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(status.success(), "{command:?} failed, {status}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8_lossy(&stdout).trim_end_matches('\n').to_owned()
}

fn in_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}

fn of_debian() -> Vec<PathBuf> {
    let entries = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |entry: &fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    let mut found: Vec<_> = entries.filter_map(|entry| Some((version(&entry)?, entry.path().join("bin")))).collect();
    found.sort();
    found.into_iter().rev().map(|(_, programs)| programs).collect()
}

/// The first part of the version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major(version: &str) -> Option<u32> {
    let number = version.split(' ').nth(2)?;
    number.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_version_is_read() {
        for (version, number) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 9.6.2\n", Some(9)),
            ("postgres (PostgreSQL) 19beta1\n", Some(19)),
            ("postgres", None),
        ] {
            assert_eq!(major(version), number, "{version}");
        }
    }
}
