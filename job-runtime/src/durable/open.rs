//! A store is opened: its schema brought up to date, this process made known, and the tasks set going.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{Notify, mpsc};

use super::link::Link;
use super::office::{Office, Patience};
use super::settings::Settings;
use super::store::{Fault, Store, Versions, told};
use super::{completer, keeper, producer, recorder, scheduler};
use crate::clock::{first, machine_time};
use crate::engine::driver::Engine;
use crate::error::{Error, Result};
use crate::job::Home;

/// A store as those see it who put jobs in, and look at them.
pub(crate) struct Shelf {
    pub(crate) store: Arc<dyn Store>,
    pub(super) office: std::sync::Weak<Office>,
}

impl Shelf {
    /// The store of a runtime.
    pub(crate) fn of(home: &Home) -> Option<&Self> {
        home.store.get()?.downcast_ref()
    }

    /// The way back to it.
    pub(crate) fn link(&self) -> Link {
        Link::to(&self.office)
    }

    pub(crate) fn office(&self) -> Option<Arc<Office>> {
        self.office.upgrade()
    }
}

/// An office of a store that nothing is connected to yet.
pub(crate) fn prepare(store: Arc<dyn Store>, settings: Settings, home: &Arc<Home>, host: &str) -> Arc<Office> {
    let office = Office::new(Arc::clone(&store), settings, Arc::clone(home), host);
    let _ = home.store.set(Box::new(Shelf { store, office: Arc::downgrade(&office) }));
    office
}

/// Opens the store, and sets going what works with it.
///
/// # Errors
/// When the store cannot be reached, or does not do what it is asked.
pub(crate) async fn open(office: &Arc<Office>, engine: &Arc<Engine>) -> Result<()> {
    office.attach(engine);
    let (opening, with) = (Arc::clone(office), Arc::clone(engine));
    let opened = engine.attendants.there(async move { join(&opening, &with).await }).await?;
    let wake = opened.map_err(|fault| Error::unavailable(fault.in_words(&*office.store)))?;
    office.claimants.store(2, Ordering::Release);
    let attend = &engine.attendants;
    let (open, closed) = mpsc::channel(1);
    attend.attend(while_open(open.clone(), producer::fetch(Arc::clone(office))))?;
    attend.attend(while_open(open.clone(), scheduler::decide(Arc::clone(office))))?;
    attend.attend(while_open(open.clone(), completer::settle(Arc::clone(office))))?;
    attend.attend(while_open(open.clone(), keeper::keep(Arc::clone(office))))?;
    attend.attend(while_open(open.clone(), recorder::record(Arc::clone(office), wake)))?;
    attend.attend(while_open(open, listen(Arc::clone(office))))?;
    attend.attend(close(Arc::clone(&office.store), closed))
}

/// Something for which the store has to be open.
async fn while_open(open: mpsc::Sender<Infallible>, work: impl Future<Output = ()>) {
    work.await;
    drop(open);
}

/// Closes the store when nothing is done for which it has to be open.
async fn close(store: Arc<dyn Store>, mut closed: mpsc::Receiver<Infallible>) {
    let _ = closed.recv().await;
    let _ = store.close().await;
}

async fn join(office: &Office, engine: &Arc<Engine>) -> Result<Arc<Notify>, Fault> {
    office.store.migrate(office.clock().now().wall).await?;
    let node = office.renew(office.node_id());
    let asked = office.clock().now().wall;
    let there = office.store.join(&node, asked).await?;
    office.set_clock(asked, there);
    office.pause_all(office.store.pauses().await?);
    recorder::recall(office, engine).await
}

/// Hears what others change, as long as the runtime is there.
async fn listen(office: Arc<Office>) {
    let mut patience = Patience::new();
    while !office.has_ended() {
        let heard = first(async { office.store.listen().await.err() }, office.ended()).await.flatten();
        let Some(fault) = heard else { return };
        office.is_not_there(&fault);
        let until = office.clock().moment() + patience.next();
        first(office.ended(), office.clock().alarm(until)).await;
    }
}

/// Brings the schema of a store up to date; its versions before and after.
///
/// # Errors
/// When the store cannot be reached, or does not do what it is asked.
pub(crate) async fn migrate(store: Arc<dyn Store>) -> Result<Versions> {
    let versions = told(&*store, store.migrate(machine_time()).await);
    let _ = store.close().await;
    versions
}
