//! A job is spawned: it starts, waits for a place or for its time, or is refused.

use std::sync::Arc;
use std::time::SystemTime;

use super::book::{Book, Deferred, Scheduled};
use crate::clock::Moment;
use crate::engine::supervisor::Core;
use crate::engine::timers::{Alarm, Topic};
use crate::job::{Job, Order, Phase, Run, Spawn, Spawned, When, closing};
use crate::outcome::SkipReason;

impl Deferred {
    /// Takes a run on, or refuses it.
    pub(super) fn take_on(&mut self, core: &mut Core, entry: u32, spawn: Spawn) -> Option<Spawned> {
        let Spawn { when, trigger, given, keep } = spawn;
        let job = Arc::clone(core.job(entry)?);
        let refused = lacking(core, &job);
        let (nominal, wall) = due(core, when);
        let later = nominal > core.now.moment;
        let slot = if later { self.scheduled.next() } else { u32::MAX };
        let book = self.book_mut(entry)?;
        core.ledger(entry, |ledger| ledger.due(1));
        let run = core.order(Order {
            job,
            trigger,
            scheduled_at: wall.unwrap_or_else(|| core.now.wall_at(nominal)),
            nominal,
            ready: nominal,
            args: None,
            cell: book.cell.clone(),
            given: Some(given),
            keep,
            entry,
            unit: slot,
        });
        let refused = refused.or_else(|| refusal(core, book, entry, later));
        if let Some(reason) = &refused {
            core.skip_because(&run, SkipReason::Refused, None, Arc::clone(reason));
        } else if later {
            self.schedule(core, Arc::clone(&run), wall);
        } else {
            self.offer(core, entry, Arc::clone(&run));
        }
        Some(Spawned { run, refused })
    }

    /// Keeps a run until its time.
    fn schedule(&mut self, core: &mut Core, run: Arc<Run>, wall: Option<SystemTime>) {
        run.set_phase(Phase::Scheduled);
        let (at, entry, stamp) = (run.nominal, run.entry, run.stamp());
        let slot = self.scheduled.insert(Scheduled { run, wall, at });
        if let Some(book) = self.book_mut(entry) {
            book.scheduled += 1;
        }
        if wall.is_some() {
            core.follow_wall(true);
        }
        core.arm(Alarm::new(at, Topic::Spawned, slot, stamp));
    }

    /// Takes a run out that waits for its time.
    pub(super) fn unschedule(&mut self, core: &mut Core, slot: u32) -> Option<Arc<Run>> {
        let Scheduled { run, wall, .. } = self.scheduled.remove(slot)?;
        if wall.is_some() {
            core.follow_wall(false);
        }
        if let Some(book) = self.book_mut(run.entry) {
            book.scheduled -= 1;
        }
        run.set_phase(Phase::Pending);
        Some(run)
    }

    /// The time of a run has come, unless the wall clock says that it has not.
    pub(super) fn come(&mut self, core: &mut Core, slot: u32) {
        let Some(scheduled) = self.scheduled.get_mut(slot) else { return };
        if scheduled.wall.is_some_and(|wall| wall > core.now.wall) {
            return self.rearm(core, slot);
        }
        if let Some(run) = self.unschedule(core, slot) {
            self.offer(core, run.entry, run);
        }
    }

    /// Arms a run anew whose time is one of the wall clock.
    pub(super) fn rearm(&mut self, core: &mut Core, slot: u32) {
        let Some(scheduled) = self.scheduled.get_mut(slot) else { return };
        let Some(wall) = scheduled.wall else { return };
        scheduled.at = core.now.moment_at(wall);
        core.arm(Alarm::new(scheduled.at, Topic::Spawned, slot, scheduled.run.stamp()));
    }

    /// A run that is due starts, or waits for its turn.
    fn offer(&mut self, core: &mut Core, entry: u32, run: Arc<Run>) {
        let Some(book) = self.book_mut(entry) else { return };
        if book.has_room(core, entry) && book.queue.is_empty() {
            book.active += 1;
            core.start(run);
        } else {
            book.queue.push_back(run);
        }
    }
}

/// When a run is due on the monotonic clock, and on the wall clock where that decides.
fn due(core: &Core, when: When) -> (Moment, Option<SystemTime>) {
    let now = core.now;
    match when {
        When::Now => (now.moment, None),
        When::After(delay) => (now.moment + delay, None),
        When::At(time) if time <= now.wall => (now.moment, None),
        When::At(time) => (now.moment_at(time), Some(time)),
    }
}

/// In tests by hand data is not looked at before it is needed.
fn lacking(core: &Core, job: &Job) -> Option<Arc<str>> {
    let missing = if core.manual { job.missing() } else { Vec::new() };
    (!missing.is_empty()).then(|| missing.join("; ").into())
}

/// Why a run is not taken on.
fn refusal(core: &Core, book: &Book, entry: u32, later: bool) -> Option<Arc<str>> {
    if core.is_closing() {
        return Some(closing().to_string().into());
    }
    if !later && book.queue.is_empty() && book.has_room(core, entry) {
        return None;
    }
    let most = core.job(entry)?.options.max_pending;
    let waiting = book.queue.len() + book.scheduled;
    let full = usize::try_from(most).is_ok_and(|most| waiting >= most);
    full.then(|| match waiting {
        0 => "it cannot start at once, and its `max_pending` lets none wait".into(),
        _ => format!("{waiting} runs of it wait already, as many as its `max_pending` allows").into(),
    })
}
