//! Where these tests lose things: a store of their own, and the nodes that share it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use job_runtime::{Error, JobRow, JobState, Queue, QueueInfo, Runtime, StoreConfig, run_all};
use private_postgres::Server;

use crate::child::{self, Child};

/// They are tested one after another: most of them keep the whole machine busy, and look at how long something takes.
static TURN: Mutex<()> = Mutex::new(());

/// How long something that is to come is looked for before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is looked for, where no event of this process tells of it.
const LOOK: Duration = Duration::from_millis(20);

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A store, and what the jobs in it wrote.
pub struct Lab {
    pub url: String,
    name: String,
    folder: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

/// A run that there was.
#[derive(Clone, Debug, PartialEq)]
pub struct Noted {
    pub what: String,
    pub id: i64,
    pub attempt: u32,
    pub process: u32,
    /// When it was to be, in seconds since the epoch.
    pub planned: f64,
}

/// Whether the tests are to be long.
pub fn is_long() -> bool {
    std::env::var("DURABLE_TESTS").is_ok_and(|length| length == "long")
}

/// How much there is to be of something in the short form of a test, and in the long one.
pub fn amount(short: u64, long: u64) -> u64 {
    if is_long() { long } else { short }
}

impl Lab {
    /// A new store of this kind, for the test of this name.
    pub fn new(kind: Kind, test: &str) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let name = format!("{test}_{kind:?}").to_lowercase();
        let folder = folder(&name);
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}", folder.join("jobs.db").display()),
            Kind::Postgres => Server::shared().database(&name),
        };
        Self { url, name, folder, _turn: turn }
    }

    /// A store at this address, for the test of this name.
    pub fn at(url: String, test: &str) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        Self { url, name: test.to_owned(), folder: folder(test), _turn: turn }
    }

    /// The database of the shared server that it is in.
    pub fn database(&self) -> &str {
        &self.name
    }

    /// The file that it is.
    pub fn file(&self) -> PathBuf {
        self.folder.join("jobs.db")
    }

    /// Waits until so many schedules of all nodes are known.
    pub async fn until_scheduled(&self, count: u32) {
        let known = || {
            if self.file().exists() {
                let file = rusqlite::Connection::open(self.file()).ok()?;
                file.query_row("SELECT count(*) FROM job_runtime_schedule", [], |row| row.get(0)).ok()
            } else {
                Server::shared().sql(self.database(), "SELECT count(*) FROM job_runtime.schedule").trim().parse().ok()
            }
        };
        until("the schedules", async || known().filter(|known: &u32| *known == count)).await;
    }

    /// All that is known of the schedules of all nodes is known as of so long ago.
    pub fn set_schedules_back(&self, by: Duration) {
        let seconds = by.as_secs();
        if self.file().exists() {
            let file = rusqlite::Connection::open(self.file()).expect("it is there");
            let set_back = format!("UPDATE job_runtime_schedule SET last = last - {seconds} * 1000000");
            file.execute(&set_back, []).expect("there are some");
        } else {
            let set_back = format!("UPDATE job_runtime.schedule SET last = last - interval '{seconds} s'");
            Server::shared().sql(self.database(), &set_back);
        }
    }

    /// Where jobs are held that wait to be let go on.
    pub fn gates(&self) -> Gates {
        let gates = self.folder.join("gates");
        fs::create_dir_all(&gates).expect("a folder");
        Gates(gates)
    }

    /// A folder of this test.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A worker with these arguments, which is ready.
    pub fn worker(&self, arguments: &[&str]) -> Child {
        self.worker_at(&self.url, arguments, &[])
    }

    /// One that sees the store at another address, with other variables.
    pub fn worker_at(&self, url: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Child {
        let mut worker = self.unready(url, arguments, variables);
        worker.says("ready");
        worker
    }

    /// One that is only being started.
    pub fn unready(&self, url: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Child {
        let store = format!("store={url}");
        let audit = self.audit_path();
        let mut all = vec![&*store];
        all.extend(arguments);
        let mut given = vec![("AUDIT", audit.to_str().expect("a path in words"))];
        given.extend(variables);
        child::start(env!("CARGO_BIN_EXE_worker"), &all, &given)
    }

    /// This process as one that puts jobs in, and runs none.
    pub async fn client(&self) -> Client {
        self.client_at(&self.url).await
    }

    pub async fn client_at(&self, url: &str) -> Client {
        let store = StoreConfig::new(url).expect("an address").max_running(0);
        Client(run_all().store(store).start().await.expect("the store is there"))
    }

    fn audit_path(&self) -> PathBuf {
        self.folder.join("audit")
    }

    /// Notes a run of this process, as workers do.
    pub fn note(&self, what: &str, id: i64, attempt: i64) {
        let mut audit = File::options().append(true).create(true).open(self.audit_path()).expect("it can be opened");
        let line = format!("{what} {id} {attempt} {} 0\n", std::process::id());
        audit.write_all(line.as_bytes()).expect("it is written");
    }

    /// The runs there were until now.
    pub fn noted(&self) -> Vec<Noted> {
        let text = fs::read_to_string(self.audit_path()).unwrap_or_default();
        text.lines().map(Noted::read).collect()
    }

    /// Those of one job.
    pub fn noted_of(&self, what: &str) -> Vec<Noted> {
        self.noted().into_iter().filter(|noted| noted.what == what).collect()
    }

    /// Waits until this many of a job were noted; gives them.
    pub async fn until_noted(&self, what: &str, count: usize) -> Vec<Noted> {
        let wanted = format!("{count} of {what}");
        until(&wanted, async || Some(self.noted_of(what)).filter(|noted| noted.len() >= count)).await
    }

    /// The runs of jobs in queues, by row.
    pub fn by_row(&self) -> BTreeMap<i64, Vec<Noted>> {
        let mut rows = BTreeMap::<i64, Vec<Noted>>::new();
        for noted in self.noted() {
            rows.entry(noted.id).or_default().push(noted);
        }
        rows
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Where the attempts of jobs are held.
pub struct Gates(PathBuf);

impl Gates {
    pub fn path(&self) -> PathBuf {
        self.0.clone()
    }

    /// Lets an attempt go on.
    pub fn open(&self, attempt: u32) {
        fs::write(self.0.join(attempt.to_string()), "").expect("a file");
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("durable").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

impl Noted {
    fn read(line: &str) -> Self {
        let parts: Vec<&str> = line.split(' ').collect();
        let [what, id, attempt, process, planned] = parts[..] else { panic!("{line} is not a whole line") };
        Self {
            what: what.to_owned(),
            id: id.parse().expect("a number"),
            attempt: attempt.parse().expect("a number"),
            process: process.parse().expect("a number"),
            planned: planned.parse().expect("a time"),
        }
    }
}

/// A node without places for jobs.
pub struct Client(pub Runtime);

impl Client {
    pub fn queue(&self, name: &str) -> Queue {
        self.0.queue(name).expect("it has a store")
    }

    /// Waits until a queue stands like this.
    pub async fn until_queue(&self, name: &str, stands: impl Fn(&QueueInfo) -> bool) -> QueueInfo {
        let queue = self.queue(name);
        let wanted = format!("the queue {name}");
        until(&wanted, async || queue.status().await.ok().filter(&stands)).await
    }

    /// Waits until nothing is left to do in a queue.
    pub async fn until_done(&self, name: &str) -> QueueInfo {
        self.until_queue(name, |queue| queue.available + queue.scheduled + queue.running + queue.retryable == 0).await
    }

    /// Waits until a job is in a state.
    pub async fn until_state(&self, id: job_runtime::RunId, state: JobState) -> JobRow {
        let wanted = format!("{state} of {id}");
        until(&wanted, async || self.row(id).await.filter(|row| row.state == state)).await
    }

    pub async fn row(&self, id: job_runtime::RunId) -> Option<JobRow> {
        self.0.job_row(id).await.unwrap_or_else(|error| {
            assert!(error.is_unavailable(), "{error}");
            None
        })
    }
}

/// Waits until something is so, which other processes bring about.
pub async fn until<T>(wanted: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waited = tokio::time::timeout(PATIENCE, async {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            looks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    });
    waited.await.unwrap_or_else(|_| panic!("waited in vain for {wanted}"))
}

/// Does something again until the store is there for it.
pub async fn insist<T>(mut act: impl AsyncFnMut() -> Result<T, Error>) -> T {
    until("the store", async || match act().await {
        Ok(done) => Some(done),
        Err(error) if error.is_unavailable() => None,
        Err(error) => panic!("{error}"),
    })
    .await
}

/// Now, in seconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "what processes wrote is compared with it")]
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}
