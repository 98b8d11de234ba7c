//! A store whose database shows the time that it is given.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::Mutex;

use super::place::Place;
use crate::durable::postgres::Postgres;
use crate::durable::postgres::line::Line;
use crate::durable::row::{Claim, NewJobs, Row};
use crate::durable::settle::Settlement;
use crate::durable::shown::{Filter, JobRow, QueueInfo};
use crate::durable::store::{
    Asked, Beat, Cancelled, Claimed, Inserted, Listener, Node, Pause, Rescued, Retention, Store, Subject, Tidied,
    Versions, Wish,
};
use crate::durable::tick::{Admission, Advance, Enrolled, Enrolment, Entrance, Tick, Ticked, Turn};
use crate::engine::supervisor::Mark;

/// A store whose database shows the time that is given. A node watches, whose lease is never over.
pub(super) struct Clocked {
    store: Arc<Postgres>,
    /// And what it was last set to by this one, which is what it shows as long as no other sets it to something later.
    clock: Mutex<(Line, SystemTime)>,
}

const WATCHER: i64 = -1;

impl Clocked {
    pub(super) async fn new(place: &Place) -> Self {
        let store = place.open().await;
        place.sql(&format!(
            "UPDATE clock.time SET started = '1970-01-01';
             INSERT INTO job_runtime.node (id, name, until, lease, since, jobs, queues)
             VALUES ({WATCHER}, 'watcher', 'infinity', '0', '1970-01-01', '{{}}', '{{}}')
             ON CONFLICT (id) DO NOTHING"
        ));
        store.lines.settle_here();
        let clock = store.lines.connect().await.expect("it is there");
        Self { store, clock: Mutex::new((clock, SystemTime::UNIX_EPOCH)) }
    }

    async fn set(&self, now: SystemTime) {
        *self.store.node.lock().expect("no panic") = Some(WATCHER);
        let (line, shown) = &mut *self.clock.lock().await;
        if *shown == now {
            return;
        }
        let since = now.duration_since(SystemTime::UNIX_EPOCH).expect("it is later").as_micros();
        let set = format!("UPDATE clock.time SET now = timestamptz 'epoch' + {since} * interval '1 microsecond'");
        line.run(&set).await.expect("it can be set");
        *shown = now;
    }
}

/// Sets the clock, and asks.
macro_rules! clocked {
    ($($name:ident ( $($arg:ident : $type:ty),* ) -> $result:ty;)*) => {
        $(#[allow(clippy::elidable_lifetime_names, clippy::needless_lifetimes, reason = "some of them need it")]
        fn $name<'a>(&'a self, $($arg: $type,)* now: SystemTime) -> Asked<'a, $result> {
            Box::pin(async move {
                self.set(now).await;
                self.store.$name($($arg,)* now).await
            })
        })*
    };
}

#[rustfmt::skip]
impl Store for Clocked {
    fn describe(&self) -> String { self.store.describe() }
    fn is_private(&self) -> bool { false }
    fn tell(&self, listener: Listener) { self.store.tell(listener); }
    fn listen(&self) -> Asked<'_, ()> { self.store.listen() }
    fn adopt(&self, node: i64, token: i64) -> Asked<'_, Vec<Row>> { self.store.adopt(node, token) }
    fn note_progress<'a>(&'a self, progress: &'a [(Claim, String)]) -> Asked<'a, ()> { self.store.note_progress(progress) }
    fn delete(&self, id: i64) -> Asked<'_, bool> { self.store.delete(id) }
    fn pauses(&self) -> Asked<'_, Vec<Pause>> { self.store.pauses() }
    fn marks<'a>(&'a self, host: &'a str) -> Asked<'a, Vec<(String, Mark)>> { self.store.marks(host) }
    
    clocked! {
        migrate() -> Versions;
        join(node: &'a Node) -> SystemTime;
        beat(node: &'a Node) -> Beat;
        rescue(quarantine: u32) -> Rescued;
        leave(node: i64) -> ();
        insert(jobs: &'a NewJobs) -> Vec<Inserted>;
        claim(wish: &'a Wish) -> Claimed;
        settle(settlements: &'a [Settlement]) -> Vec<bool>;
        row(id: i64) -> Option<JobRow>;
        rows(filter: &'a Filter) -> Vec<JobRow>;
        census(queue: &'a str) -> QueueInfo;
        cancel(id: i64, reason: &'a str) -> Cancelled;
        retry(id: i64) -> bool;
        note_marks(host: &'a str, marks: &'a [(Arc<str>, Option<Mark>)]) -> ();
        pause(what: Subject, name: &'a str, reason: Option<&'a str>) -> ();
        tidy(queues: &'a [Arc<str>], keep: Retention) -> Tidied;
        enrol(node: i64, schedules: &'a [Enrolment]) -> Vec<Enrolled>;
        tick(node: i64, ticks: &'a [Tick]) -> Vec<Ticked>;
        trigger(node: i64, entrance: &'a Entrance) -> Admission;
        admit(claim: Claim, entrance: &'a Entrance) -> Admission;
        proceed(node: i64, turns: &'a [Turn]) -> Vec<(Arc<str>, Advance)>;
    }
}
