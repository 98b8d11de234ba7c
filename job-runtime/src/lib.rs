//! Declarative background jobs: put an attribute on a function, and it is found, checked, scheduled, supervised,
//! observed and stopped properly.
//!
//! ```no_run,standalone_crate
//! use job_runtime::periodic;
//!
//! #[periodic(every = "10m", on_overlap = "ignore")]
//! async fn purge_sessions() {
//!     println!("purging");
//! }
//!
//! #[tokio::main]
//! async fn main() -> job_runtime::Result {
//!     job_runtime::run_all().await
//! }
//! ```
//!
//! [`run_all`] finds every annotated function of the linked program, refuses to start while anything is wrong (and
//! lists everything that is, with `file:line`), starts them under supervision, and returns after SIGTERM or Ctrl-C
//! when the last run has ended or its grace is over.
//!
//! # How a parameter is written says what it is
//!
//! | written | means |
//! |---|---|
//! | `&T` | shared data, given by [`Builder::data`] or [`Builder::data_arc`]; also `&dyn Trait` |
//! | `&Context` | this run: see [`Context`] |
//! | `&mut S` | the job's own state, kept between runs; made by `Default` or [`Builder::state_with`] |
//! | `T` | an argument, which makes the job a template: one instance per value, started on demand |
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `signals` | yes | SIGTERM, Ctrl-C and USR1 under [`run_all`] |
//! | `testing` | no | `job_runtime::testing`: jobs on paused time, with two fake clocks |
//! | `full` | no | all of them |
//!
//! # Guarantees
//!
//! * No tick is lost or doubled silently: `due = ran + skipped + missed + pending`, at every moment, per job
//!   ([`Accounting`]).
//! * A run never starts before its nominal time, and the k-th tick is at anchor + k · period: no drift.
//! * A panic, an error or a hang in one run touches no other job and not the schedule.
//! * Every [`EventKind::Started`] has exactly one [`EventKind::Finished`].
//! * Dropping a runtime leaves no task behind.
//!
//! Recurring jobs run at most once per tick: what was due while the process was down is not made up for.
//!
//! # Threads and tasks
//!
//! A schedule is a record and an alarm, not a task. One thread (`job-driver`) waits for the earliest alarm, so that
//! a job that blocks a worker of the program's runtime cannot hold the ticks of others. An async run becomes a task
//! of the program's runtime, at the latest when it first has to wait; runs that come due in a crowd are polled for
//! the first time by a few tasks that share them. A plain `fn` runs on a thread of its own, named after the job.
//! Under [`run_all`] a further thread (`job-signals`) hears the signals of the system.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
#[doc(hidden)]
pub mod control;
mod duration;
mod engine;
mod error;
mod event;
mod guard;
mod job;
mod name;
mod outcome;
mod periodic;
mod policy;
mod runtime;
mod schedule;
#[cfg(all(feature = "signals", unix))]
mod signals;
#[cfg(not(all(feature = "signals", unix)))]
#[path = "no_signals.rs"]
mod signals;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "testing")]
mod timestamp;

#[doc(hidden)]
pub mod __private;

#[doc(inline)]
pub use duration::{IntoDuration, duration};
#[doc(inline)]
pub use error::{Error, Result, RunError};
#[doc(inline)]
pub use event::{Event, EventKind, Events};
#[doc(inline)]
pub use job::{Accounting, Context, JobConfig, JobHandle, JobInfo};
pub use job_macros::periodic;
#[doc(inline)]
pub use outcome::{JobState, Kind, MissReason, Outcome, RunId, SkipReason, Trigger};
#[doc(inline)]
pub use periodic::Periodic;
#[doc(inline)]
pub use runtime::{Builder, Health, Runtime, run_all};
#[doc(inline)]
pub use schedule::{Recurrence, Schedule};
#[cfg(feature = "testing")]
#[doc(inline)]
pub use timestamp::IntoTime;
