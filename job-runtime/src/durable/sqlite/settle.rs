//! How attempts ended, and how far they are, is written down.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Result, params};

use super::micros::length;
use super::row::spans;
use super::table::Table;
use crate::durable::row::Claim;
use crate::durable::settle::{End, Settlement};
use crate::durable::store::Notice;

/// The row of an attempt, as long as it is claimed so.
macro_rules! claimed {
    () => {
        " WHERE id = ?1 AND attempt = ?2 AND token = ?3"
    };
}

/// Notes the attempt that is on among those that did not end well: when it ended, how, and with what error. The names
/// of nodes are noted, since nodes are forgotten sooner than jobs.
macro_rules! noted {
    ($now:literal, $outcome:literal, $error:expr) => {
        concat!(
            "attempts = json_insert(coalesce(attempts, '[]'), '$[#]', json_object(
                'attempt', attempt, 'started_at', started_at, 'finished_at', ",
            $now,
            ", 'node', (SELECT node.name FROM job_runtime_node node WHERE node.id = job_runtime_job.node),
                'outcome', ",
            $outcome,
            ", 'error', ",
            $error,
            ", 'progress', progress)), progress = NULL"
        )
    };
}
pub(super) use noted;

impl Table<'_> {
    /// Writes down how attempts ended, one after another; which of them were still claimed so.
    pub(super) fn settle(&mut self, settlements: &[Settlement], now: i64) -> Result<Vec<bool>> {
        let is_well = |settlement: &Settlement| settlement.end == End::Completed;
        let mut settled = Vec::with_capacity(settlements.len());
        for alike in settlements.chunk_by(|one, other| is_well(one) == is_well(other)) {
            if alike.first().is_some_and(is_well) {
                settled.extend(self.settle_completed(alike, now)?);
            } else {
                for settlement in alike {
                    settled.push(self.settle_one(settlement, now)?);
                }
            }
        }
        Ok(settled)
    }

    fn settle_one(&mut self, settlement: &Settlement, now: i64) -> Result<bool> {
        let stopped = settlement.end.is_repeated() && self.settle_stopped(settlement, now)?;
        let settled = stopped || self.settle_as(settlement, now)?;
        if settled {
            let end = if stopped { End::Cancelled } else { settlement.end };
            self.settled(settlement, end)?;
        }
        Ok(settled)
    }

    /// What else there is to do when it is written down.
    fn settled(&mut self, settlement: &Settlement, end: End) -> Result<()> {
        if settlement.keyed && !end.is_repeated() && !matches!(end, End::Parked(_)) {
            self.free_key(settlement.claim.id, end == End::Completed)?;
        }
        if settlement.awaited {
            self.tell(Notice::Ended(settlement.name.clone()));
        }
        Ok(())
    }

    fn settle_completed(&mut self, settlements: &[Settlement], now: i64) -> Result<Vec<bool>> {
        let mut settled = vec![true; settlements.len()];
        if settlements.len() == 1 || !self.complete_all(settlements, now)? {
            for (settled, settlement) in settled.iter_mut().zip(settlements) {
                *settled = self.complete(settlement.claim, now)?;
            }
        }
        for (settlement, _) in settlements.iter().zip(&settled).filter(|(_, settled)| **settled) {
            self.settled(settlement, End::Completed)?;
        }
        Ok(settled)
    }

    /// Most attempts end well, and are still claimed. Where one is not, or comes twice, nothing is done.
    fn complete_all(&self, settlements: &[Settlement], now: i64) -> Result<bool> {
        let mut together: HashMap<(i64, u32), Vec<i64>> = HashMap::new();
        for Claim { id, attempt, token } in settlements.iter().map(|settlement| settlement.claim) {
            together.entry((token, attempt)).or_default().push(id);
        }
        let complete = "
            UPDATE job_runtime_job SET state = 'completed', finished_at = ?5, token = 0, error = NULL, cancel = NULL
            WHERE id BETWEEN ?1 AND ?2 AND attempt = ?3 AND token = ?4";
        let mut complete = self.db.prepare_cached(complete)?;
        self.db.prepare_cached("SAVEPOINT complete")?.execute([])?;
        let mut completed = 0;
        for ((token, attempt), ids) in together {
            for (first, last) in spans(ids) {
                completed += complete.execute(params![first, last, attempt, token, now])?;
            }
        }
        let all = completed == settlements.len();
        if !all {
            self.db.prepare_cached("ROLLBACK TO complete")?.execute([])?;
        }
        self.db.prepare_cached("RELEASE complete")?.execute([])?;
        Ok(all)
    }

    fn complete(&self, Claim { id, attempt, token }: Claim, now: i64) -> Result<bool> {
        let complete = concat!(
            "UPDATE job_runtime_job SET state = 'completed', finished_at = ?4, token = 0, error = NULL, cancel = NULL",
            claimed!()
        );
        Ok(self.db.prepare_cached(complete)?.execute(params![id, attempt, token, now])? > 0)
    }

    /// What somebody wanted stopped is not tried again.
    fn settle_stopped(&self, settlement: &Settlement, now: i64) -> Result<bool> {
        let Settlement { claim: Claim { id, attempt, token }, outcome, .. } = settlement;
        let cancelled = concat!(
            "UPDATE job_runtime_job SET state = 'cancelled', finished_at = ?4, token = 0, error = cancel, cancel = NULL, ",
            noted!("?4", "?5", "cancel"),
            claimed!(),
            " AND cancel IS NOT NULL"
        );
        let values = params![id, attempt, token, now, outcome.as_str()];
        Ok(self.db.prepare_cached(cancelled)?.execute(values)? > 0)
    }

    fn settle_as(&mut self, settlement: &Settlement, now: i64) -> Result<bool> {
        match settlement.end {
            End::Completed => self.complete(settlement.claim, now),
            End::Cancelled => self.settle_over(settlement, "cancelled", now),
            End::Discarded => self.settle_over(settlement, "discarded", now),
            End::Retry(delay) => self.settle_retry(settlement, now.saturating_add(length(delay)), now),
            End::Snooze(delay) => self.settle_snooze(settlement.claim, now.saturating_add(length(delay))),
            End::Released => self.settle_released(settlement.claim),
            End::Parked(why) => self.settle_parked(settlement, why.as_str()),
            End::Declined => {
                let declined = concat!("DELETE FROM job_runtime_job", claimed!());
                let Claim { id, attempt, token } = settlement.claim;
                Ok(self.db.prepare_cached(declined)?.execute(params![id, attempt, token])? > 0)
            }
        }
    }

    fn settle_over(&self, settlement: &Settlement, state: &str, now: i64) -> Result<bool> {
        let Settlement { claim: Claim { id, attempt, token }, outcome, .. } = settlement;
        let over = concat!(
            "UPDATE job_runtime_job SET state = ?6, finished_at = ?4, token = 0, error = ?7, cancel = NULL, ",
            noted!("?4", "?5", "?7"),
            claimed!()
        );
        let values = params![id, attempt, token, now, outcome.as_str(), state, text_of(settlement)];
        Ok(self.db.prepare_cached(over)?.execute(values)? > 0)
    }

    fn settle_retry(&mut self, settlement: &Settlement, run_at: i64, now: i64) -> Result<bool> {
        let Settlement { claim: Claim { id, attempt, token }, outcome, .. } = settlement;
        let retry = concat!(
            "UPDATE job_runtime_job SET state = 'waiting', run_at = ?6, node = NULL, token = 0, error = ?7,
                lane = priority, ",
            noted!("?4", "?5", "?7"),
            claimed!(),
            " RETURNING queue"
        );
        let values = params![id, attempt, token, now, outcome.as_str(), run_at, text_of(settlement)];
        self.waits_again(retry, values)
    }

    fn settle_snooze(&mut self, Claim { id, attempt, token }: Claim, run_at: i64) -> Result<bool> {
        let snooze = concat!(
            "UPDATE job_runtime_job SET state = 'waiting', run_at = ?4, node = NULL, token = 0, attempt = attempt - 1,
                lane = priority",
            claimed!(),
            " RETURNING queue"
        );
        self.waits_again(snooze, params![id, attempt, token, run_at])
    }

    fn settle_released(&mut self, Claim { id, attempt, token }: Claim) -> Result<bool> {
        let released = concat!(
            "UPDATE job_runtime_job SET state = 'waiting', node = NULL, token = 0, attempt = attempt - 1",
            claimed!(),
            " RETURNING queue"
        );
        self.waits_again(released, params![id, attempt, token])
    }

    fn settle_parked(&self, settlement: &Settlement, why: &str) -> Result<bool> {
        let Claim { id, attempt, token } = settlement.claim;
        let parked = concat!(
            "UPDATE job_runtime_job SET state = 'parked', parked = ?4, error = ?5, node = NULL, token = 0, cancel = NULL,
                attempt = attempt - 1",
            claimed!()
        );
        let values = params![id, attempt, token, why, text_of(settlement)];
        Ok(self.db.prepare_cached(parked)?.execute(values)? > 0)
    }

    fn waits_again(&mut self, update: &str, values: &[&dyn rusqlite::ToSql]) -> Result<bool> {
        let queue: Option<String> = self.db.prepare_cached(update)?.query_row(values, |row| row.get(0)).optional()?;
        let waits = queue.is_some();
        if let Some(queue) = queue {
            self.tell(Notice::Work(queue.into()));
        }
        Ok(waits)
    }

    pub(super) fn note_progress(&self, progress: &[(Claim, String)]) -> Result<()> {
        let note = concat!("UPDATE job_runtime_job SET progress = ?4", claimed!());
        let mut note = self.db.prepare_cached(note)?;
        for (Claim { id, attempt, token }, text) in progress {
            note.execute(params![id, attempt, token, text])?;
        }
        Ok(())
    }
}

/// What a row shows for its error.
fn text_of(settlement: &Settlement) -> &str {
    settlement.error.as_deref().unwrap_or(settlement.outcome.as_str())
}
