//! The floors on SQLite: what any queue must ask of it, and nothing else.

use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::cell::Scale;
use crate::raw::median;

const TABLE: &str = "
    CREATE TABLE raw (
        id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, name TEXT NOT NULL, priority INTEGER NOT NULL DEFAULT 0,
        run_at INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, attempt INTEGER NOT NULL DEFAULT 0, args TEXT NOT NULL,
        finished_at INTEGER
    ) STRICT;
    CREATE INDEX raw_waiting ON raw (queue, priority, run_at, id) WHERE state = 0";
const CLAIM: &str = "
    UPDATE raw SET state = 1, attempt = attempt + 1 WHERE id IN (
        SELECT id FROM raw WHERE queue = 'bench' AND state = 0 AND run_at <= ?1 ORDER BY priority, run_at, id LIMIT ?2
    ) RETURNING id, name, args";
const ACK: &str = "UPDATE raw SET state = 2, finished_at = ?1 WHERE id = ?2";
const INSERT: &str = "INSERT INTO raw (queue, name, args, run_at) VALUES ('bench', 'nothing', ?1, 1)";
const BATCH: u64 = 1_000;

fn open(store: &str) -> Connection {
    let path = store.strip_prefix("sqlite://").expect("it is a file");
    let file = Connection::open(path).expect("it can be opened");
    file.pragma_update(None, "journal_mode", "wal").expect("it can be written");
    file.pragma_update(None, "synchronous", "full").expect("it is known");
    file
}

fn filled(store: &str, count: u64) -> Connection {
    let mut file = open(store);
    file.execute_batch(TABLE).expect("a table");
    let filling = file.transaction().expect("it begins");
    for user in 0..count {
        filling.prepare_cached(INSERT).expect("a statement").execute([args(user)]).expect("a row");
    }
    filling.commit().expect("it is taken");
    file
}

fn args(user: u64) -> String {
    format!("{{\"user\":{user}}}")
}

pub(crate) async fn process(scale: Scale, store: &str) -> f64 {
    let count = scale.of(100_000);
    let mut file = filled(store, count);
    let begun = Instant::now();
    loop {
        let claiming = file.transaction().expect("it begins");
        let mut claim = claiming.prepare_cached(CLAIM).expect("a statement");
        let rows = claim.query_map(params![2, BATCH as i64], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let rows: Vec<(i64, String, String)> = rows.expect("rows").collect::<Result<_, _>>().expect("rows");
        drop(claim);
        claiming.commit().expect("it is taken");
        if rows.is_empty() {
            break;
        }
        let acking = file.transaction().expect("it begins");
        for (id, _, _) in rows {
            acking.prepare_cached(ACK).expect("a statement").execute(params![3, id]).expect("it is there");
        }
        acking.commit().expect("it is taken");
    }
    // As a node does at its end, which takes in what is in the log.
    file.close().expect("it closes");
    count as f64 / begun.elapsed().as_secs_f64()
}

pub(crate) async fn one(scale: Scale, store: &str) -> f64 {
    let file = filled(store, 1);
    let count = scale.of(5_000);
    let begun = Instant::now();
    for user in 0..count {
        file.prepare_cached(INSERT).expect("a statement").execute([args(user)]).expect("a row");
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

pub(crate) async fn batch(scale: Scale, store: &str) -> f64 {
    let mut file = filled(store, 1);
    let count = scale.of(100_000);
    let begun = Instant::now();
    for _ in 0..count / BATCH {
        let batch = file.transaction().expect("it begins");
        for user in 0..BATCH {
            batch.prepare_cached(INSERT).expect("a statement").execute([args(user)]).expect("a row");
        }
        batch.commit().expect("it is taken");
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

/// From before a row is put in until it is claimed, each on disk before it is said: the median.
pub(crate) async fn start(scale: Scale, store: &str) -> f64 {
    let file = filled(store, 0);
    let mut taken = Vec::new();
    for user in 0..scale.of(500) {
        let begun = Instant::now();
        file.prepare_cached(INSERT).expect("a statement").execute([args(user)]).expect("a row");
        let mut claim = file.prepare_cached(CLAIM).expect("a statement");
        let claimed = claim.query_map(params![2, 10], |row| row.get::<_, i64>(0)).expect("rows").count();
        assert_eq!(claimed, 1);
        taken.push(begun.elapsed().as_secs_f64() * 1_000.0);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    median(taken)
}
