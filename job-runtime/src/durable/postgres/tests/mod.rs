//! The store against a server of its own.

mod alike;
#[allow(warnings, clippy::all)]
mod bench;
mod place;
