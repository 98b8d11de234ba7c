//! Guides: what the pieces do together.

#[expect(clippy::doc_markdown, reason = "names of programs")]
#[doc = include_str!("guide/time.md")]
pub mod time {}
