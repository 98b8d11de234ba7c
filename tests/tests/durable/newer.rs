//! A program of a next version, as far as these tests need one: it changes the schema as its release would, and works on
//! the same rows by statements of its own, in which columns stand that nobody else knows.

#![expect(clippy::disallowed_methods, reason = "what drives a connection is a task of the test")]

use std::time::Duration;

use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::lab::{Kind, Lab, now, until};

const TABLES: [&str; 6] = ["job", "node", "unique_key", "pause", "schedule", "mark"];
/// How many jobs it takes at once.
pub const ROOM: usize = 5;
/// How long before a tick is due it takes the turn of its job.
const EARLY: i64 = 30_000;
const PERIOD: i64 = 1_000_000;
/// Between two rounds.
const PAUSE: Duration = Duration::from_millis(5);

/// The store as this process has it by itself.
pub enum Database {
    Sqlite(rusqlite::Connection),
    Postgres(tokio_postgres::Client),
}

impl Database {
    pub async fn open(lab: &Lab, kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let file = rusqlite::Connection::open(lab.file()).expect("it is there");
                file.busy_timeout(Duration::from_secs(5)).expect("it takes any");
                Self::Sqlite(file)
            }
            Kind::Postgres => {
                let (client, driver) = tokio_postgres::connect(&lab.url, NoTls).await.expect("it is there");
                tokio::spawn(driver);
                Self::Postgres(client)
            }
        }
    }

    /// The numbers in the rows that statements give, which name tables as PostgreSQL does.
    async fn try_ask(&self, statements: &str) -> Result<Vec<Vec<i64>>, String> {
        match self {
            Self::Sqlite(file) => in_file(file, &statements.replace("job_runtime.", "job_runtime_")),
            Self::Postgres(client) => {
                let answer = client.simple_query(statements).await.map_err(|error| format!("{error:?}"))?;
                Ok(answer.iter().filter_map(numbers).collect())
            }
        }
    }

    pub async fn ask(&self, statements: &str) -> Vec<Vec<i64>> {
        self.try_ask(statements).await.unwrap_or_else(|error| panic!("{error}: {statements}"))
    }

    /// The number that is asked for.
    pub async fn number(&self, statement: &str) -> i64 {
        self.ask(statement).await[0][0]
    }

    /// A time in microseconds since the epoch, as it stands in statements.
    fn at(&self, micros: i64) -> String {
        match self {
            Self::Sqlite(_) => micros.to_string(),
            Self::Postgres(_) => format!("(timestamptz 'epoch' + {micros} * interval '1 microsecond')"),
        }
    }

    /// Adds columns and an index to each table, as the migrations of a release do: where somebody is in the way, again.
    pub async fn upgrade(&self) {
        let mut steps = String::new();
        for table in TABLES {
            steps.push_str(&format!(
                "ALTER TABLE job_runtime.{table} ADD COLUMN shade text;
                 ALTER TABLE job_runtime.{table} ADD COLUMN grade integer NOT NULL DEFAULT 7;
                 CREATE INDEX {table}_shade ON job_runtime.{table} (shade, grade);"
            ));
        }
        until("the turn to migrate", async || self.migrate(&steps, 2, 1).await.ok()).await;
    }

    /// Says that only programs of a version that does not exist yet can work with this from now on.
    pub async fn outgrow(&self) {
        self.migrate("", 3, 3).await.expect("nothing is in the way");
    }

    async fn migrate(&self, steps: &str, version: u32, min_reader: u32) -> Result<(), String> {
        let (begin, note) = match self {
            Self::Sqlite(_) => ("BEGIN IMMEDIATE;", "job_runtime.version (version, min_reader, applied_at)"),
            Self::Postgres(_) => (
                "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('job-runtime migrates job_runtime', 0));
                 SET LOCAL lock_timeout = '3s';",
                "job_runtime.migration (version, min_reader, applied_at)",
            ),
        };
        let noted = format!("INSERT INTO {note} VALUES ({version}, {min_reader}, {});", self.at(0));
        let done = self.try_ask(&format!("{begin} {steps} {noted} COMMIT;")).await;
        if done.is_err() {
            let _ = self.try_ask("ROLLBACK;").await;
        }
        done.map(drop)
    }
}

/// Statements one after another, and what the last of them gives.
fn in_file(file: &rusqlite::Connection, statements: &str) -> Result<Vec<Vec<i64>>, String> {
    let in_words = |error: rusqlite::Error| error.to_string();
    let mut rows = Vec::new();
    for statement in statements.split_inclusive(';').filter(|statement| statement.trim().len() > 1) {
        let mut statement = file.prepare(statement).map_err(in_words)?;
        let count = statement.column_count();
        let given = statement.query_map([], |row| (0..count).map(|column| row.get(column)).collect());
        rows.extend(given.and_then(Iterator::collect::<Result<Vec<Vec<i64>>, _>>).map_err(in_words)?);
    }
    Ok(rows)
}

fn numbers(message: &SimpleQueryMessage) -> Option<Vec<i64>> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    (0..row.len()).map(|column| row.get(column)?.parse().ok()).collect()
}

/// The program, which takes part in all that there is to do.
pub struct Newer<'l> {
    lab: &'l Lab,
    database: Database,
    node: i64,
    token: i64,
    /// The rows of the jobs that it has put in.
    pub taken: Vec<i64>,
}

impl<'l> Newer<'l> {
    pub async fn start(lab: &'l Lab, kind: Kind, node: i64) -> Self {
        Self { lab, database: Database::open(lab, kind).await, node, token: node * 1_000_000, taken: Vec::new() }
    }

    /// Works until something has come about, and then dies over jobs that it has claimed.
    pub async fn work_until(mut self, ended: impl Future<Output = ()>) -> Vec<i64> {
        let mut ended = std::pin::pin!(ended);
        while tokio::time::timeout(PAUSE, &mut ended).await.is_err() {
            self.beat().await;
            self.tick("tick0").await;
            self.enqueue().await;
            let claimed = self.claim().await;
            self.note(&claimed);
            self.complete(&claimed).await;
        }
        let died = async || Some(self.claim().await).filter(|claimed| !claimed.is_empty());
        let died = until("jobs to die over", died).await;
        self.note(&died);
        self.taken
    }

    async fn beat(&self) {
        let (node, soon) = (self.node, self.database.at(micros() + 2_000_000));
        let (columns, values) = match self.database {
            Database::Sqlite(_) => ("jobs", r#"'["work"]'"#.to_owned()),
            Database::Postgres(_) => {
                ("jobs, queues, lease, since", "'{work}', '{work}', interval '2 s', now()".to_owned())
            }
        };
        let beat = format!(
            "INSERT INTO job_runtime.node (id, name, until, shade, {columns})
             VALUES ({node}, 'newer', {soon}, 'newer', {values}) ON CONFLICT (id) DO UPDATE SET until = excluded.until, gone = false"
        );
        self.database.ask(&beat).await;
    }

    /// Decides a tick that is about to be due, before anybody else can.
    async fn tick(&self, job: &str) {
        let last = match self.database {
            Database::Sqlite(_) => "last",
            Database::Postgres(_) => "(extract(epoch FROM last) * 1000000)::bigint",
        };
        let last = format!("SELECT {last} FROM job_runtime.schedule WHERE name = '{job}';");
        let due = |last: &[Vec<i64>]| last.last().map_or(i64::MAX, |row| row[0] + PERIOD);
        if due(&self.database.ask(&last).await) > micros() + EARLY {
            return;
        }
        let turn = match self.database {
            Database::Sqlite(_) => "BEGIN IMMEDIATE;".to_owned(),
            Database::Postgres(_) => {
                let lock = format!("pg_advisory_xact_lock(hashtextextended('job_runtime/{job}', 0))");
                format!("BEGIN; SELECT 0 FROM (SELECT {lock}) turn;")
            }
        };
        let due = due(&self.database.ask(&format!("{turn} {last}")).await);
        let early = due - micros();
        let mut decided = String::new();
        if early <= EARLY {
            let early = Duration::from_micros(u64::try_from(early).unwrap_or_default());
            // A little more: clocks that are read differ by their precision.
            tokio::time::sleep(early + Duration::from_millis(2)).await;
            decided = self.decide(job, due);
        }
        self.database.ask(&format!("{decided} COMMIT;")).await;
    }

    fn decide(&self, job: &str, due: i64) -> String {
        let (node, due, now) = (self.node, self.database.at(due), self.now());
        format!(
            "UPDATE job_runtime.schedule SET last = {due}, shade = 'newer' WHERE name = '{job}';
             INSERT INTO job_runtime.job (queue, name, args, run_at, scheduled_at, enqueued_at, started_at, finished_at,
                \"trigger\", state, attempt, starts, node, shade)
             VALUES ('@cluster', '{job}', '{{}}', {due}, {due}, {now}, {now}, {now},
                'schedule', 'completed', 1, 1, {node}, 'newer');"
        )
    }

    /// What the clock shows when the statement is run.
    fn now(&self) -> String {
        match self.database {
            Database::Sqlite(_) => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)".to_owned(),
            Database::Postgres(_) => "clock_timestamp()".to_owned(),
        }
    }

    async fn enqueue(&mut self) {
        let now = self.now();
        let enqueue = format!(
            "INSERT INTO job_runtime.job (queue, name, args, state, run_at, scheduled_at, enqueued_at, max_attempts, shade)
             VALUES ('work', 'work', '{{\"_number\":0,\"shade\":1}}', 'waiting', {now}, {now}, {now}, 20, 'newer') RETURNING id;"
        );
        let id = self.database.number(&enqueue).await;
        self.taken.push(id);
    }

    /// The rows and the attempts that it has from now on.
    async fn claim(&mut self) -> Vec<Vec<i64>> {
        self.token += 1;
        let (node, token, now) = (self.node, self.token, self.now());
        let skip = if matches!(self.database, Database::Postgres(_)) { "FOR UPDATE SKIP LOCKED" } else { "" };
        let claim = format!(
            "UPDATE job_runtime.job SET state = 'running', attempt = attempt + 1, starts = starts + 1, node = {node},
                token = {token}, started_at = {now}, shade = 'newer'
             WHERE id IN (
                SELECT id FROM job_runtime.job WHERE queue = 'work' AND state = 'waiting' AND run_at <= {now}
                ORDER BY lane, run_at, id LIMIT {ROOM} {skip})
             RETURNING id, attempt;"
        );
        self.database.ask(&claim).await
    }

    /// That is all the work that it does.
    fn note(&self, claimed: &[Vec<i64>]) {
        for row in claimed {
            self.lab.note("work", row[0], row[1]);
        }
    }

    async fn complete(&self, claimed: &[Vec<i64>]) {
        let (node, token, now) = (self.node, self.token, self.now());
        let none = if matches!(self.database, Database::Postgres(_)) { "NULL" } else { "0" };
        let complete = format!(
            "UPDATE job_runtime.job SET state = 'completed', finished_at = {now}, token = {none}, error = NULL,
                cancel = NULL, shade = 'done' WHERE node = {node} AND token = {token} RETURNING id;"
        );
        assert_eq!(self.database.ask(&complete).await.len(), claimed.len(), "it has what it has claimed");
    }
}

/// Now, in microseconds since the epoch.
fn micros() -> i64 {
    (now() * 1_000_000.0) as i64
}
