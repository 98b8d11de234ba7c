//! The address of a file of SQLite.

use std::path::PathBuf;
use std::sync::Arc;

use super::Sqlite;
use crate::durable::store::Store;
use crate::error::{Error, Result};

/// Where the file is.
#[derive(Clone, Debug)]
pub(crate) struct Address(PathBuf);

impl Address {
    /// Reads `sqlite://jobs.db`, or `sqlite:///var/lib/jobs.db` with an absolute path.
    pub(crate) fn read(address: &str) -> Result<Self> {
        let path = address.strip_prefix("sqlite:").unwrap_or(address);
        if path.contains(":memory:") {
            return Err(refused("a store in memory is `memory:`"));
        }
        match path.strip_prefix("//") {
            None | Some("") => Err(refused(
                "the address of a file of SQLite is `sqlite://jobs.db`, or `sqlite:///var/lib/jobs.db` with an absolute \
                 path",
            )),
            Some(path) if path.contains('?') => {
                Err(refused("the address of a file of SQLite ends with its path, and takes no parameters"))
            }
            Some(path) => Ok(Self(path.into())),
        }
    }

    /// The store, for which nothing has been done yet.
    pub(crate) fn open(&self) -> Arc<dyn Store> {
        Arc::new(Sqlite::new(self.0.clone()))
    }
}

fn refused(sentence: &str) -> Error {
    Error::configuration(sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_or_absolute() {
        for (address, shown) in [
            ("sqlite://jobs.db", "SQLite at jobs.db"),
            ("sqlite://data/jobs.db", "SQLite at data/jobs.db"),
            ("sqlite:///var/lib/jobs.db", "SQLite at /var/lib/jobs.db"),
        ] {
            assert_eq!(Address::read(address).expect(address).open().describe(), shown);
        }
    }

    #[test]
    fn what_is_no_path_is_refused_in_words() {
        for (address, word) in [
            ("sqlite::memory:", "`memory:`"),
            ("sqlite://:memory:", "`memory:`"),
            ("sqlite:", "`sqlite://jobs.db`"),
            ("sqlite://", "`sqlite://jobs.db`"),
            ("sqlite:jobs.db", "`sqlite://jobs.db`"),
            ("sqlite:/var/lib/jobs.db", "`sqlite:///var/lib/jobs.db`"),
            ("sqlite://jobs.db?mode=rwc", "no parameters"),
        ] {
            let refusal = Address::read(address).expect_err(address);
            assert!(refusal.is_configuration() && refusal.to_string().contains(word), "{address}: {refusal}");
        }
    }
}
