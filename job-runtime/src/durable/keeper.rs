//! Keeps the lease of this process, ends those of others that are over, and puts the store in order.

use std::sync::Arc;
use std::time::Duration;

use super::book::Durable;
use super::office::{Office, Patience};
use super::row::Parked;
use super::store::{Beat, Fault};
use crate::clock::{Moment, first};
use crate::engine::supervisor::kind_of;
use crate::event::EventKind;
use crate::outcome::RunId;

/// How often finished rows are deleted, and those that nobody knows parked.
const TIDY: Duration = Duration::from_secs(30);

/// Keeps the lease until everything is written down, and the process says that it goes.
pub(super) async fn keep(office: Arc<Office>) {
    let mut patience = Patience::new();
    let mut tidy = office.clock().moment();
    while !office.is_leaving() {
        let round = round(&office, &mut tidy).await;
        let wait = match round {
            Ok(()) => {
                office.is_there();
                patience.reset();
                office.settings.beat()
            }
            Err(fault) => {
                office.is_not_there(&fault);
                patience.next()
            }
        };
        // Time in a test is not led on by what has nothing to do in it.
        let alone = office.clock().is_fake() && round_is_idle(&office);
        let until = if alone { Moment::NEVER } else { office.clock().moment() + wait };
        first(office.keep.notified(), office.clock().alarm(until)).await;
    }
}

fn round_is_idle(office: &Office) -> bool {
    office.store.is_private()
}

async fn round(office: &Arc<Office>, tidy: &mut Moment) -> Result<(), Fault> {
    beat(office).await?;
    let pauses = office.store.pauses().await?;
    office.pause_all(pauses);
    if !office.store.is_private() {
        rescue(office).await?;
    }
    let now = office.clock().moment();
    if now >= *tidy && !office.clock().is_fake() && !office.is_leaving() {
        put_in_order(office).await?;
        *tidy = now + TIDY;
    }
    Ok(())
}

/// Renews the lease, or finds that it is lost and begins another.
async fn beat(office: &Arc<Office>) -> Result<(), Fault> {
    let node = office.renew(office.node_id());
    let asked = office.clock().now().wall;
    let Beat { known, now, cancelled } = office.store.beat(&node, asked).await?;
    office.set_clock(asked, now);
    if !known && !office.is_leaving() {
        // What was claimed under the old identity is not touched under the new one.
        with_durable(office, Durable::lose_all);
        let node = office.renew(Office::draw());
        office.store.join(&node, office.clock().now().wall).await?;
        return Ok(());
    }
    if !cancelled.is_empty() {
        with_durable(office, |durable, core| {
            for (id, reason) in cancelled {
                durable.stop(core, id, &reason);
            }
        });
    }
    Ok(())
}

fn with_durable(office: &Office, act: impl FnOnce(&mut Durable, &mut crate::engine::supervisor::Core)) {
    if let Some(engine) = office.engine() {
        engine.with(|core, kinds| {
            if let Some(durable) = kind_of::<Durable>(kinds) {
                act(durable, core);
            }
        });
    }
}

async fn rescue(office: &Office) -> Result<(), Fault> {
    let now = office.clock().now().wall;
    let rescued = office.store.rescue(office.settings.quarantine, now).await?;
    if rescued.jobs > 0 {
        office.tell(None, None, EventKind::Rescued { count: rescued.jobs });
        office.fetch.notify_one();
    }
    for (id, name) in rescued.quarantined {
        tell_parked(office, id, &name, Parked::Quarantined);
    }
    Ok(())
}

async fn put_in_order(office: &Office) -> Result<(), Fault> {
    let queues = office.node().queues;
    let now = office.clock().now().wall;
    let tidied = office.store.tidy(&queues, office.settings.retention, now).await?;
    for (id, name) in tidied.parked {
        tell_parked(office, id, &name, Parked::Unknown);
    }
    Ok(())
}

fn tell_parked(office: &Office, id: i64, name: &str, why: Parked) {
    let reason = match why {
        Parked::Unknown => format!("no node has a job `{name}`"),
        Parked::Undecodable => "its arguments cannot be read".to_owned(),
        Parked::Quarantined => "its process died under it too often".to_owned(),
    };
    if let Some(engine) = office.engine() {
        let kind = EventKind::Parked { reason: reason.into() };
        engine.with_core(|core| core.post_of(|| Some(name.into()), Some(RunId::of_row(id)), kind));
    }
}
