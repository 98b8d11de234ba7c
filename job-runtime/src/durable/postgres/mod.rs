//! A store in PostgreSQL.

use std::convert::Infallible;
use std::sync::Arc;

use super::store::Store;
use crate::error::{Error, Result};

/// There is none.
#[derive(Clone)]
pub(crate) struct Address(Infallible);

impl Address {
    pub(crate) fn read(_address: &str) -> Result<Self> {
        let sentence = "a store of PostgreSQL needs the feature `postgres` of `job-runtime`, which is not enabled";
        Err(Error::configuration(sentence.to_owned()))
    }

    pub(crate) fn open(&self) -> Arc<dyn Store> {
        match self.0 {}
    }
}
