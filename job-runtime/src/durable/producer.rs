//! Fetches work from the store, as long as there is room for it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::book::{Arrival, Durable};
use super::office::{BATCH, Office, Patience};
use super::row::Row;
use super::store::{Claimed, Subject, Wish};
use crate::clock::{Moment, first};
use crate::engine::supervisor::kind_of;
use crate::job::Keep;

/// How often a store is asked that may have changed unheard.
const POLL: Duration = Duration::from_secs(1);
/// How long more room is waited for, where there is work for all of it: many at once cost little more than one.
const LINGER: Duration = Duration::from_millis(5);
/// How many are started before others get the engine's lock.
const HANDFUL: usize = 128;

/// Fetches work until the runtime shuts down.
pub(super) async fn fetch(office: Arc<Office>) {
    let mut patience = Patience::new();
    // Until when more room is waited for, as there was work for all of it; and what was asked in vain.
    let (mut linger, mut lost) = (Moment::NEVER, None);
    while !office.is_closing() {
        let plenty = linger != Moment::NEVER && office.clock().moment() < linger;
        let wish = if office.is_by_hand() { None } else { next_wish(&office, lost.take(), plenty) };
        let Some(asking) = wish else {
            wait_until(&office, linger).await;
            if office.clock().moment() >= linger {
                linger = Moment::NEVER;
            }
            continue;
        };
        if let Ok(claimed) = ask(&office, &asking).await {
            patience.reset();
            let full = asking.is_met_by(&claimed);
            linger = if full { office.clock().moment() + LINGER } else { Moment::NEVER };
            let next = claimed.next;
            take_in(&office, claimed.rows);
            if !full && !asking.again {
                wait(&office, until(&office, next)).await;
            }
        } else {
            lost = Some(asking.wish.token);
            pause(&office, patience.next()).await;
        }
    }
    office.claimants.fetch_sub(1, Ordering::AcqRel);
    office.settle.notify_one();
}

/// What is asked for: new work, or what was claimed with a token whose answer got lost.
struct Asking {
    wish: Wish,
    again: bool,
}

impl Asking {
    /// Whether all that was asked for was there, so that there may be more.
    fn is_met_by(&self, claimed: &Claimed) -> bool {
        let wished: u32 = self.wish.queues.iter().map(|(_, most)| *most).sum();
        u32::try_from(claimed.rows.len()).is_ok_and(|taken| taken >= wished)
    }
}

fn next_wish(office: &Office, lost: Option<i64>, plenty: bool) -> Option<Asking> {
    let mut desk = office.desk();
    let jobs = desk.names();
    let room = |most: u32, on: u32| most.saturating_sub(on).min(BATCH);
    let queues = desk.queues.iter().filter(|queue| desk.is_paused(Subject::Queue, &queue.name).is_none());
    let queues: Vec<_> = queues
        .map(|queue| (Arc::clone(&queue.name), room(queue.most, queue.on), queue.most))
        // Where there is more than enough work, a handful of places is not worth the way.
        .filter(|(_, room, most)| *room > 0 && (!plenty || *room >= most / 2))
        .map(|(name, room, _)| (name, room))
        .collect();
    let solitary = !desk.solitary;
    drop(desk);
    let again = lost.is_some();
    if !again && (jobs.is_empty() || queues.is_empty()) {
        return None;
    }
    let token = lost.unwrap_or_else(Office::draw);
    Some(Asking { wish: Wish { node: office.node_id(), token, queues, jobs, solitary }, again })
}

async fn ask(office: &Office, Asking { wish, again }: &Asking) -> Result<Claimed, ()> {
    let now = office.clock().now().wall;
    let claimed = if *again {
        let rows = office.store.adopt(wish.node, wish.token).await;
        rows.map(|rows| Claimed { rows, next: None, now: office.there() })
    } else {
        office.store.claim(wish, now).await
    };
    match claimed {
        Ok(claimed) => {
            office.answers();
            office.set_clock(now, claimed.now);
            Ok(claimed)
        }
        Err(fault) => {
            office.is_not_there(&fault);
            Err(())
        }
    }
}

/// Fetches once what there is for the room there is, of one queue or all; the rows of what was started.
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
pub(crate) async fn fetch_by_hand(office: &Arc<Office>, queue: Option<&str>) -> Vec<i64> {
    let Some(mut asking) = next_wish(office, None, false) else { return Vec::new() };
    asking.wish.queues.retain(|(name, _)| queue.is_none_or(|queue| queue == &**name));
    let claimed = ask(office, &asking).await.map(|claimed| claimed.rows).unwrap_or_default();
    let rows = claimed.iter().map(|row| row.claim.id).collect();
    take_in(office, claimed);
    rows
}

/// Starts what was claimed.
fn take_in(office: &Arc<Office>, rows: Vec<Row>) {
    if rows.is_empty() {
        return;
    }
    let mut desk = office.desk();
    for row in &rows {
        desk.occupy_for(row);
    }
    let jobs: Vec<_> = rows.iter().map(|row| desk.job(&row.name).cloned()).collect();
    drop(desk);
    // What is read of the users' is read with no lock held.
    let mut arrivals = rows.into_iter().zip(jobs).map(|(row, job)| {
        let given = job.map_or_else(|| Err("there is no such job".to_owned()), |job| Durable::read(&job, &row.args));
        Arrival { row, given, keep: Keep::Nothing, counted: false }
    });
    let Some(engine) = office.engine() else { return };
    loop {
        let handful: Vec<Arrival> = arrivals.by_ref().take(HANDFUL).collect();
        if handful.is_empty() {
            return;
        }
        engine.with(|core, kinds| {
            if let Some(durable) = kind_of::<Durable>(kinds) {
                for arrival in handful {
                    durable.arrive(core, arrival);
                }
            }
        });
    }
}

/// When to ask again, where nobody says that there is work.
fn until(office: &Office, next: Option<std::time::SystemTime>) -> Option<Duration> {
    let due = next.map(|next| next.duration_since(office.there()).unwrap_or_default());
    let poll = (!office.store.is_private()).then_some(POLL);
    match (due, poll) {
        (Some(due), Some(poll)) => Some(due.min(poll)),
        (due, poll) => due.or(poll),
    }
}

/// Waits until somebody says that there is work, or room for it.
async fn wait(office: &Office, most: Option<Duration>) {
    wait_until(office, most.map_or(Moment::NEVER, |most| office.clock().moment() + most)).await;
}

async fn wait_until(office: &Office, moment: Moment) {
    first(office.fetch.notified(), office.clock().alarm(moment)).await;
}

/// Waits because the store gave nothing.
async fn pause(office: &Office, length: Duration) {
    let until = office.clock().moment() + length;
    first(office.closed(), office.clock().alarm(until)).await;
}
