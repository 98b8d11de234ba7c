//! The store against a server of its own.

mod alike;
mod place;
