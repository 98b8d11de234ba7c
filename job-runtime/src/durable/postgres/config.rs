//! A store in PostgreSQL that an address does not describe: with TLS, or with a configuration made by hand.

use std::sync::Arc;

use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Config, Socket};

use super::address::Address;
use super::connector::By;
use super::schema::Schema;
use crate::durable::config::StoreConfig;
use crate::error::{Error, Result};

impl StoreConfig {
    /// A database of PostgreSQL that is reached with a TLS connector of your choice, as
    /// [`tokio_postgres::Config::connect`] takes one; whether it is used, the `sslmode` of the configuration says.
    ///
    /// A process has four connections of its own to the database at most, a fifth where it runs recurring jobs of all
    /// nodes, and up to ten more to put jobs in and to look at them, as many as are needed at once. They keep statements
    /// prepared and listen, so that between them and the database there may be no pooler that gives connections away
    /// between two transactions.
    ///
    /// ```
    /// use job_runtime::StoreConfig;
    /// use tokio_postgres::NoTls;
    ///
    /// let mut database = tokio_postgres::Config::new();
    /// database.host("db.example").user("anna").dbname("shop");
    /// let store = StoreConfig::postgres(database, NoTls)?.schema("shop_jobs")?;
    /// # let _ = store;
    /// # Ok::<(), job_runtime::Error>(())
    /// ```
    #[expect(clippy::missing_errors_doc, reason = "they are stated once, at the type")]
    pub fn postgres<T>(config: Config, tls: T) -> Result<Self>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send + Sync,
        T::TlsConnect: Send + Sync,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Ok(Self::at_postgres(Address::new(config, Schema::usual(), Arc::new(By(tls)))?))
    }

    /// The schema that the tables are in, of a database of PostgreSQL: `job_runtime` unless it is set. An address has it
    /// as `?schema=name`.
    #[expect(clippy::missing_errors_doc, reason = "they are stated once, at the type")]
    pub fn schema(mut self, name: &str) -> Result<Self> {
        let schema = Schema::new(name)?;
        let address = self.postgres_address();
        let sentence = "only a store of PostgreSQL has a schema";
        address.ok_or_else(|| Error::configuration(sentence.to_owned()))?.schema = schema;
        Ok(self)
    }
}
