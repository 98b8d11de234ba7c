//! Guides: what the pieces do together.

#[cfg(feature = "_durable")]
#[expect(clippy::doc_markdown, reason = "names of programs")]
#[doc = include_str!("guide/operating.md")]
pub mod operating {}

#[cfg(feature = "_durable")]
#[doc = include_str!("guide/queues.md")]
pub mod queues {}

#[cfg(feature = "cron")]
#[expect(clippy::doc_markdown, reason = "names of programs")]
#[doc = include_str!("guide/time.md")]
pub mod time {}
