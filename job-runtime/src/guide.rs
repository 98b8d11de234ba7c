//! Guides: what the pieces do together.

#[cfg(feature = "cron")]
#[expect(clippy::doc_markdown, reason = "names of programs")]
#[doc = include_str!("guide/time.md")]
pub mod time {}
