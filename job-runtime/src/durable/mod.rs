//! Jobs that outlive the process: they wait in a store, and any process that shares it may run them.

#[cfg(test)]
mod alike;
mod book;
mod completer;
mod config;
#[cfg(test)]
mod conformance;
mod enqueue;
mod history;
mod keeper;
mod key;
mod line;
mod link;
mod memory;
mod occasions;
mod office;
mod open;
mod order;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(not(feature = "postgres"))]
#[path = "no_postgres.rs"]
mod postgres;
mod producer;
mod progress;
mod queue;
mod recorder;
mod row;
mod scheduler;
mod settings;
mod settle;
mod shown;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(not(feature = "sqlite"))]
#[path = "no_sqlite.rs"]
mod sqlite;
mod store;
mod tick;
mod wire;
mod within;
mod words;

pub use config::{IntoStore, StoreConfig};
pub use enqueue::Enqueue;
#[cfg(feature = "testing")]
pub(crate) use key::canonical;
#[cfg(feature = "testing")]
pub(crate) use office::Office;
pub use order::Enqueued;
#[cfg(feature = "testing")]
pub(crate) use order::Order;
pub use queue::Queue;
pub use row::Parked;
#[cfg(feature = "testing")]
pub(crate) use row::{Due, NewJobs};
pub use shown::{AttemptRow, JobRow, QueueInfo};
pub use within::{Joined, Within};

pub(crate) use book::Durable;
pub(crate) use link::Link;
pub(crate) use open::{Shelf, migrate, open, prepare};
#[cfg(feature = "testing")]
pub(crate) use producer::fetch_by_hand;
pub(crate) use recorder::put_down;
#[cfg(feature = "testing")]
pub(crate) use recorder::{mark, set_mark};
pub(crate) use scheduler::trigger;
pub(crate) use store::Subject;
pub(crate) use wire::{Fields, Names, read as read_args, write as write_args};
