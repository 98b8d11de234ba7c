//! Recurring jobs: ticks, and what becomes of them.

mod arm;
mod book;
mod builder;
mod decide;
mod due;
mod recall;
mod tick;
mod unit;

pub use builder::Periodic;

pub(crate) use book::Periodics;
