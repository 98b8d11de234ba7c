//! Brings the schema up to date: one migration after another, in one transaction, and one node at a time.

use std::time::Duration;

use super::Postgres;
use super::columns::at;
use super::line::Line;
use super::lines::Post;
use super::session::Session;
use crate::durable::store::{Fault, Versions};

/// A step from one version to the next.
struct Migration {
    version: i32,
    /// The oldest version that can work with what this makes. Programs of that and of this version run side by side.
    min_reader: i32,
    sql: &'static str,
}

const MIGRATIONS: [Migration; 1] =
    [Migration { version: 1, min_reader: 1, sql: include_str!("migrations/0001_jobs.sql") }];

/// The version that this program knows: the last of them.
const KNOWN: i32 = 1;

/// The oldest server.
const OLDEST: i32 = 150_000;

/// How long it may take with all others that do the same, and how often it is tried again when somebody has locked what
/// it has to change.
const LIMIT: Duration = Duration::from_secs(60);
const TRIES: usize = 5;

/// What is set for it: the turn of others is awaited, but not what a long transaction has locked, as everybody else would
/// wait behind that too.
const TURN: &str = "BEGIN; SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = 0";
const STEPS: &str = "SET LOCAL lock_timeout = '3s'";

const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended('job-runtime migrates ' || $1, 0))";
const IS_THERE: &str = "
    SELECT current_setting('server_version_num')::int, EXISTS (SELECT FROM pg_namespace WHERE nspname = $1),
        to_regclass(format('%I.migration', $1)) IS NOT NULL";
pub(super) const TABLE: &str = "
    CREATE TABLE job_runtime.migration (
        version integer PRIMARY KEY,
        min_reader integer NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    )";
const NEWEST: &str = "SELECT version, min_reader FROM job_runtime.migration ORDER BY version DESC LIMIT 1";
const APPLIED: &str = "INSERT INTO job_runtime.migration (version, min_reader) VALUES ($1, $2)";

impl Postgres {
    pub(super) async fn bring_up_to_date(&self) -> Result<Versions, Fault> {
        self.lines.settle_here();
        let before = self.version_there().await?;
        if before >= KNOWN {
            return Ok(Versions { before: version(before), after: version(before) });
        }
        let until = self.lines.clock.moment() + LIMIT;
        self.lines.in_time(until, self.apply()).await
    }

    /// The version of the schema, 0 where there is none. Asks for no right but to read.
    async fn version_there(&self) -> Result<i32, Fault> {
        let mut session = self.lines.at(Post::Lease).await?;
        let there = self.look(&mut session).await?;
        let newest = if there.has_table { session.query_opt(NEWEST, &[]).await? } else { None };
        session.done();
        match newest {
            Some(newest) => readable(at(&newest, 0)?, at(&newest, 1)?),
            None => Ok(0),
        }
    }

    async fn look(&self, session: &mut Session<'_>) -> Result<There, Fault> {
        let rows = session.query(IS_THERE, &[&self.lines.schema.name()]).await?;
        There::of(&rows)
    }

    async fn apply(&self) -> Result<Versions, Fault> {
        let mut tries = TRIES;
        loop {
            let mut line = self.lines.connect().await?;
            match self.apply_with(&mut line).await {
                Err(fault) if fault.passing && tries > 0 => tries -= 1,
                done => return done,
            }
        }
    }

    async fn apply_with(&self, line: &mut Line) -> Result<Versions, Fault> {
        let schema = &self.lines.schema;
        let name: &str = schema.name();
        line.run(TURN).await?;
        line.query(schema, LOCK, &[&name], false).await?;
        let there = There::of(&line.query(schema, IS_THERE, &[&name], false).await?)?;
        line.run(STEPS).await?;
        if !there.has_schema {
            line.run(&format!("CREATE SCHEMA \"{}\"", name.replace('"', "\"\""))).await?;
        }
        if !there.has_table {
            line.run(&schema.of(TABLE)).await?;
        }
        let newest = line.query(schema, NEWEST, &[], false).await?;
        let before = match newest.first() {
            Some(newest) => readable(at(newest, 0)?, at(newest, 1)?)?,
            None => 0,
        };
        for step in MIGRATIONS.iter().filter(|step| step.version > before) {
            line.run(&schema.of(step.sql)).await?;
            line.query(schema, APPLIED, &[&step.version, &step.min_reader], false).await?;
        }
        line.run("COMMIT").await?;
        Ok(Versions { before: version(before), after: version(before.max(KNOWN)) })
    }
}

/// What is there already.
struct There {
    has_schema: bool,
    has_table: bool,
}

impl There {
    fn of(rows: &[tokio_postgres::Row]) -> Result<Self, Fault> {
        let row = rows.first().ok_or_else(|| Fault::lasting("the server says nothing of itself"))?;
        let server: i32 = at(row, 0)?;
        if server < OLDEST {
            let (is, oldest) = (server / 10_000, OLDEST / 10_000);
            return Err(Fault::lasting(format!("this is PostgreSQL {is}, and {oldest} or later is needed")));
        }
        Ok(Self { has_schema: at(row, 1)?, has_table: at(row, 2)? })
    }
}

/// A version that this program can work with.
fn readable(found: i32, min_reader: i32) -> Result<i32, Fault> {
    if min_reader > KNOWN {
        return Err(Fault::lasting(format!(
            "its schema has version {found}, which programs of version {min_reader} and later can work with, and this one \
             is of version {KNOWN}: build it with a newer `job-runtime`"
        )));
    }
    Ok(found)
}

fn version(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}
