//! Which store is used, and how: [`StoreConfig`].

use std::fmt;
use std::sync::Arc;

use super::memory::Memory;
use super::settings::Settings;
use super::store::Store;
use crate::duration::{IntoDuration, above_zero};
use crate::error::{Error, Result};

/// A store, and how it is used: for [`Builder::store`](crate::Builder::store), where the address alone is not enough.
/// Nothing is connected before the runtime starts; clones mean the same store.
///
/// ```
/// use job_runtime::StoreConfig;
///
/// let store = StoreConfig::new("sqlite://jobs.db")?.keep_completed("7d")?.max_running(20);
/// # let _ = store;
/// # Ok::<(), job_runtime::Error>(())
/// ```
///
/// # Errors
/// A setter that takes not every value returns an error that says which it takes.
#[derive(Clone)]
pub struct StoreConfig {
    source: Source,
    pub(crate) settings: Settings,
}

#[derive(Clone)]
enum Source {
    Memory(Arc<Memory>),
    Sqlite(super::sqlite::Address),
    Postgres(Box<super::postgres::Address>),
}

impl StoreConfig {
    /// The store at an address, with all settings as usual:
    ///
    /// * `sqlite://jobs.db`: a file of SQLite, which is made when it is not there; `sqlite:///var/lib/jobs.db` with an
    ///   absolute path. Needs the feature `sqlite`.
    /// * `postgres://user:password@host:5432/database`: a database of PostgreSQL, 15 or later, as
    ///   [libpq](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS) writes it. Needs the
    ///   feature `postgres`.
    /// * `memory:`: the memory of this process, for tests and trials.
    ///
    /// # Errors
    /// When it is no such address, or its feature is not enabled.
    pub fn new(address: &str) -> Result<Self> {
        let source = match address.split_once(':') {
            Some(("memory", "" | "//")) => Source::Memory(Arc::default()),
            Some(("sqlite", _)) => Source::Sqlite(super::sqlite::Address::read(address)?),
            Some(("postgres" | "postgresql", _)) => {
                Source::Postgres(Box::new(super::postgres::Address::read(address)?))
            }
            _ => {
                let sentence = "the address of a store begins with `sqlite://`, `postgres://` or `memory:`";
                return Err(Error::configuration(sentence.to_owned()));
            }
        };
        Ok(Self { source, settings: Settings::default() })
    }

    /// The memory of this process: what it holds is gone with the last clone of this, and with the process. Runtimes
    /// that are given clones share it.
    #[must_use]
    pub fn memory() -> Self {
        Self { source: Source::Memory(Arc::default()), settings: Settings::default() }
    }

    /// How long a process may be silent before others take its jobs: 20 s unless it is set, and at least 1 s. It is
    /// heard four times in that time. A longer one has the jobs of a dead process wait longer, a shorter one takes for dead
    /// what only hangs for a moment; see [`guide::operating`](crate::guide::operating).
    #[expect(clippy::missing_errors_doc, reason = "they are stated once, at the type")]
    pub fn lease(mut self, length: impl IntoDuration) -> Result<Self> {
        let length = length.into_duration()?;
        if length < std::time::Duration::from_secs(1) {
            return Err(Error::configuration("a lease lasts for one second at least".to_owned()));
        }
        self.settings.lease = length;
        Ok(self)
    }

    /// How long completed and cancelled jobs are kept: a day unless it is set. Of processes that share a store each deletes
    /// by its own setting, every 30 s.
    #[expect(clippy::missing_errors_doc, reason = "they are stated once, at the type")]
    pub fn keep_completed(mut self, length: impl IntoDuration) -> Result<Self> {
        self.settings.retention.completed = Some(above_zero(length.into_duration()?)?);
        Ok(self)
    }

    /// How long discarded jobs are kept: seven days unless it is set. Parked ones are kept until somebody sees to them.
    #[expect(clippy::missing_errors_doc, reason = "they are stated once, at the type")]
    pub fn keep_discarded(mut self, length: impl IntoDuration) -> Result<Self> {
        self.settings.retention.discarded = Some(above_zero(length.into_duration()?)?);
        Ok(self)
    }

    /// How often the process may die under a job before it is parked, from 1; three times unless it is set.
    #[expect(clippy::missing_errors_doc, reason = "they are stated once, at the type")]
    pub fn quarantine_after(mut self, deaths: u32) -> Result<Self> {
        if deaths == 0 {
            return Err(Error::configuration("a job is parked after one death at least".to_owned()));
        }
        self.settings.quarantine = deaths;
        Ok(self)
    }

    /// How many jobs of each queue run at once in this process: ten unless it is set.
    /// [`Builder::queue`](crate::Builder::queue) sets it for one queue. With 0 this process only puts jobs in, and others
    /// run them.
    #[must_use]
    pub fn max_running(mut self, count: u32) -> Self {
        self.settings.max_running = count;
        self
    }

    /// The store of this address of a database of PostgreSQL, with all settings as usual.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "made with the feature `postgres`"))]
    pub(super) fn at_postgres(address: super::postgres::Address) -> Self {
        Self { source: Source::Postgres(Box::new(address)), settings: Settings::default() }
    }

    /// The address, if it is one of PostgreSQL.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "asked with the feature `postgres`"))]
    pub(super) fn postgres_address(&mut self) -> Option<&mut super::postgres::Address> {
        match &mut self.source {
            Source::Postgres(address) => Some(address),
            Source::Memory(_) | Source::Sqlite(_) => None,
        }
    }

    /// This store, used as another was to be used.
    #[must_use]
    pub(crate) fn used_as(self, other: Self) -> Self {
        Self { settings: other.settings, ..self }
    }

    /// The store itself, to which nothing is connected yet.
    pub(crate) fn open(&self) -> Arc<dyn Store> {
        match self.source.clone() {
            Source::Memory(memory) => memory,
            Source::Sqlite(address) => address.open(),
            Source::Postgres(address) => address.open(),
        }
    }
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig").field("store", &self.open().describe()).finish_non_exhaustive()
    }
}

/// What [`Builder::store`](crate::Builder::store) takes: the address of a store, or a [`StoreConfig`].
pub trait IntoStore: sealed::Sealed {
    /// The store that is meant.
    ///
    /// # Errors
    /// When a text is not the address of a store.
    fn into_store(self) -> Result<StoreConfig>;
}

impl IntoStore for &str {
    fn into_store(self) -> Result<StoreConfig> {
        StoreConfig::new(self)
    }
}

impl IntoStore for String {
    fn into_store(self) -> Result<StoreConfig> {
        StoreConfig::new(&self)
    }
}

impl IntoStore for &String {
    fn into_store(self) -> Result<StoreConfig> {
        StoreConfig::new(self)
    }
}

impl IntoStore for StoreConfig {
    fn into_store(self) -> Result<StoreConfig> {
        Ok(self)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for &str {}
    impl Sealed for String {}
    impl Sealed for &String {}
    impl Sealed for super::StoreConfig {}
}
