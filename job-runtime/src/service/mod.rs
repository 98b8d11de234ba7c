//! Long-running jobs: started, and started again when they end, until they have ended too often.

mod book;
mod unit;

pub(crate) use book::Services;
