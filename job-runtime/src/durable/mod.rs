//! Jobs that outlive the process: they wait in a store, and any process that shares it may run them.

mod book;
mod completer;
mod config;
mod enqueue;
mod keeper;
mod key;
mod line;
mod memory;
mod office;
mod open;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(not(feature = "postgres"))]
#[path = "no_postgres.rs"]
mod postgres;
mod producer;
mod row;
mod scheduler;
mod settings;
mod settle;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(not(feature = "sqlite"))]
#[path = "no_sqlite.rs"]
mod sqlite;
mod store;
mod tick;
mod within;

pub use config::{IntoStore, StoreConfig};
pub use enqueue::{Enqueue, Enqueued, Taken};
pub use row::{AttemptRow, JobRow, Parked};
pub use within::{Joined, Within};

pub(crate) use book::Durable;
pub(crate) use office::Office;
pub(crate) use open::{Shelf, open, prepare};
pub(crate) use settings::Settings;
