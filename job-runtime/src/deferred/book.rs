//! All jobs on demand of a runtime: what runs of each, what waits, and what of it is next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use crate::clock::Moment;
use crate::engine::slots::Slots;
use crate::engine::supervisor::{Conclusion, Core, Owner, Stop};
use crate::engine::timers::{Alarm, Topic};
use crate::error::{Error, Result};
use crate::job::{Cell, Job, JobInfo, Keep, Key, Message, Run, Spawn, Spawned, Unknown, When};
use crate::outcome::{Kind, MissReason, SkipReason, Trigger};

/// How many coming times are shown.
const SHOWN: usize = 5;

/// All jobs on demand of a runtime.
pub(crate) struct Deferred {
    /// By the numbers of the jobs.
    books: Vec<Option<Book>>,
    /// Runs that wait for their time.
    pub(super) scheduled: Slots<Scheduled>,
}

/// What there is of one job.
pub(super) struct Book {
    /// Runs that are on.
    pub(super) active: u32,
    /// Runs that are due and wait for a place, in their order.
    pub(super) queue: VecDeque<Arc<Run>>,
    /// How many of its runs wait for their time.
    pub(super) scheduled: usize,
    pub(super) cell: Option<Arc<Cell>>,
    /// How many may be on at once.
    most: u32,
}

/// A run that waits for its time.
pub(super) struct Scheduled {
    pub(super) run: Arc<Run>,
    /// The time, where the wall clock decides.
    pub(super) wall: Option<SystemTime>,
    /// When its alarm is.
    pub(super) at: Moment,
}

impl Book {
    /// Whether one more may start.
    pub(super) fn has_room(&self, core: &Core, entry: u32) -> bool {
        self.active < self.most && !core.is_halted(entry) && !core.is_paused(entry)
    }
}

impl Deferred {
    pub(crate) fn new() -> Self {
        Self { books: Vec::new(), scheduled: Slots::new() }
    }

    fn book(&self, entry: u32) -> Option<&Book> {
        self.books.get(usize::try_from(entry).ok()?)?.as_ref()
    }

    pub(super) fn book_mut(&mut self, entry: u32) -> Option<&mut Book> {
        self.books.get_mut(usize::try_from(entry).ok()?)?.as_mut()
    }

    /// Starts what waits, as long as there is room.
    fn start_waiting(&mut self, core: &mut Core, entry: u32) {
        let Some(book) = self.book_mut(entry) else { return };
        while !book.queue.is_empty() && book.has_room(core, entry) {
            if let Some(run) = book.queue.pop_front() {
                book.active += 1;
                core.start(run);
            }
        }
    }

    /// Takes everything out that has not started, of one job or of all.
    fn take_waiting(&mut self, core: &mut Core, of: Option<u32>) -> Vec<Arc<Run>> {
        let is_meant = |entry: u32| of.is_none_or(|of| of == entry);
        let books = (0..).zip(&mut self.books).filter(|(entry, _)| is_meant(*entry));
        let mut waiting: Vec<_> =
            books.filter_map(|(_, book)| book.as_mut()).flat_map(|book| book.queue.drain(..)).collect();
        let scheduled = self.scheduled.iter().filter(|(_, scheduled)| is_meant(scheduled.run.entry));
        let slots: Vec<u32> = scheduled.map(|(slot, _)| slot).collect();
        for slot in slots {
            core.disarm();
            waiting.extend(self.unschedule(core, slot));
        }
        waiting
    }

    /// Lets the book of a removed job go, once its last run has ended.
    fn close_book(&mut self, core: &mut Core, entry: u32) {
        if core.is_removed(entry) && self.book(entry).is_some_and(|book| book.active == 0) {
            if let Some(place) = usize::try_from(entry).ok().and_then(|entry| self.books.get_mut(entry)) {
                core.discard(place.take().and_then(|book| book.cell));
            }
            core.unit_gone(entry);
        }
    }
}

fn stop_all(core: &mut Core, entry: u32, why: &str) {
    let why: Arc<str> = why.into();
    for slot in core.runs_of_job(entry) {
        core.request_stop(slot, Stop::Cancelled(Arc::clone(&why)));
    }
}

impl Owner for Deferred {
    fn owns(&self, job: &Job) -> bool {
        job.kind == Kind::Job && !job.is_stored()
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Spawned]
    }

    fn admit(&mut self, core: &mut Core, entry: u32) {
        let Some(job) = core.job(entry) else { return };
        let serial = job.state.is_some();
        let book = Book {
            active: 0,
            queue: VecDeque::new(),
            scheduled: 0,
            cell: serial.then(|| Arc::new(Cell::new())),
            most: if serial { 1 } else { job.options.max_running.unwrap_or(u32::MAX) },
        };
        let index = usize::try_from(entry).unwrap_or(usize::MAX);
        if self.books.len() <= index {
            self.books.resize_with(index + 1, || None);
        }
        if let Some(place) = self.books.get_mut(index) {
            *place = Some(book);
        }
        core.unit_added(entry);
    }

    fn begin(&mut self, core: &mut Core, entry: u32, _trigger: Trigger) {
        self.start_waiting(core, entry);
    }

    fn halt(&mut self, core: &mut Core, entry: u32) {
        stop_all(core, entry, "stopped, because its group is restarted");
    }

    fn remove(&mut self, core: &mut Core, entry: u32) {
        core.unname(entry);
        for run in self.take_waiting(core, Some(entry)) {
            core.skip(&run, SkipReason::Cancelled, None);
        }
        stop_all(core, entry, "its job was removed");
        self.close_book(core, entry);
    }

    fn on_resume(&mut self, core: &mut Core, entry: u32) {
        self.start_waiting(core, entry);
    }

    fn request(&mut self, core: &mut Core, entry: u32, handle: bool) -> Result<Vec<Arc<Run>>> {
        let Some(job) = core.job(entry) else { return Ok(Vec::new()) };
        if !job.message.as_ref().is_some_and(Message::is_nothing) {
            let name = &job.name;
            return Err(Error::configuration(format!("job `{name}` takes arguments: spawn it with them")));
        }
        let keep = if handle { Keep::Output } else { Keep::Nothing };
        let spawn = Spawn { when: When::Now, trigger: Trigger::Manual, given: Box::new(()), keep };
        match self.take_on(core, entry, spawn) {
            Some(Spawned { refused: Some(reason), .. }) => Err(Error::refused(&*reason)),
            spawned => Ok(spawned.into_iter().map(|spawned| spawned.run).collect()),
        }
    }

    fn accept(&mut self, core: &mut Core, entry: u32, spawn: Spawn) -> Option<Spawned> {
        self.take_on(core, entry, spawn)
    }

    fn next(&self, _core: &Core, entry: u32, count: usize) -> Vec<SystemTime> {
        let of = self.scheduled.iter().filter(|(_, scheduled)| scheduled.run.entry == entry);
        let mut next: Vec<_> = of.map(|(_, scheduled)| scheduled.run.scheduled_at).collect();
        next.sort();
        next.truncate(count);
        next
    }

    fn describe(&self, core: &Core, entry: u32, info: &mut JobInfo) {
        let Some(job) = core.job(entry) else { return };
        info.policies = job.options.policies(job.state.is_some(), None);
        info.next = self.next(core, entry, SHOWN);
    }

    fn undecided(&self, entry: u32) -> u64 {
        let waiting = self.book(entry).map_or(0, |book| book.queue.len() + book.scheduled);
        u64::try_from(waiting).unwrap_or(u64::MAX)
    }

    fn cell(&self, entry: u32, _key: Option<&Key>) -> Result<Option<Arc<Cell>>, Unknown> {
        Ok(self.book(entry).and_then(|book| book.cell.clone()))
    }

    fn on_alarm(&mut self, core: &mut Core, alarm: Alarm) {
        if self.is_live(&alarm) {
            self.come(core, alarm.slot());
        }
    }

    fn is_live(&self, alarm: &Alarm) -> bool {
        let scheduled = self.scheduled.get(alarm.slot());
        scheduled.is_some_and(|scheduled| scheduled.run.stamp() == alarm.stamp && scheduled.at == alarm.at)
    }

    fn on_end(&mut self, core: &mut Core, run: &Arc<Run>, _end: Conclusion) {
        if let Some(book) = self.book_mut(run.entry) {
            book.active -= 1;
        }
        self.start_waiting(core, run.entry);
        self.close_book(core, run.entry);
    }

    fn on_cancel(&mut self, core: &mut Core, run: &Arc<Run>, reason: &str) {
        let scheduled = self.scheduled.get(run.unit).is_some_and(|scheduled| Arc::ptr_eq(&scheduled.run, run));
        let Some(book) = self.book_mut(run.entry) else { return };
        let place = book.queue.iter().position(|queued| Arc::ptr_eq(queued, run));
        if let Some(place) = place {
            book.queue.remove(place);
        } else if scheduled {
            core.disarm();
            self.unschedule(core, run.unit);
        } else {
            return;
        }
        core.skip_because(run, SkipReason::Cancelled, None, reason.into());
    }

    fn on_step(&mut self, core: &mut Core, _reason: MissReason) {
        for slot in self.scheduled.keys() {
            if self.scheduled.get(slot).is_some_and(|scheduled| scheduled.wall.is_some()) {
                core.disarm();
                self.rearm(core, slot);
            }
        }
    }

    fn on_drain(&mut self, core: &mut Core) {
        for run in self.take_waiting(core, None) {
            core.miss(&run, MissReason::Shutdown);
        }
    }
}
