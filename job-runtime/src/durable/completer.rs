//! Writes down how attempts ended: as many at once as there are, and as soon as the ones before are written down.

use std::sync::Arc;
use std::time::Duration;

use super::office::{BATCH, Office, Patience};
use super::row::Claim;
use super::settle::Settlement;
use crate::clock::{Moment, first};
use crate::event::EventKind;
use crate::outcome::RunId;

/// How long the end of the runtime waits for a store that is not there.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes down ends until the last of them is.
pub(super) async fn settle(office: Arc<Office>) {
    let mut patience = Patience::new();
    let mut unwritten: Vec<Settlement> = Vec::new();
    // Whether the answer to these got lost, so that they may be written down already.
    let mut uncertain = false;
    let mut given_up = Moment::NEVER;
    loop {
        let progress = if uncertain { Vec::new() } else { collect(&office, &mut unwritten) };
        if unwritten.is_empty() && progress.is_empty() {
            if office.is_done() {
                break;
            }
            office.settle.notified().await;
            continue;
        }
        if let Ok(()) = write(&office, &unwritten, &progress, uncertain).await {
            unwritten.clear();
            office.desk().writing = 0;
            office.written.notify_waiters();
            uncertain = false;
            patience.reset();
        } else {
            uncertain = !unwritten.is_empty();
            let now = office.clock().moment();
            if office.is_closing() && office.desk().claimed == 0 {
                given_up = given_up.min(now + PATIENCE);
            }
            if now >= given_up {
                break;
            }
            first(office.settle.notified(), office.clock().alarm(now + patience.next())).await;
        }
    }
    office.leave();
    let _ = office.store.leave(office.node_id(), office.clock().now().wall).await;
    office.end();
}

/// Takes what there is to be written down.
fn collect(office: &Office, unwritten: &mut Vec<Settlement>) -> Vec<(Claim, String)> {
    let mut desk = office.desk();
    let most = usize::try_from(BATCH).unwrap_or(usize::MAX).min(desk.settlements.len());
    unwritten.extend(desk.settlements.drain(..most));
    desk.writing = unwritten.len();
    desk.progress.drain().map(|(_, progress)| progress).collect()
}

async fn write(
    office: &Office,
    settlements: &[Settlement],
    progress: &[(Claim, String)],
    uncertain: bool,
) -> Result<(), ()> {
    let now = office.clock().now().wall;
    if !progress.is_empty()
        && let Err(fault) = office.store.note_progress(progress).await
    {
        office.is_not_there(&fault);
    }
    if settlements.is_empty() {
        return Ok(());
    }
    match office.store.settle(settlements, now).await {
        Ok(changed) => {
            office.answers();
            let stale = settlements.iter().zip(changed).filter(|(_, changed)| !changed && !uncertain);
            stale.for_each(|(settlement, _)| tell_stale(office, settlement));
            Ok(())
        }
        Err(fault) => {
            office.is_not_there(&fault);
            Err(())
        }
    }
}

/// Others have what this process thought it had.
fn tell_stale(office: &Office, settlement: &Settlement) {
    let Claim { id, attempt, .. } = settlement.claim;
    let job = office.desk().job(&settlement.name).cloned();
    office.tell(job.as_ref(), Some(RunId::of_row(id)), EventKind::Stale { attempt });
    // The lease is lost, which who keeps it finds out.
    office.keep.notify_one();
}
