//! Without the feature `sqlite`: its addresses are refused in words.

use std::convert::Infallible;
use std::sync::Arc;

use super::store::Store;
use crate::error::{Error, Result};

/// There is none.
#[derive(Clone)]
pub(crate) struct Address(Infallible);

impl Address {
    pub(crate) fn read(_address: &str) -> Result<Self> {
        let sentence = "a store of SQLite needs the feature `sqlite` of `job-runtime`, which is not enabled";
        Err(Error::configuration(sentence.to_owned()))
    }

    pub(crate) fn open(&self) -> Arc<dyn Store> {
        match self.0 {}
    }
}
