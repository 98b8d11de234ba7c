//! Jobs go in and out.

use std::sync::Arc;
use std::time::Duration;

use super::{Held, Pair};
use crate::durable::row::{Claim, Due, NewJob, NewJobs, Parked, Row};
use crate::durable::settle::{End, Settlement};
use crate::durable::store::Wish;
use crate::durable::tick::CLUSTER;
use crate::outcome::Outcome;
use crate::policy::unique::{OnConflict, UniqueFor};

pub(super) const QUEUES: [&str; 2] = ["mail", "sync"];
pub(super) const NAMES: [&str; 3] = ["welcome", "remind", "sync"];
const HOUR: Duration = Duration::from_secs(3_600);

impl Pair<'_> {
    pub(super) async fn insert(&mut self) {
        let jobs = self.new_jobs();
        let now = self.now;
        let both = self.ask(format!("insert {jobs:?}"), |store, _| {
            let jobs = jobs.clone();
            Box::pin(async move { store.insert(&jobs, now).await })
        });
        let both = both.await;
        for (one, other) in both[0].iter().zip(&both[1]).filter(|(one, other)| one.new && other.new) {
            self.shown.learn([one.id, other.id]);
        }
        self.same(&[0, 1].map(|side| self.shown.inserted(side, &both[side])));
    }

    fn new_jobs(&mut self) -> NewJobs {
        let draw = &mut self.draw;
        let (soon, later) = (self.now + Duration::from_secs(1), self.now - Duration::from_secs(1));
        let due = [Due::Now, Due::Now, Due::At(later), Due::After(HOUR), Due::After(Duration::ZERO), Due::At(soon)];
        // What is due soon is so only where time passes.
        let due = draw.one_of(&due[..if self.shown.time == super::Time::Given { 6 } else { 5 }]);
        let lasts = draw.one_of(&[UniqueFor::Unfinished, UniqueFor::Period(HOUR), UniqueFor::Unfinished]);
        let rule = draw.one_of(&[OnConflict::Skip, OnConflict::Replace, OnConflict::Debounce]);
        let unique = draw.once_in(2).then_some((lasts, rule));
        let jobs = (0..draw.below(4)).map(|_| NewJob {
            args: format!("[{}]", draw.below(1_000)),
            key: unique.map(|_| format!("key {}", draw.below(6))),
        });
        let jobs = jobs.collect();
        NewJobs {
            queue: draw.one_of(&QUEUES).into(),
            name: draw.one_of(&NAMES).into(),
            priority: draw.small(3),
            due,
            max_attempts: 1 + draw.small(3),
            unique,
            jobs,
        }
    }

    pub(super) async fn claim(&mut self) {
        let Some(wish) = self.wish() else { return };
        let now = self.now;
        let both = self.ask(format!("claim {wish:?}"), |store, _| {
            let wish = wish.clone();
            Box::pin(async move { store.claim(&wish, now).await })
        });
        let both = both.await;
        let rows = both.each_ref().map(|claimed| claimed.rows.clone());
        let texts = [0, 1].map(|side| {
            let next = both[side].next.map(|next| self.shown.moment(next));
            format!("{}\nnext {next:?}", self.shown.claimed(side, &rows[side]))
        });
        self.same(&texts);
        self.hold(wish.node, rows);
    }

    fn wish(&mut self) -> Option<Wish> {
        let node = self.some_node()?;
        let draw = &mut self.draw;
        let mut queues = draw.some_of(&QUEUES);
        if draw.once_in(3) {
            queues.push(CLUSTER);
        }
        let queues = queues.into_iter().map(|queue| (queue.into(), 1 + draw.small(4))).collect();
        let mut jobs: Vec<Arc<str>> = draw.some_of(&NAMES).into_iter().map(Arc::from).collect();
        jobs.extend(super::ticks::NAMES.map(Arc::from));
        let (token, solitary) = (draw.number(), !draw.once_in(3));
        Some(Wish { node, token, queues, jobs: jobs.into(), solitary })
    }

    /// Both gave these rows to a node.
    pub(super) fn hold(&mut self, node: i64, rows: [Vec<Row>; 2]) {
        let [one, other] = rows;
        for (one, other) in one.into_iter().zip(other) {
            self.claims.push(Held { rows: [one, other], node });
        }
        // Old ones are stale, of which a few are enough.
        let stale = self.claims.len().saturating_sub(30);
        self.claims.drain(..stale);
    }

    pub(super) async fn settle(&mut self) {
        let mut ends = Vec::new();
        for _ in 0..self.draw.below(5) {
            if !self.claims.is_empty() {
                let place = self.draw.below(self.claims.len());
                // Most are settled once, and some come again.
                let held = self.claims[place].clone();
                if !self.draw.once_in(5) {
                    self.claims.remove(place);
                }
                ends.push((held, self.end()));
            }
        }
        let now = self.now;
        let all = [0, 1].map(|side| ends.iter().map(|(held, end)| settlement(&held.rows[side], *end)).collect());
        let all: [Vec<Settlement>; 2] = all;
        let what: Vec<_> = all[0].iter().map(|one| (self.shown.id(0, one.claim.id), one.claim, one.end)).collect();
        let both = self.ask(format!("settle {what:?}"), |store, side| {
            let settlements = all[side].clone();
            Box::pin(async move { store.settle(&settlements, now).await })
        });
        let both = both.await;
        self.same(&both.map(|settled| format!("{settled:?}")));
    }

    fn end(&mut self) -> End {
        let delay = self.draw.one_of(&[Duration::ZERO, HOUR]);
        self.draw.one_of(&[
            End::Completed,
            End::Completed,
            End::Cancelled,
            End::Discarded,
            End::Retry(delay),
            End::Retry(delay),
            End::Snooze(delay),
            End::Released,
            End::Parked(Parked::Undecodable),
            End::Declined,
        ])
    }

    pub(super) async fn note_progress(&mut self) {
        if self.claims.is_empty() {
            return;
        }
        let (held, text) = (self.draw.one_of(&self.claims), format!("{} %", self.draw.below(100)));
        let what = format!("progress {} {text}", self.shown.id(0, held.claim(0).id));
        let both = self.ask(what, |store, side| {
            let progress: Vec<(Claim, String)> = vec![(held.claim(side), text.clone())];
            Box::pin(async move { store.note_progress(&progress).await })
        });
        let both = both.await;
        self.same(&both.map(|()| String::new()));
    }

    pub(super) async fn adopt(&mut self) {
        if self.claims.is_empty() {
            return;
        }
        let held = self.draw.one_of(&self.claims);
        let (node, token) = (held.node, held.claim(0).token);
        let both = self.ask(format!("adopt {node} {token}"), |store, _| store.adopt(node, token)).await;
        self.same(&[0, 1].map(|side| self.shown.claimed(side, &both[side])));
    }
}

fn settlement(row: &Row, end: End) -> Settlement {
    let outcome = match end {
        End::Completed | End::Snooze(_) => Outcome::Completed,
        End::Cancelled | End::Declined => Outcome::Cancelled,
        End::Released => Outcome::Interrupted,
        End::Discarded | End::Retry(_) | End::Parked(_) => Outcome::Failed,
    };
    let error = (row.claim.attempt > 1).then(|| Arc::from("it is \"closed\""));
    let (name, awaited) = (Arc::clone(&row.name), &*row.queue == CLUSTER);
    Settlement { claim: row.claim, end, outcome, error, keyed: row.keyed, name, awaited }
}
