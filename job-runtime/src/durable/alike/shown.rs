//! Answers as texts that are the same for two stores: rows by the order in which they became known, times only where they
//! are given.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::SystemTime;

use super::Time;
use crate::durable::row::Row;
use crate::durable::shown::JobRow;
use crate::durable::store::{Inserted, Notice};
use crate::durable::tick::{Admission, Advance, Enrolled, Ticked};

/// What rows are called.
pub(super) struct Shown {
    pub(super) time: Time,
    /// The numbers of each row in the two stores.
    ids: Vec<[i64; 2]>,
    places: [HashMap<i64, usize>; 2],
}

impl Shown {
    pub(super) fn new(time: Time) -> Self {
        Self { time, ids: Vec::new(), places: Default::default() }
    }

    /// A row that both gave; it may be known.
    pub(super) fn learn(&mut self, ids: [i64; 2]) {
        if self.places[0].contains_key(&ids[0]) || self.places[1].contains_key(&ids[1]) {
            return;
        }
        for (side, id) in ids.into_iter().enumerate() {
            self.places[side].insert(id, self.ids.len());
        }
        self.ids.push(ids);
    }

    /// All rows there were.
    pub(super) fn ids(&self) -> &[[i64; 2]] {
        &self.ids
    }

    pub(super) fn id(&self, side: usize, id: i64) -> String {
        self.places[side].get(&id).map_or_else(|| format!("unknown row {id}"), |place| format!("#{place}"))
    }

    pub(super) fn moment(&self, time: SystemTime) -> String {
        match self.time {
            Time::Own => "then".to_owned(),
            Time::Given => time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_micros()).to_string(),
        }
    }

    fn maybe(&self, time: Option<SystemTime>) -> String {
        time.map_or_else(|| "never".to_owned(), |time| self.moment(time))
    }

    pub(super) fn notice(&self, side: usize, notice: &Notice) -> String {
        match notice {
            Notice::Cancel(id) => format!("cancel {}", self.id(side, *id)),
            Notice::Work(_) | Notice::Ended(_) | Notice::Paused => format!("{notice:?}"),
        }
    }

    pub(super) fn inserted(&self, side: usize, inserted: &[Inserted]) -> String {
        let one = |Inserted { id, new }: &Inserted| format!("{} {new}", self.id(side, *id));
        inserted.iter().map(one).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn row(&self, side: usize, row: &Row) -> String {
        let Row { claim, name, queue, args, scheduled_at, run_at, .. } = row;
        let (scheduled_at, run_at) = (self.moment(*scheduled_at), self.moment(*run_at));
        let id = self.id(side, claim.id);
        let Row { max_attempts, starts, deaths, trigger, keyed, asking, .. } = row;
        format!(
            "{id} attempt {} of {max_attempts} token {} {name} in {queue} {args} at {scheduled_at} now {run_at} starts \
             {starts} deaths {deaths} {trigger} keyed {keyed} asking {asking}",
            claim.attempt, claim.token
        )
    }

    pub(super) fn claimed(&self, side: usize, rows: &[Row]) -> String {
        rows.iter().map(|row| self.row(side, row)).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn rows(&self, side: usize, rows: &[JobRow]) -> String {
        rows.iter().map(|row| self.job_row(side, row)).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn job_row(&self, side: usize, row: &JobRow) -> String {
        let JobRow { id, name, queue, args, state, priority, attempt, max_attempts, .. } = row;
        let JobRow { node, deaths, parked, error, .. } = row;
        let id = self.id(side, id.row().unwrap_or_default());
        let times = [row.enqueued_at, row.scheduled_at, row.run_at].map(|time| self.moment(time));
        let mut text = format!(
            "{id} {state} {name} in {queue} {args} priority {priority} attempt {attempt} of {max_attempts} {times:?} \
             finished {} {node:?} deaths {deaths} {parked:?} {error:?}",
            self.maybe(row.finished_at)
        );
        for ended in &row.attempts {
            let (from, to) = (self.moment(ended.started_at), self.maybe(ended.finished_at));
            let (attempt, node, outcome) = (ended.attempt, &ended.node, ended.outcome);
            let (error, progress) = (&ended.error, &ended.progress);
            let _ = write!(text, "\n    {attempt} {from} {to} {node:?} {outcome:?} {error:?} {progress:?}");
        }
        text
    }

    pub(super) fn enrolled(&self, Enrolled { last, in_force }: &Enrolled) -> String {
        format!("{} {in_force}", self.moment(*last))
    }

    pub(super) fn admission(&self, side: usize, admission: &Admission) -> String {
        match admission {
            Admission::Start(row) => format!("start {}", self.row(side, row)),
            Admission::Wait(id) => format!("wait {}", self.id(side, *id)),
            Admission::Skip(reason, id) => format!("skip {reason} {:?}", id.map(|id| self.id(side, id))),
            Admission::Stop { row, stopping, replaced } => {
                let stopping: Vec<_> = stopping.iter().map(|id| self.id(side, *id)).collect();
                let replaced = replaced.map(|id| self.id(side, id));
                format!("stop {} {stopping:?} {replaced:?}", self.id(side, *row))
            }
        }
    }

    pub(super) fn ticked(&self, side: usize, ticked: &Ticked) -> String {
        match ticked {
            Ticked::Won(admissions) => {
                admissions.iter().map(|admission| self.admission(side, admission)).collect::<Vec<_>>().join("\n")
            }
            Ticked::Paused => "paused".to_owned(),
            Ticked::Lost(enrolled) => format!("lost {}", self.enrolled(enrolled)),
        }
    }

    pub(super) fn advance(&self, side: usize, advance: &Advance) -> String {
        match advance {
            Advance::Start(row) => format!("start {}", self.row(side, row)),
            Advance::Gone(id, reason) => format!("gone {} {reason}", self.id(side, *id)),
        }
    }
}
