//! Without the feature `cron`: calendar times are refused in words, wherever they are written.

use std::convert::Infallible;
use std::time::SystemTime;

use crate::error::{Error, Result};

const MISSING: &str = "calendar times need the feature `cron` of `job-runtime`, which is not enabled";

/// There are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expressions(Infallible);

impl Expressions {
    pub(crate) fn read(_text: &str) -> Result<Self> {
        Err(Error::configuration(MISSING.to_owned()))
    }
}

/// There are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Zone(Infallible);

impl Zone {
    pub(crate) fn named(_name: &str) -> Result<Self> {
        Err(Error::configuration(MISSING.to_owned()))
    }
}

/// There are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dst(Infallible);

impl Dst {
    pub(crate) fn read(_word: &str) -> Result<Self> {
        Err(Error::configuration(MISSING.to_owned()))
    }
}

/// Refuses a cron expression at compile time.
///
/// # Panics
/// Always, with a sentence.
#[track_caller]
pub const fn check_cron(_text: &str) {
    panic!("{}", MISSING)
}

/// Refuses a time zone at compile time.
///
/// # Panics
/// Always, with a sentence.
#[track_caller]
pub const fn check_zone(_name: &str) {
    panic!("{}", MISSING)
}

/// Nobody asks for it.
#[expect(clippy::unnecessary_wraps, reason = "the same door as with calendar times")]
pub(crate) fn check_zone_data(_value: &str) -> Result<()> {
    Ok(())
}

/// There are none.
#[derive(Clone, Debug)]
pub struct Calendar(Infallible);

impl Calendar {
    #[expect(clippy::needless_pass_by_value, reason = "the same door as with calendar times")]
    pub(crate) fn new(expressions: Expressions, _zone: Option<Zone>, _rule: Option<Dst>) -> Self {
        match expressions.0 {}
    }

    pub(crate) fn with(&self, _zone: Option<&Zone>, _rule: Option<Dst>) -> Self {
        match self.0 {}
    }

    pub(crate) fn dst(&self) -> &'static str {
        match self.0 {}
    }

    pub(crate) fn tally(&self, _from: SystemTime, _to: SystemTime, _most: u64) -> (u64, Vec<SystemTime>) {
        match self.0 {}
    }

    pub(crate) fn next(&self, _after: SystemTime) -> Option<SystemTime> {
        match self.0 {}
    }

    pub(crate) fn describe(&self) -> String {
        match self.0 {}
    }

    pub(crate) fn zone(&self) -> &str {
        match self.0 {}
    }
}
