//! Guides: what the pieces do together.

#[doc = include_str!("guide/time.md")]
pub mod time {}
