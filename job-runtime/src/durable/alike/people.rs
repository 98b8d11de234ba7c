//! People look, and act.

use std::time::Duration;

use super::Pair;
use super::rows::{NAMES, QUEUES};
use crate::durable::shown::Filter;
use crate::durable::store::{Retention, Subject};
use crate::durable::tick::CLUSTER;
use crate::outcome::JobState;

const STATES: [JobState; 8] = [
    JobState::Available,
    JobState::Scheduled,
    JobState::Running,
    JobState::Retryable,
    JobState::Completed,
    JobState::Cancelled,
    JobState::Discarded,
    JobState::Parked,
];

impl Pair<'_> {
    /// A row that is there, or was.
    fn some_row(&mut self) -> Option<[i64; 2]> {
        let ids = self.shown.ids();
        let newest = ids.len().min(40);
        if newest == 0 { None } else { Some(ids[ids.len() - 1 - self.draw.below(newest)]) }
    }

    pub(super) async fn cancel(&mut self) {
        let (Some(row), now) = (self.some_row(), self.now) else { return };
        let what = format!("cancel {}", self.shown.id(0, row[0]));
        let both = self.ask(what, |store, side| store.cancel(row[side], "it is not wanted", now)).await;
        self.same(&both.map(|cancelled| format!("{cancelled:?}")));
    }

    pub(super) async fn retry(&mut self) {
        let (Some(row), now) = (self.some_row(), self.now) else { return };
        let what = format!("retry {}", self.shown.id(0, row[0]));
        let both = self.ask(what, |store, side| store.retry(row[side], now)).await;
        self.same(&both.map(|retried| retried.to_string()));
    }

    pub(super) async fn delete(&mut self) {
        let Some(row) = self.some_row() else { return };
        let what = format!("delete {}", self.shown.id(0, row[0]));
        let both = self.ask(what, |store, side| store.delete(row[side])).await;
        self.same(&both.map(|deleted| deleted.to_string()));
    }

    pub(super) async fn pause(&mut self) {
        let (what, names) = self.draw.one_of(&[(Subject::Queue, &QUEUES[..]), (Subject::Job, &NAMES[..])]);
        let (name, reason) = (self.draw.one_of(names), self.draw.one_of(&[None, None, Some("for now")]));
        let now = self.now;
        let both = self.ask(format!("pause {what:?} {name} {reason:?}"), |store, _| {
            Box::pin(async move {
                store.pause(what, name, reason, now).await?;
                store.pauses().await
            })
        });
        let both = both.await;
        self.same(&both.map(|pauses| format!("{pauses:?}")));
    }

    pub(super) async fn tidy(&mut self) {
        let kept = [Some(Duration::ZERO), Some(Duration::from_secs(3_600)), None];
        let keep = Retention { completed: self.draw.one_of(&kept), discarded: self.draw.one_of(&kept) };
        let queues: Vec<_> = self.draw.some_of(&QUEUES).into_iter().map(Into::into).collect();
        let now = self.now;
        let both = self.ask(format!("tidy {queues:?} {keep:?}"), |store, _| {
            let queues = queues.clone();
            Box::pin(async move { store.tidy(&queues, keep, now).await })
        });
        let both = both.await;
        self.same(&[0, 1].map(|side| {
            let parked = both[side].parked.iter().map(|(id, name)| (self.shown.id(side, *id), name));
            format!("{} {:?}", both[side].pruned, parked.collect::<Vec<_>>())
        }));
    }

    pub(super) async fn look(&mut self) {
        let now = self.now;
        let (queue, filter) = (self.draw.one_of(&[QUEUES[0], QUEUES[1], CLUSTER]), self.filter());
        let before = filter.before.and_then(|place| self.shown.ids().get(usize::try_from(place).ok()?).copied());
        let both = self.ask(format!("look {queue} {filter:?}"), |store, side| {
            let filter = Filter { before: before.map(|ids| ids[side]), ..filter.clone() };
            Box::pin(async move { Ok((store.census(queue, now).await?, store.rows(&filter, now).await?)) })
        });
        let both = both.await;
        let given = self.is_given();
        self.same(&[0, 1].map(|side| {
            let (mut census, rows) = both[side].clone();
            census.oldest = census.oldest.filter(|_| given);
            format!("{census:?}\n{}", self.shown.rows(side, &rows))
        }));
    }

    /// What is looked for; the row that it ends before by its place.
    fn filter(&mut self) -> Filter {
        let draw = &mut self.draw;
        Filter {
            queue: draw.once_in(2).then(|| draw.one_of(&QUEUES).to_owned()),
            name: draw.once_in(2).then(|| draw.one_of(&NAMES).to_owned()),
            state: draw.once_in(2).then(|| draw.one_of(&STATES)),
            before: draw.once_in(2).then(|| i64::from(draw.small(50))),
            limit: draw.small(10),
        }
    }
}
