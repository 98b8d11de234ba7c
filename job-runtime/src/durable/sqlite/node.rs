//! Who is there: nodes hold leases, and lose them.

use rusqlite::{OptionalExtension, Result, params};

use super::micros::{length, time};
use super::settle::noted;
use super::sign::Signs;
use super::table::Table;
use crate::durable::row::Parked;
use crate::durable::store::{Beat, Node, Notice, Rescued};

/// A row whose process died under it.
struct Orphan {
    id: i64,
    name: String,
    queue: String,
    deaths: u32,
    cancel: Option<String>,
}

impl Table<'_> {
    pub(super) fn join(&mut self, node: &Node, now: i64) -> Result<()> {
        let join = "
            INSERT INTO job_runtime_node (id, name, until, jobs, gone) VALUES (?1, ?2, ?3, ?4, 0)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, until = excluded.until, jobs = excluded.jobs, gone = 0";
        let (until, jobs) = (now.saturating_add(length(node.lease)), list(node));
        self.db.prepare_cached(join)?.execute(params![node.id, &*node.name, until, jobs])?;
        self.unpark(&jobs)
    }

    /// Jobs that nobody knew, and that a node knows, wait again.
    fn unpark(&mut self, known: &str) -> Result<()> {
        let unpark = "
            UPDATE job_runtime_job SET state = 'waiting', parked = NULL, error = NULL
            WHERE parked = 'unknown' AND name IN (SELECT value FROM json_each(?1))
            RETURNING queue";
        let mut unpark = self.db.prepare_cached(unpark)?;
        let mut rows = unpark.query([known])?;
        while let Some(row) = rows.next()? {
            self.tell(Notice::Work(row.get::<_, String>(0)?.into()));
        }
        Ok(())
    }

    pub(super) fn beat(&mut self, node: &Node, signs: &Signs, now: i64) -> Result<Beat> {
        let lease = "SELECT until, jobs FROM job_runtime_node WHERE id = ?1 AND NOT gone";
        let lease = self.db.prepare_cached(lease)?.query_row([node.id], |row| Ok((row.get(0)?, row.get(1)?)));
        let lease: Option<(i64, String)> = lease.optional()?;
        if let Some((until, known)) = &lease {
            self.renew(node, *until, known, signs, now)?;
        }
        let cancelled = "SELECT id, cancel FROM job_runtime_job
            WHERE token <> 0 AND node = ?1 AND cancel IS NOT NULL ORDER BY id";
        let mut cancelled = self.db.prepare_cached(cancelled)?;
        let cancelled = cancelled.query_map([node.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Beat { known: lease.is_some(), now: time(now), cancelled: cancelled.collect::<Result<_>>()? })
    }

    fn renew(&mut self, node: &Node, until: i64, known: &str, signs: &Signs, now: i64) -> Result<()> {
        let (later, jobs) = (now.saturating_add(length(node.lease)), list(node));
        if until < now {
            signs.spare_until(later);
        }
        let renew = "UPDATE job_runtime_node SET until = ?2, jobs = ?3 WHERE id = ?1";
        self.db.prepare_cached(renew)?.execute(params![node.id, later, jobs])?;
        if until >= now && jobs == known { Ok(()) } else { self.unpark(&jobs) }
    }

    pub(super) fn rescue(&mut self, quarantine: u32, signs: &Signs, now: i64) -> Result<Rescued> {
        let nodes = "SELECT id, until < ?1 FROM job_runtime_node WHERE NOT gone ORDER BY id";
        let mut nodes = self.db.prepare_cached(nodes)?;
        let nodes = nodes.query_map([now], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut rescued = Rescued::default();
        for (node, is_over) in nodes.collect::<Result<Vec<(i64, bool)>>>()? {
            if is_over && signs.judges(now) || signs.is_dead(node) {
                self.bereave(node, quarantine, now, &mut rescued)?;
                signs.clear(node);
            }
        }
        Ok(rescued)
    }

    /// The process of a node died, or is as good as dead.
    fn bereave(&mut self, node: i64, quarantine: u32, now: i64, rescued: &mut Rescued) -> Result<()> {
        for orphan in self.orphans(node)? {
            self.note_death(orphan.id, now)?;
            let deaths = orphan.deaths + 1;
            if let Some(reason) = &orphan.cancel {
                self.cancel_waiting(orphan.id, reason, now)?;
                self.free_key(orphan.id, false)?;
                self.tell_ended(orphan.id)?;
            } else if deaths >= quarantine {
                self.quarantine(orphan.id, deaths)?;
                self.tell_ended(orphan.id)?;
                rescued.quarantined.push((orphan.id, orphan.name));
            } else {
                self.let_wait(orphan.id)?;
                rescued.jobs += 1;
                self.tell(Notice::Work(orphan.queue.into()));
            }
        }
        self.close(node)
    }

    /// What a node has claimed.
    fn orphans(&self, node: i64) -> Result<Vec<Orphan>> {
        let orphans = "SELECT id, name, queue, deaths, cancel FROM job_runtime_job
            WHERE token <> 0 AND node = ?1 ORDER BY id";
        let mut orphans = self.db.prepare_cached(orphans)?;
        let orphans = orphans.query_map([node], |row| {
            let (id, name, queue) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(Orphan { id, name, queue, deaths: row.get(3)?, cancel: row.get(4)? })
        })?;
        orphans.collect()
    }

    fn note_death(&self, id: i64, now: i64) -> Result<()> {
        let note = concat!(
            "UPDATE job_runtime_job SET deaths = deaths + 1, started_at = coalesce(started_at, ?2), ",
            noted!("NULL", "NULL", "'its process died, or lost its lease'"),
            " WHERE id = ?1"
        );
        self.db.prepare_cached(note)?.execute([id, now])?;
        Ok(())
    }

    fn note_interruption(&self, id: i64, now: i64) -> Result<()> {
        let note = concat!("UPDATE job_runtime_job SET ", noted!("?2", "'interrupted'", "cancel"), " WHERE id = ?1");
        self.db.prepare_cached(note)?.execute([id, now])?;
        Ok(())
    }

    fn quarantine(&self, id: i64, deaths: u32) -> Result<()> {
        let park = "UPDATE job_runtime_job SET state = 'parked', parked = ?2, error = ?3, node = NULL, token = 0
            WHERE id = ?1";
        let error = format!("its process died under it {deaths} times");
        self.db.prepare_cached(park)?.execute(params![id, Parked::Quarantined.as_str(), error])?;
        Ok(())
    }

    /// A row waits again, alone if its process died under it more than once.
    fn let_wait(&self, id: i64) -> Result<()> {
        let wait = "UPDATE job_runtime_job SET state = 'waiting', node = NULL, token = 0,
            lane = CASE WHEN deaths > 1 THEN -1 ELSE priority END WHERE id = ?1";
        self.db.prepare_cached(wait)?.execute([id])?;
        Ok(())
    }

    pub(super) fn leave(&mut self, node: i64, now: i64) -> Result<()> {
        for orphan in self.orphans(node)? {
            if let Some(reason) = &orphan.cancel {
                self.note_interruption(orphan.id, now)?;
                self.cancel_waiting(orphan.id, reason, now)?;
                self.free_key(orphan.id, false)?;
                self.tell_ended(orphan.id)?;
            } else {
                let release =
                    "UPDATE job_runtime_job SET state = 'waiting', node = NULL, token = 0, attempt = attempt - 1
                    WHERE id = ?1";
                self.db.prepare_cached(release)?.execute([orphan.id])?;
                self.tell(Notice::Work(orphan.queue.into()));
            }
        }
        self.close(node)
    }

    /// A node is gone: whoever comes first lets in what waits there for another run to end.
    fn close(&mut self, node: i64) -> Result<()> {
        let strand = "
            UPDATE job_runtime_job SET node = NULL
            WHERE queue = '@cluster' AND finished_at IS NULL AND state = 'waiting' AND run_at IS NULL AND node = ?1
            RETURNING name";
        let mut strand = self.db.prepare_cached(strand)?;
        let mut rows = strand.query([node])?;
        while let Some(row) = rows.next()? {
            self.tell(Notice::Ended(row.get::<_, String>(0)?.into()));
        }
        let gone = "UPDATE job_runtime_node SET gone = 1 WHERE id = ?1";
        self.db.prepare_cached(gone)?.execute([node])?;
        Ok(())
    }

    pub(super) fn is_alive(&self, node: i64, now: i64) -> Result<bool> {
        let alive = "SELECT 1 FROM job_runtime_node WHERE id = ?1 AND NOT gone AND until >= ?2";
        self.db.prepare_cached(alive)?.exists([node, now])
    }
}

/// The names of the jobs that a node knows, as they are kept.
fn list(node: &Node) -> String {
    let names: Vec<&str> = node.jobs.iter().map(|name| &**name).collect();
    serde_json::json!(names).to_string()
}
