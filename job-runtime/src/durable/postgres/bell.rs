//! When it is told that there is work: at once, but not again and again, and the last time for sure.
//!
//! A notification takes a lock at its commit that all of a server's share. So those of one queue are told with what is
//! put in only when there was none for a while; what comes in that while is told at its end, by whoever listens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::Moment;

/// How long a queue is not told of again.
pub(super) const QUIET: Duration = Duration::from_millis(5);

/// A notification that is sent with what is put in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ring {
    /// The earliest time of what it tells besides.
    pub(super) owed: Option<i64>,
}

/// The bells of all queues.
#[derive(Default)]
pub(super) struct Bells {
    queues: Mutex<HashMap<Arc<str>, Bell>>,
    /// Somebody owes a notification.
    owed: Notify,
}

struct Bell {
    rung: Moment,
    /// The earliest time of what was put in since, unless it was told.
    owes: Option<i64>,
}

/// A notification that is owed from the moment on at which this is dropped, if it is: also when nobody waits for the
/// answer any more, and what it tells of may be there.
pub(super) struct Owing<'b> {
    pub(super) bells: &'b Bells,
    pub(super) queue: Arc<str>,
    pub(super) from: Option<i64>,
}

impl Drop for Owing<'_> {
    fn drop(&mut self) {
        if let Some(from) = self.from {
            self.bells.owe(&self.queue, from);
        }
    }
}

impl Bells {
    /// Whether to tell with what is put in now, and from when on, if something is owed: it is owed no more. Else it is to
    /// be [owed](Self::owe) when it is in.
    pub(super) fn ring(&self, queue: &Arc<str>, now: Moment) -> Option<Ring> {
        let mut queues = self.lock();
        let Some(bell) = queues.get_mut(queue) else {
            queues.insert(Arc::clone(queue), Bell { rung: now, owes: None });
            return Some(Ring { owed: None });
        };
        if now.since(bell.rung) < QUIET {
            return None;
        }
        bell.rung = now;
        Some(Ring { owed: bell.owes.take() })
    }

    /// Something was put in untold, whose earliest time is this. Who tells what is owed is woken by the first of it: when
    /// that is told, the rest is.
    pub(super) fn owe(&self, queue: &Arc<str>, from: i64) {
        let mut queues = self.lock();
        let Some(bell) = queues.get_mut(queue) else { return };
        let before = bell.owes.replace(bell.owes.map_or(from, |owed| owed.min(from)));
        drop(queues);
        if before.is_none() {
            self.owed.notify_one();
        }
    }

    /// What is owed and due at a moment, and when the next is. What is not told of it is owed again.
    pub(super) fn due(&self, now: Moment) -> (Vec<Owing<'_>>, Option<Moment>) {
        let (due, next) = self.after(now, QUIET);
        (due.into_iter().map(|(queue, from)| Owing { bells: self, queue, from: Some(from) }).collect(), next)
    }

    /// All that is owed, however short it has been quiet.
    pub(super) fn all(&self, now: Moment) -> Vec<(Arc<str>, i64)> {
        self.after(now, Duration::ZERO).0
    }

    /// What was owed, and is no more: the queues are rung.
    fn after(&self, now: Moment, quiet: Duration) -> (Vec<(Arc<str>, i64)>, Option<Moment>) {
        let mut due = Vec::new();
        let mut next = None::<Moment>;
        for (queue, bell) in &mut *self.lock() {
            let Some(from) = bell.owes else { continue };
            let at = bell.rung + quiet;
            if at <= now {
                due.push((Arc::clone(queue), from));
                (bell.owes, bell.rung) = (None, now);
            } else {
                next = Some(next.map_or(at, |next| next.min(at)));
            }
        }
        (due, next)
    }

    /// Waits until something is owed that was not before.
    pub(super) async fn owed(&self) {
        self.owed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Bell>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(millis: u64) -> Moment {
        Moment::NEVER - Duration::from_secs(1_000) + Duration::from_millis(millis)
    }

    /// What is due, and told.
    fn told(bells: &Bells, now: Moment) -> (Vec<(Arc<str>, i64)>, Option<Moment>) {
        let (due, next) = bells.due(now);
        let told = due.into_iter().filter_map(|mut due| Some((Arc::clone(&due.queue), due.from.take()?)));
        (told.collect(), next)
    }

    #[test]
    fn the_first_is_told_at_once_and_the_last_when_it_has_been_quiet() {
        let (bells, mail): (Bells, Arc<str>) = (Bells::default(), "mail".into());
        assert_eq!(bells.ring(&mail, moment(0)), Some(Ring { owed: None }));
        for (at, from) in [(1, 30), (2, 10), (3, 20)] {
            assert_eq!(bells.ring(&mail, moment(at)), None);
            bells.owe(&mail, from);
        }
        assert_eq!(told(&bells, moment(4)), (vec![], Some(moment(5))));
        assert_eq!(told(&bells, moment(5)), (vec![(Arc::clone(&mail), 10)], None));
        assert_eq!(told(&bells, moment(50)), (vec![], None), "it is told once");
        assert_eq!(bells.ring(&mail, moment(9)), None, "it was told at 5");
        assert_eq!(bells.ring(&mail, moment(10)), Some(Ring { owed: None }));
    }

    #[test]
    fn what_is_owed_is_told_with_the_next_that_rings() {
        let (bells, mail): (Bells, Arc<str>) = (Bells::default(), "mail".into());
        assert_eq!(bells.ring(&mail, moment(0)), Some(Ring { owed: None }));
        bells.owe(&mail, 30);
        assert_eq!(bells.ring(&mail, moment(6)), Some(Ring { owed: Some(30) }));
        assert_eq!(told(&bells, moment(50)), (vec![], None));
    }

    #[test]
    fn queues_are_told_of_apart() {
        let (bells, mail, post): (Bells, Arc<str>, Arc<str>) = (Bells::default(), "mail".into(), "post".into());
        assert!(bells.ring(&mail, moment(0)).is_some() && bells.ring(&post, moment(1)).is_some());
        assert!(bells.ring(&mail, moment(2)).is_none());
        bells.owe(&mail, 7);
        assert_eq!(bells.all(moment(3)), [(mail, 7)]);
    }

    #[test]
    fn what_could_not_be_told_is_owed_again() {
        let (bells, mail, post): (Bells, Arc<str>, Arc<str>) = (Bells::default(), "mail".into(), "post".into());
        for (queue, from) in [(&mail, 10), (&post, 20)] {
            assert!(bells.ring(queue, moment(0)).is_some());
            bells.owe(queue, from);
        }
        let (due, _) = bells.due(moment(5));
        assert_eq!(due.len(), 2);
        drop(due);
        let (mut again, _) = told(&bells, moment(10));
        again.sort();
        assert_eq!(again, [(mail, 10), (post, 20)]);
        assert_eq!(told(&bells, moment(50)), (vec![], None));
    }
}
