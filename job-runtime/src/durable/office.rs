//! Where the kind, which decides under the engine's lock, and its tasks, which wait for the store, leave things for each
//! other. Nothing here waits, and the engine's lock is never asked for under the one here.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;

use super::row::{Claim, Row};
use super::settings::Settings;
use super::settle::Settlement;
use super::store::{Fault, Node, Notice, Pause, Store, Subject};
use super::tick::{CLUSTER, in_store};
use crate::clock::{Clock, Moment, earlier, later};
use crate::engine::driver::Engine;
use crate::event::EventKind;
use crate::job::{Home, Job};
use crate::outcome::RunId;

/// How many rows are taken at once at most, and how many ends are written down at once.
pub(super) const BATCH: u32 = 1_000;

/// After how long a way back the time in an answer says nothing about the time now.
const DOUBT: Duration = Duration::from_secs(1);

/// Where the kind and its tasks meet.
pub(crate) struct Office {
    pub(super) store: Arc<dyn Store>,
    pub(super) settings: Settings,
    /// What this machine is called.
    pub(super) host: Box<str>,
    engine: OnceLock<Weak<Engine>>,
    home: Arc<Home>,
    node: Mutex<Node>,
    pub(super) desk: Mutex<Desk>,
    /// How far the store's clock is ahead of ours, in nanoseconds.
    ahead: AtomicI64,
    pub(super) closing: AtomicBool,
    leaving: AtomicBool,
    ended: AtomicBool,
    /// In tests by hand: nothing is fetched but what is asked for.
    by_hand: AtomicBool,
    /// How many tasks may still claim something.
    pub(super) claimants: AtomicUsize,
    /// Wakes who fetches work, who writes down ends, who decides ticks, and who keeps the lease.
    pub(super) fetch: Notify,
    pub(super) settle: Notify,
    pub(super) decide: Notify,
    pub(super) keep: Notify,
    shut: Notify,
    /// Tells that ends were written down.
    pub(super) written: Notify,
}

/// What lies there.
#[derive(Default)]
pub(super) struct Desk {
    /// The jobs that this process has, and whether it works on them now.
    pub(super) jobs: HashMap<Arc<str>, (Arc<Job>, bool)>,
    /// The names of those it works on, as they go to the store; `None` when they have changed.
    names: Option<Arc<[Arc<str>]>>,
    pub(super) queues: Vec<Queue>,
    /// Runs whose guards said yes, for which the store is to be asked.
    pub(super) admissions: Vec<(Claim, Arc<str>)>,
    /// Ends to be written down, and how far attempts are.
    pub(super) settlements: Vec<Settlement>,
    /// How many of them are being written down.
    pub(super) writing: usize,
    pub(super) progress: HashMap<i64, (Claim, String)>,
    /// Claimed rows whose end is not handed over yet.
    pub(super) claimed: usize,
    /// Whether a row that has to run alone is among them.
    pub(super) solitary: bool,
    pub(super) paused: Vec<Pause>,
    /// Rows that are to be cancelled in the store, and why.
    pub(super) to_cancel: Vec<(i64, String)>,
    /// Recurring jobs that have failed too often, which are to be paused for all nodes, and why.
    pub(super) to_pause: Vec<(u32, Arc<str>, Arc<str>)>,
    /// Since when the store gives nothing.
    lost: Option<Moment>,
    /// When it gave something again, by its clock.
    back: Option<SystemTime>,
}

/// A queue that this process works on.
pub(super) struct Queue {
    pub(super) name: Arc<str>,
    pub(super) most: u32,
    pub(super) on: u32,
}

impl Office {
    pub(crate) fn new(store: Arc<dyn Store>, settings: Settings, home: Arc<Home>, host: &str) -> Arc<Self> {
        let name = format!("{host}:{}", std::process::id());
        let node =
            Node { id: Self::draw(), name: name.into(), lease: settings.lease, jobs: Vec::new(), queues: Vec::new() };
        let office = Arc::new(Self {
            store,
            settings,
            host: host.into(),
            engine: OnceLock::new(),
            home,
            node: Mutex::new(node),
            desk: Mutex::default(),
            ahead: AtomicI64::new(0),
            closing: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            by_hand: AtomicBool::new(false),
            claimants: AtomicUsize::new(0),
            shut: Notify::new(),
            written: Notify::new(),
            fetch: Notify::new(),
            settle: Notify::new(),
            decide: Notify::new(),
            keep: Notify::new(),
        });
        let listener = Arc::downgrade(&office);
        office.store.tell(Arc::new(move |notice| {
            if let Some(office) = listener.upgrade() {
                office.hear(notice);
            }
        }));
        office
    }

    pub(crate) fn attach(&self, engine: &Arc<Engine>) {
        let _ = self.engine.set(Arc::downgrade(engine));
        self.by_hand.store(engine.with_core(|core| core.manual), Ordering::Release);
    }

    pub(super) fn is_by_hand(&self) -> bool {
        self.by_hand.load(Ordering::Acquire)
    }

    /// The engine, as long as it is there.
    pub(super) fn engine(&self) -> Option<Arc<Engine>> {
        self.engine.get()?.upgrade()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.home.clock
    }

    /// Something changed in the store.
    fn hear(&self, notice: Notice) {
        match notice {
            Notice::Work(queue) => {
                // Who only puts jobs in has nothing to fetch.
                let ours = self.desk().queues.iter().any(|ours| ours.name == queue && ours.most > 0);
                if ours {
                    self.fetch.notify_one();
                }
            }
            Notice::Cancel(_) | Notice::Paused => self.keep.notify_one(),
            Notice::Ended(_) => self.decide.notify_one(),
        }
    }

    // ---- who we are

    pub(super) fn node(&self) -> Node {
        self.node.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn node_id(&self) -> i64 {
        self.node.lock().unwrap_or_else(PoisonError::into_inner).id
    }

    /// Another identity, after the lease of the one before was over; and what it can run now.
    pub(super) fn renew(&self, id: i64) -> Node {
        let (jobs, queues) = {
            let desk = self.desk();
            (desk.jobs.keys().cloned().collect(), desk.queues.iter().map(|queue| Arc::clone(&queue.name)).collect())
        };
        let mut node = self.node.lock().unwrap_or_else(PoisonError::into_inner);
        (node.id, node.jobs, node.queues) = (id, jobs, queues);
        node.clone()
    }

    /// A number that nobody else draws.
    pub(super) fn draw() -> i64 {
        use std::hash::{BuildHasher, RandomState};
        i64::try_from(RandomState::new().hash_one(0) >> 1).unwrap_or_default()
    }

    // ---- what time it is there

    /// Notes what the store's clock showed when it was asked something, which was at `asked` by ours.
    pub(super) fn set_clock(&self, asked: SystemTime, there: SystemTime) {
        let here = self.clock().now().wall;
        // A store without a clock of its own gives back ours.
        if in_store(there) == in_store(asked) {
            return self.ahead.store(0, Ordering::Relaxed);
        }
        if here.duration_since(asked).is_ok_and(|taken| taken > DOUBT) {
            return;
        }
        let ahead = match there.duration_since(here) {
            Ok(ahead) => nanos(ahead),
            Err(behind) => -nanos(behind.duration()),
        };
        self.ahead.store(ahead, Ordering::Relaxed);
    }

    /// What our clock shows when the store's shows this.
    pub(super) fn here(&self, there: SystemTime) -> SystemTime {
        let ahead = self.ahead.load(Ordering::Relaxed);
        let length = Duration::from_nanos(ahead.unsigned_abs());
        if ahead >= 0 { earlier(there, length) } else { later(there, length) }
    }

    /// What the store's clock shows, as far as is known.
    pub(super) fn there(&self) -> SystemTime {
        let (here, ahead) = (self.clock().now().wall, self.ahead.load(Ordering::Relaxed));
        let length = Duration::from_nanos(ahead.unsigned_abs());
        if ahead >= 0 { later(here, length) } else { earlier(here, length) }
    }

    // ---- whether it is there

    /// Notes that the store gave nothing.
    pub(super) fn is_not_there(&self, fault: &Fault) {
        let now = self.clock().moment();
        let mut desk = self.desk();
        let first = desk.lost.is_none();
        desk.lost.get_or_insert(now);
        drop(desk);
        if first {
            self.tell(None, None, EventKind::StoreLost { error: fault.in_words(&*self.store).into() });
        }
    }

    /// The store gave something. Whether it is back, the keeper finds out: what was asked may have needed less than it does,
    /// as a look needs no room on a disk that is full.
    pub(super) fn answers(&self) {
        if self.desk().lost.is_some() {
            self.keep.notify_one();
        }
    }

    /// Notes that the store does all that it should.
    pub(super) fn is_there(&self) {
        let there = self.there();
        let mut desk = self.desk();
        let Some(lost) = desk.lost.take() else { return };
        desk.back = Some(there);
        drop(desk);
        let after = self.clock().moment().since(lost);
        self.tell(None, None, EventKind::StoreBack { after });
        // What was told meanwhile was not heard.
        self.wake_all();
    }

    /// Posts an event.
    pub(super) fn tell(&self, job: Option<&Arc<Job>>, run: Option<RunId>, kind: EventKind) {
        if let Some(engine) = self.engine() {
            engine.with_core(|core| core.post(job, run, kind));
        }
    }

    /// Until when nobody could get to the store, by its clock, if that ever was so; which it may still be now.
    pub(super) fn away_until(&self, there: SystemTime) -> Option<SystemTime> {
        let desk = self.desk();
        if desk.lost.is_some() { Some(there) } else { desk.back }
    }

    // ---- what there is to do

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// No more work is fetched.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.shut.notify_waiters();
        self.wake_all();
    }

    /// Waits until no more work is fetched.
    pub(super) async fn closed(&self) {
        let mut shut = pin!(self.shut.notified());
        shut.as_mut().enable();
        if !self.is_closing() {
            shut.await;
        }
    }

    fn wake_all(&self) {
        for task in [&self.fetch, &self.settle, &self.decide, &self.keep] {
            task.notify_one();
        }
    }

    /// Whether nothing is left to be written down, and nothing will come.
    pub(super) fn is_done(&self) -> bool {
        let desk = self.desk();
        let idle = desk.claimed == 0 && desk.settlements.is_empty();
        drop(desk);
        idle && self.is_closing() && self.claimants.load(Ordering::Acquire) == 0
    }

    /// Whether nothing is on, and nothing waits to be written down.
    pub(crate) fn is_idle(&self) -> bool {
        let desk = self.desk();
        desk.claimed == 0 && desk.settlements.is_empty() && desk.writing == 0
    }

    /// Waits until that is so.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    pub(crate) async fn until_idle(&self) {
        loop {
            let mut written = pin!(self.written.notified());
            written.as_mut().enable();
            if self.is_idle() {
                return;
            }
            written.await;
        }
    }

    /// # Panics
    /// When no job of this program is in such a queue.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
    #[track_caller]
    pub(crate) fn assert_known(&self, queue: &str) {
        let desk = self.desk();
        let names: Vec<&str> = desk.queues.iter().map(|queue| &*queue.name).collect();
        assert!(names.contains(&queue), "no job is in a queue `{queue}`{}", crate::name::hint(queue, names));
    }

    /// From now on the lease is not renewed: this process says that it goes.
    pub(super) fn leave(&self) {
        self.leaving.store(true, Ordering::Release);
        self.keep.notify_one();
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }

    /// Everything is written down.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.shut.notify_waiters();
    }

    /// Waits until everything is written down.
    pub(super) async fn ended(&self) {
        loop {
            let mut shut = pin!(self.shut.notified());
            shut.as_mut().enable();
            if self.has_ended() {
                return;
            }
            shut.await;
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Notes what is paused for all nodes.
    pub(super) fn pause_all(&self, pauses: Vec<Pause>) {
        let mut desk = self.desk();
        let changed = desk.paused != pauses;
        desk.paused = pauses;
        drop(desk);
        if changed {
            self.wake_all();
        }
    }

    /// Hands over how far an attempt is; of several only the last is written down.
    pub(super) fn note_progress(&self, claim: Claim, text: String) {
        self.desk().progress.insert(claim.id, (claim, text));
        self.settle.notify_one();
    }

    /// Hands over how an attempt ended.
    pub(super) fn hand_over(&self, settlement: Settlement) {
        self.desk().settlements.push(settlement);
        self.settle.notify_one();
    }
}

impl Desk {
    /// A job is there, and not worked on yet.
    pub(super) fn take_in(&mut self, job: &Arc<Job>, settings: &Settings) {
        self.jobs.insert(Arc::clone(&job.name), (Arc::clone(job), false));
        let name = job.options.queue.as_deref().unwrap_or(CLUSTER);
        if !self.queues.iter().any(|queue| &*queue.name == name) {
            let most = if name == CLUSTER { BATCH } else { settings.room(name) };
            self.queues.push(Queue { name: name.into(), most, on: 0 });
        }
    }

    /// Whether a job is worked on now.
    pub(super) fn allow(&mut self, name: &str, on: bool) {
        if let Some((_, allowed)) = self.jobs.get_mut(name) {
            *allowed = on;
            self.names = None;
        }
    }

    /// A job is there no more.
    pub(super) fn forget(&mut self, name: &str) {
        self.jobs.remove(name);
        self.names = None;
    }

    /// The names of the jobs that are worked on.
    pub(super) fn names(&mut self) -> Arc<[Arc<str>]> {
        let jobs = &self.jobs;
        let allowed = || jobs.iter().filter(|(_, (_, allowed))| *allowed).map(|(name, _)| Arc::clone(name));
        Arc::clone(self.names.get_or_insert_with(|| allowed().collect()))
    }

    pub(super) fn job(&self, name: &str) -> Option<&Arc<Job>> {
        self.jobs.get(name).map(|(job, _)| job)
    }

    pub(super) fn is_paused(&self, what: Subject, name: &str) -> Option<&str> {
        let pause = self.paused.iter().find(|(other, paused, _)| *other == what && paused == name);
        pause.map(|(_, _, reason)| reason.as_str())
    }

    /// A row is claimed.
    pub(super) fn occupy_for(&mut self, row: &Row) {
        self.claimed += 1;
        self.solitary |= row.is_solitary();
        if let Some(queue) = self.queue(&row.queue) {
            queue.on += 1;
        }
    }

    /// A claimed row is done with.
    pub(super) fn vacate(&mut self, queue: &str, solitary: bool) {
        self.claimed -= 1;
        self.solitary &= !solitary;
        if let Some(queue) = self.queue(queue) {
            queue.on -= 1;
        }
    }

    fn queue(&mut self, name: &str) -> Option<&mut Queue> {
        self.queues.iter_mut().find(|queue| &*queue.name == name)
    }
}

fn nanos(length: Duration) -> i64 {
    i64::try_from(length.as_nanos()).unwrap_or(i64::MAX)
}

/// What is awaited again when a store gave nothing: twice as long each time, and never for long.
pub(super) struct Patience(Duration);

impl Patience {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(2);

    pub(super) const fn new() -> Self {
        Self(Self::FIRST)
    }

    /// How long to wait now.
    pub(super) fn next(&mut self) -> Duration {
        let now = self.0;
        self.0 = (now * 2).min(Self::LONGEST);
        now
    }

    pub(super) fn reset(&mut self) {
        self.0 = Self::FIRST;
    }
}
