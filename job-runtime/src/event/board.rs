//! Where what happens is pinned under the engine's lock, and from where it goes out, in order.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{Notify, broadcast};

use super::{Event, EventKind, Events, log, log_lost};
use crate::panics::held;

/// How many events a subscriber may be behind before it loses the oldest.
const BACKLOG: usize = 4_096;
/// How many events observers and the log may be behind before they lose the oldest: a hundred megabytes of them.
const PINNED: usize = 1 << 20;

pub(crate) type Observer = Box<dyn Fn(&Event) + Send + Sync>;

/// Where the engine pins what happened.
pub(crate) struct Board {
    observers: Vec<Observer>,
    /// Subscribers are sent `None` last.
    subscribers: OnceLock<broadcast::Sender<Option<Event>>>,
    /// Nothing follows any more.
    ended: AtomicBool,
    /// Events that are pinned or being told.
    untold: AtomicUsize,
    queue: Mutex<Queue>,
    pinned: Condvar,
    told: Notify,
}

#[derive(Default)]
struct Queue {
    /// `None` is the end of all of them.
    events: VecDeque<Option<Event>>,
    /// Events that went unheard, since that was last told.
    lost: u64,
    /// Somebody is delivering; whoever comes now leaves that to them, which keeps the order.
    delivering: bool,
    closed: bool,
}

impl Board {
    pub(crate) fn new(observers: Vec<Observer>) -> Self {
        Self {
            observers,
            subscribers: OnceLock::new(),
            ended: AtomicBool::new(false),
            untold: AtomicUsize::new(0),
            queue: Mutex::default(),
            pinned: Condvar::new(),
            told: Notify::new(),
        }
    }

    /// Whether anybody listens; when nobody does, events need not be made.
    pub(crate) fn is_read(&self) -> bool {
        !self.observers.is_empty()
            || tracing::level_filters::LevelFilter::current() != tracing::level_filters::LevelFilter::OFF
            || self.subscribers.get().is_some_and(|subscribers| subscribers.receiver_count() > 0)
    }

    /// Pins an event; it goes out with the next [`deliver`](Self::deliver).
    pub(crate) fn post(&self, event: Event) {
        let last = matches!(event.kind, EventKind::ShutdownFinished { .. });
        self.pin(Some(event));
        if last {
            self.post_end();
        }
    }

    /// Pins that nothing follows any more. A second call changes nothing.
    pub(crate) fn post_end(&self) {
        // Whoever subscribes looks here after he is in, and here it is looked for him afterwards.
        if !self.ended.swap(true, Ordering::SeqCst) && self.subscribers.get().is_some() {
            self.pin(None);
        }
    }

    fn pin(&self, event: Option<Event>) {
        let mut queue = self.lock();
        if queue.events.len() < PINNED {
            self.untold.fetch_add(1, Ordering::Release);
        } else {
            queue.events.pop_front();
            queue.lost += 1;
        }
        queue.events.push_back(event);
    }

    /// Whether everything that was pinned has been told.
    pub(crate) fn is_empty(&self) -> bool {
        self.untold() == 0
    }

    /// How much is still to be told.
    pub(crate) fn untold(&self) -> usize {
        self.untold.load(Ordering::Acquire)
    }

    /// Sends out what is pinned. Called with no lock held: observers may call back into the runtime.
    pub(crate) fn deliver(&self) {
        if self.is_empty() {
            return;
        }
        let mut queue = self.lock();
        if std::mem::replace(&mut queue.delivering, true) {
            return;
        }
        while let Some(event) = queue.events.pop_front() {
            let lost = std::mem::take(&mut queue.lost);
            drop(queue);
            match event {
                Some(event) => self.send(event, lost),
                None => self.end(),
            }
            self.untold.fetch_sub(1, Ordering::AcqRel);
            queue = self.lock();
        }
        queue.delivering = false;
        drop(queue);
        self.told.notify_waiters();
    }

    /// Wakes who delivers on a thread of its own.
    pub(crate) fn wake(&self) {
        self.pinned.notify_one();
    }

    /// Delivers whatever is pinned, until the board is closed and empty.
    pub(crate) fn keep_delivering(&self) {
        let mut queue = self.lock();
        while !(queue.closed && queue.events.is_empty()) {
            if queue.events.is_empty() {
                queue = self.pinned.wait(queue).unwrap_or_else(PoisonError::into_inner);
            } else {
                drop(queue);
                self.deliver();
                queue = self.lock();
            }
        }
    }

    /// Nothing is pinned any more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.pinned.notify_one();
    }

    /// Waits until everything that was pinned has been told.
    pub(crate) async fn all_told(&self) {
        loop {
            let told = self.told.notified();
            let mut told = std::pin::pin!(told);
            told.as_mut().enable();
            if self.is_empty() {
                return;
            }
            told.await;
        }
    }

    pub(crate) fn subscribe(&self) -> Events {
        let sender = self.subscribers.get_or_init(|| broadcast::Sender::new(BACKLOG));
        let receiver = sender.subscribe();
        Events { receiver, lost: 0, over: self.ended.load(Ordering::SeqCst) }
    }

    fn end(&self) {
        if let Some(subscribers) = self.subscribers.get() {
            let _ = subscribers.send(None);
        }
    }

    /// A listener that panics is its own affair: the others, and the job it looked at, go on.
    fn send(&self, event: Event, lost: u64) {
        if lost > 0 {
            held(|| log_lost(lost));
        }
        held(|| log(&event));
        for observer in &self.observers {
            held(|| observer(&event));
        }
        if let Some(subscribers) = self.subscribers.get() {
            let _ = subscribers.send(Some(event));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
