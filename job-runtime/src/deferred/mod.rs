//! Jobs on demand: spawned now or for later, bounded in number, one at a time where they have state.

mod book;
mod spawn;

pub(crate) use book::Deferred;
