//! Recurring jobs: ticks, and what becomes of them.

mod builder;
mod template;
mod tick;
mod unit;

pub use builder::Periodic;

pub(crate) use unit::{Periodics, Request, reply};
