//! Testing your jobs on paused time, with two fake clocks.
//!
//! In *manual* mode nothing ticks by itself, and [`Harness::tick`] runs a job and waits for it. In *auto* mode
//! ([`TestBuilder::auto`]) schedules tick while [`Harness::advance`] moves the clocks. Both want tokio's paused
//! clock, that is `#[tokio::test(start_paused = true)]`.
//!
//! ```standalone_crate
//! use job_runtime::{Outcome, periodic, testing};
//!
//! #[periodic(every = "10m")]
//! async fn purge_sessions() {}
//!
//! #[tokio::main(flavor = "current_thread", start_paused = true)] // in a test: #[tokio::test(start_paused = true)]
//! async fn main() {
//!     let jobs = testing::start().await;
//!     assert_eq!(jobs.tick("purge_sessions").await, Ok(Outcome::Completed));
//!
//!     let jobs = testing::start().auto().await;
//!     jobs.advance("1h").await;
//!     assert_eq!(jobs.runs("purge_sessions").len(), 6);
//! }
//! ```
//!
//! # Clocks
//!
//! The jobs' monotonic clock is tokio's paused clock; their wall clock goes with it, and can be moved by itself.
//! The jobs lead them on only while a function of the harness runs or a [`JobHandle`](crate::JobHandle) is awaited.
//! What waits for tokio's time itself, in the test or in a job that is on, leads tokio's clock on in any `.await`
//! of the test, as it always does; the ticks of that time are then late, which the jobs see as a stall. The
//! environment is not read. A plain `fn` runs in real time, and the clocks stand still while it does.
//!
//! # Which jobs
//!
//! The jobs of a test binary are those of its crate and of all it links; [`TestBuilder::only`] picks some.
//! Documentation tests of one crate are linked into one binary: mark those that declare jobs `standalone_crate`.
//!
//! The functions of the type beside a job, such as `purge_sessions::trigger()`, mean the harness that was started
//! last on the test's tokio runtime, so that tests side by side do not meet.
//!
//! # The end
//!
//! When a harness is dropped, what still runs is killed, and it asserts for each job that
//! `due = ran + skipped + missed + pending`, unless the test is failing already.

mod builder;
mod harness;
mod record;
#[cfg(feature = "_durable")]
mod stored;

pub use builder::{TestBuilder, assert_all_valid, start};
pub use harness::{Harness, Performs, TickError};
pub use record::Run;
#[cfg(feature = "_durable")]
pub use stored::Drained;
