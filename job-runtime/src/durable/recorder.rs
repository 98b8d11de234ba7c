//! Writes down which ticks of recurring jobs had their turn, so that the next start of the program goes on from there.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::office::{Office, Patience};
use super::store::Fault;
use crate::clock::first;
use crate::engine::driver::Engine;
use crate::engine::supervisor::{Chronicle, Core, Mark};

/// How long what changes is gathered after something was written down: a job of every millisecond is not a write of
/// every millisecond.
const GATHER: Duration = Duration::from_secs(1);

/// Gives the engine what was written down before its jobs begin. What wakes the recorder is given back.
pub(super) async fn recall(office: &Office, engine: &Arc<Engine>) -> Result<Arc<Notify>, Fault> {
    let found = office.store.marks(&office.host).await?;
    let found: HashMap<Arc<str>, Mark> = found.into_iter().map(|(name, mark)| (name.into(), mark)).collect();
    let wake = Arc::new(Notify::new());
    engine.with_core(|core| core.keep(Chronicle::new(found, Arc::clone(&wake))));
    Ok(wake)
}

/// Writes down what changes until the runtime has ended.
pub(super) async fn record(office: Arc<Office>, wake: Arc<Notify>) {
    let mut patience = Patience::new();
    let mut unwritten = BTreeMap::new();
    loop {
        if unwritten.is_empty() {
            first(wake.notified(), office.ended()).await;
        }
        // Asked before what there is to write is taken, so that nothing comes after the last time.
        let last = office.has_ended();
        let written = write(&office, &mut unwritten).await;
        if last {
            return;
        }
        let wait = match written {
            Ok(()) => {
                patience.reset();
                // A write into the memory of the process costs nothing.
                if office.store.is_private() {
                    continue;
                }
                GATHER
            }
            Err(fault) => {
                office.is_not_there(&fault);
                patience.next()
            }
        };
        first(office.clock().alarm(office.clock().moment() + wait), office.ended()).await;
    }
}

/// Writes down what has changed.
async fn write(office: &Office, unwritten: &mut BTreeMap<Arc<str>, Option<Mark>>) -> Result<(), Fault> {
    if let Some(engine) = office.engine() {
        unwritten.extend(engine.with_core(Core::take_changes));
    }
    if unwritten.is_empty() {
        return Ok(());
    }
    let marks: Vec<_> = unwritten.iter().map(|(name, mark)| (Arc::clone(name), mark.clone())).collect();
    office.store.note_marks(&office.host, &marks, office.clock().now().wall).await?;
    unwritten.clear();
    Ok(())
}

/// Writes down what has changed, once.
pub(crate) async fn put_down(office: &Office) {
    if let Err(fault) = write(office, &mut BTreeMap::new()).await {
        office.is_not_there(&fault);
    }
}

/// What is written down of a job.
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
pub(crate) async fn mark(office: &Office, job: &str) -> Option<Mark> {
    let marks = office.store.marks(&office.host).await.ok()?;
    marks.into_iter().find(|(name, _)| name == job).map(|(_, mark)| mark)
}

/// Writes a mark down.
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "asked by the test kit"))]
pub(crate) async fn set_mark(office: &Office, job: &str, mark: Mark) {
    let noted = office.store.note_marks(&office.host, &[(job.into(), Some(mark))], office.clock().now().wall).await;
    if let Err(fault) = noted {
        office.is_not_there(&fault);
    }
}
