//! The address of a database, and what people may see of it.

use std::sync::Arc;

use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls};

use super::Postgres;
use super::connector::{By, Connector};
use super::schema::Schema;
use crate::durable::store::Store;
use crate::error::{Error, Result};

/// A database, how it is reached, and the schema in it.
#[derive(Clone)]
pub(crate) struct Address {
    pub(super) config: Config,
    pub(super) schema: Schema,
    pub(super) connector: Arc<dyn Connector>,
}

/// The values of `sslmode` that TLS is needed for.
const SECURE: [&str; 3] = ["require", "verify-ca", "verify-full"];

impl Address {
    /// What a URL says: all that tokio-postgres reads in one, and `schema`, which is ours.
    pub(crate) fn read(address: &str) -> Result<Self> {
        let (base, query) = address.split_once('?').unwrap_or((address, ""));
        let (mut schema, mut others) = (Schema::usual(), Vec::new());
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("schema", name)) => schema = Schema::new(&decoded(name)?)?,
                Some(("sslmode", mode)) if SECURE.contains(&mode) => return Err(no_tls(mode)),
                _ => others.push(parameter),
            }
        }
        let url = if others.is_empty() { base.to_owned() } else { format!("{base}?{}", others.join("&")) };
        let config = url.parse::<Config>().map_err(|error| unreadable(&error))?;
        Self::new(config, schema, Arc::new(By(NoTls)))
    }

    /// # Errors
    /// When there is no host.
    pub(super) fn new(mut config: Config, schema: Schema, connector: Arc<dyn Connector>) -> Result<Self> {
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            let sentence =
                "the address of a database of PostgreSQL has a host: `postgres://user:password@host/database`";
            return Err(Error::configuration(sentence.to_owned()));
        }
        if config.get_application_name().is_none() {
            config.application_name("job-runtime");
        }
        Ok(Self { config, schema, connector })
    }

    /// The store itself, to which nothing is connected yet.
    pub(crate) fn open(&self) -> Arc<dyn Store> {
        Arc::new(Postgres::new(self.clone()))
    }

    /// What people may see: hosts, ports, and the name of the database.
    pub(super) fn describe(&self) -> String {
        let config = &self.config;
        let named = config.get_hosts().iter().map(shown);
        let hosts: Vec<String> = match config.get_hosts() {
            [] => config.get_hostaddrs().iter().map(ToString::to_string).collect(),
            _ => named.collect(),
        };
        let ports = config.get_ports();
        let port = |index: usize| ports.get(index).or(ports.first()).copied().unwrap_or(5432);
        let places: Vec<String> =
            hosts.iter().enumerate().map(|(index, host)| format!("{host}:{}", port(index))).collect();
        let database = config.get_dbname().or(config.get_user()).unwrap_or("postgres");
        let place = format!("PostgreSQL at {}/{database}", places.join(","));
        if self.schema.is_usual() { place } else { format!("{place}, schema {}", self.schema.name()) }
    }
}

fn shown(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    }
}

/// The address says that it wants TLS, and gives none.
fn no_tls(mode: &str) -> Error {
    let sentence = format!(
        "`sslmode={mode}` needs TLS, which an address cannot bring: give a connector of your choice by \
         `StoreConfig::postgres(config, tls)`, or write `sslmode=disable` where the way is safe"
    );
    Error::configuration(sentence)
}

fn unreadable(error: &tokio_postgres::Error) -> Error {
    // It names what it cannot read, and never a value.
    let cause = std::error::Error::source(error).map(ToString::to_string);
    let cause = cause.unwrap_or_else(|| error.to_string());
    Error::configuration(format!("the address of a database of PostgreSQL cannot be read: {cause}"))
}

/// A part of a URL without its `%xx`.
fn decoded(text: &str) -> Result<String> {
    let wrong = || Error::configuration("`schema` has a `%` that no two digits follow".to_owned());
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first == b'%' {
            let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()).ok_or_else(wrong)?;
            bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
            rest = rest.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).map_err(|_| Error::configuration("`schema` is no text".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::Address;

    fn read(address: &str) -> Address {
        Address::read(address).unwrap_or_else(|error| panic!("{address}: {error}"))
    }

    #[test]
    fn all_that_tokio_postgres_reads_is_read() {
        for (address, shown) in [
            ("postgres://anna:secret@db.example/shop", "PostgreSQL at db.example:5432/shop"),
            ("postgresql://anna@a:1,b:2/shop", "PostgreSQL at a:1,b:2/shop"),
            ("postgres:///shop?host=/run/pg&user=anna", "PostgreSQL at /run/pg:5432/shop"),
            ("postgres://anna:secret@db/shop?schema=my%20jobs", "PostgreSQL at db:5432/shop, schema my jobs"),
            ("postgres://anna:secret@db?sslmode=prefer&schema=job_runtime", "PostgreSQL at db:5432/anna"),
        ] {
            assert_eq!(read(address).describe(), shown, "{address}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_in_words_without_the_password() {
        for (address, words) in [
            ("postgres://anna:secret@db/shop?sslmode=require", "`StoreConfig::postgres(config, tls)`"),
            ("postgres://anna:secret@db/shop?sslmode=verify-full", "`StoreConfig::postgres(config, tls)`"),
            ("postgres://anna:secret@db/shop?colour=red", "colour"),
            ("postgres://anna:secret@db:port/shop", "port"),
            ("postgres:///shop", "has a host"),
            ("postgres://anna:secret@db/shop?schema=", "`schema` takes a name"),
            ("postgres://anna:secret@db/shop?schema=a%2", "`%`"),
        ] {
            let error = Address::read(address).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(words) && !error.contains("secret"), "{address}: {error}");
        }
    }
}
