//! The server: from an empty folder to one that can be connected to, and back.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use crate::account::Account;
use crate::encode::encoded;
use crate::folder::Folder;
use crate::keeper::Keeper;
use crate::programs::{Programs, answer};

/// Between two looks whether the server is there.
const POLL: Duration = Duration::from_millis(20);

/// After so many looks it counts as hung: more than a minute.
const LOOKS: usize = 3_000;

/// How long a backend may take to end once it is told to, in milliseconds.
const TERMINATION: u32 = 30_000;

/// A PostgreSQL server of this process only, stopped and removed when it is dropped or the process ends.
///
/// Its settings are PostgreSQL's, `fsync` included, but that it listens on no address. Who finds its socket, which is
/// in a folder for this user only, is the superuser `postgres`.
#[derive(Debug)]
pub struct Server {
    programs: Programs,
    settings: Vec<String>,
    account: Option<Account>,
    // Before the folder, so that it is dropped first.
    keeper: Mutex<Option<Keeper>>,
    folder: Folder,
    socket: PathBuf,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Transactions are rolled back, connections are told, what is committed is written down.
    Fast,
    /// As in a crash: nothing is written down, the next start recovers from the log.
    Immediate,
}

impl Stop {
    pub(crate) fn signal(self) -> &'static str {
        match self {
            Self::Fast => "INT",
            Self::Immediate => "QUIT",
        }
    }
}

impl Server {
    /// Starts a server, and waits until it can be connected to.
    ///
    /// # Panics
    ///
    /// When there is no PostgreSQL on this machine, or it does not start, with what it says.
    #[track_caller]
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same with settings as they are written on the command line: `max_connections=20`. `port` is not one of them.
    ///
    /// # Panics
    ///
    /// As [`Server::start`].
    #[track_caller]
    pub fn with(settings: &[&str]) -> Self {
        let folder = Folder::new();
        let server = Self {
            programs: Programs::find(),
            settings: settings.iter().map(ToString::to_string).collect(),
            account: Account::for_server_in(folder.path()),
            keeper: Mutex::new(None),
            socket: folder.path().join(".s.PGSQL.5432"),
            folder,
        };
        server.create();
        server.start_again();
        server
    }

    /// One for all tests of a program, started for the first of them; each takes a [database](Server::database) of its
    /// own. It ends with the process.
    ///
    /// # Panics
    ///
    /// As [`Server::start`].
    #[track_caller]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// The URL of a database of this server, for tokio-postgres, sqlx and `psql`.
    pub fn url(&self, database: &str) -> String {
        let folder = self.folder.path().to_string_lossy();
        format!("postgres:///{}?host={}&user=postgres", encoded(database), encoded(&folder))
    }

    /// The socket itself; the drivers want the folder it is in.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Creates a database and gives its URL.
    ///
    /// # Panics
    ///
    /// When there is one of this name.
    #[track_caller]
    pub fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!(r#"CREATE DATABASE "{}""#, name.replace('"', r#""""#)));
        self.url(name)
    }

    /// What a statement gives, seen from outside: a line per row, `|` between columns.
    ///
    /// # Panics
    ///
    /// When it fails.
    #[track_caller]
    pub fn sql(&self, database: &str, statement: &str) -> String {
        let mut psql = self.programs.command("psql");
        psql.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set", "ON_ERROR_STOP=1"]);
        answer(psql.args(["--dbname", &self.url(database), "--command", statement]))
    }

    /// Stops the server and waits until it is gone; nothing happens to one that is stopped.
    pub fn stop(&self, stop: Stop) {
        if let Some(mut keeper) = self.keeper().take() {
            keeper.stop(stop);
        }
    }

    /// Starts a server that was stopped, with what was committed, and waits until it can be connected to.
    ///
    /// # Panics
    ///
    /// When it is running, or does not start, with what it says.
    #[track_caller]
    pub fn start_again(&self) {
        let mut kept = self.keeper();
        assert!(kept.is_none(), "the server is running: stop it first");
        let log = File::options().append(true).create(true).open(self.log_file()).expect("there is room for a log");
        let mut keeper = Keeper::start(&self.postgres(), self.folder.path(), self.account, log.into());
        self.await_ready(&mut keeper);
        *kept = Some(keeper);
    }

    /// A crash, and the start after it.
    ///
    /// # Panics
    ///
    /// When it does not start, with what it says.
    #[track_caller]
    pub fn restart_immediately(&self) {
        self.stop(Stop::Immediate);
        self.start_again();
    }

    /// Ends all connections, and waits until they are gone.
    ///
    /// # Panics
    ///
    /// When the server does not run.
    #[track_caller]
    pub fn kill_backends(&self) {
        let ending = format!(
            "SELECT pg_terminate_backend(pid, {TERMINATION}) FROM pg_stat_activity \
             WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        );
        self.sql("postgres", &ending);
    }

    /// What the server has written to its log.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_file()).unwrap_or_default()).into_owned()
    }

    #[track_caller]
    fn create(&self) {
        let mut initdb = self.programs.command("initdb");
        initdb.arg("--pgdata").arg(self.data());
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale"]);
        // Of the new files only: what the server writes later is synced.
        initdb.arg("--no-sync");
        if let Some(account) = self.account {
            account.run(&mut initdb);
        }
        answer(&mut initdb);
    }

    fn postgres(&self) -> Command {
        let mut postgres = self.programs.command("postgres");
        postgres.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path()).args(["-c", "listen_addresses="]);
        postgres.args(self.settings.iter().flat_map(|setting| ["-c", setting]));
        postgres
    }

    #[track_caller]
    fn await_ready(&self, keeper: &mut Keeper) {
        for _ in 0..LOOKS {
            if self.is_ready() {
                return;
            }
            assert!(!keeper.is_over(), "the server did not start:\n{}", self.log());
            std::thread::sleep(POLL);
        }
        panic!("the server does not become ready:\n{}", self.log());
    }

    fn is_ready(&self) -> bool {
        let mut asking = self.programs.command("pg_isready");
        asking.args(["--quiet", "--dbname", &self.url("postgres")]);
        asking.status().expect("PostgreSQL has this program").success()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// A test that failed while it held the server leaves it as it is.
    fn keeper(&self) -> MutexGuard<'_, Option<Keeper>> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
