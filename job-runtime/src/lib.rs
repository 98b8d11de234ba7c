//! Declarative background jobs: put an attribute on a function, and it is found, checked, scheduled, supervised,
//! observed and stopped properly.
//!
//! ```standalone_crate
//! use job_runtime::periodic;
//!
//! #[periodic(every = "10m", on_overlap = "ignore")]
//! async fn purge_sessions() {
//!     println!("purging");
//! }
//!
//! #[tokio::main]
//! async fn main() -> job_runtime::Result {
//!     job_runtime::run_all()
//! #       .shutdown_on(std::future::ready(()))
//!         .await
//! }
//! ```
//!
//! [`run_all`] finds every annotated function of the linked program, refuses to start while anything is wrong (and
//! lists everything that is, with `file:line`), starts them under supervision, and returns after SIGTERM or Ctrl-C
//! when the last run has ended or its grace is over.
//!
//! | written | makes the function | its options |
//! |---|---|---|
//! | `#[periodic(every = "10m")]` | recur | [`periodic`](macro@periodic) |
//! | `#[job]` | run when it is [spawned](#jobs-on-demand), with arguments, and retried if that is wanted | [`job`](macro@job) |
//! | `#[job(queue = "mail")]` | wait in a store, which outlives the process, until any that shares it runs it | [`job`](macro@job) |
//! | `#[service]` | run [all the time](#services), started again when it ends | [`service`](macro@service) |
//! | `group!(NAME = [a, b])` | stand and fall [together](#groups) with others | [`group!`](macro@group) |
//!
//! To embed the jobs in a program that has a `main` of its own, [`Builder::start`] them; it gives a [`Runtime`]. Jobs
//! that are known only at run time are made without the attribute, by [`Periodic`].
//!
//! # Words
//!
//! A *tick* is a time at which a job is due. From a tick, a trigger, a `spawn` or the start of a service (each is an
//! *occasion*) comes a *run*, unless it is *skipped* (its guard, the option `when`, said no; the run before is still
//! on; the job is paused; it was refused or cancelled) or *missed* (its time went by before it could start). A run has
//! one *attempt*, or more where `max_attempts` allows. A run that should stop is asked to, through its [`Context`], and
//! has its *grace*, the option `job_shutdown`; what is on after that is dropped.
//!
//! # How a parameter is written says what it is
//!
//! | written | means |
//! |---|---|
//! | `&T` | shared data, given by [`Builder::data`] or [`Builder::data_arc`]; also `&dyn Trait` |
//! | `&Context` | this run: see [`Context`] |
//! | `&mut S` | the job's own state, kept between runs; made by `Default` or [`Builder::state_with`] |
//! | `T` | an argument. A `#[job]` is spawned with it; the others become a template: one instance per value, started on demand |
//!
//! ```standalone_crate
//! use std::time::SystemTime;
//! use job_runtime::{Context, periodic};
//!
//! struct Database;
//!
//! /// For each user that is started: `account_sync::start(42)`.
//! #[periodic(every = "1m")]
//! async fn account_sync(user: u64, last: &mut Option<SystemTime>, db: &Database, cx: &Context) {
//!     println!("user {user}, last synced at {last:?}");
//!     *last = Some(cx.now());
//! }
//! # #[tokio::main]
//! # async fn main() -> job_runtime::Result {
//! # let runtime = job_runtime::run_all().data(Database).start().await?;
//! # account_sync::start(42)?;
//! # runtime.shutdown().await
//! # }
//! ```
//!
//! A function is `async` or plain, and returns `()` or `Result<T, E>`. The future of an `async` one is `Send`; a
//! plain one runs on a thread of its own, and cannot be taken off it.
//!
//! # Beside the function
//!
//! The function stays an ordinary one, to be called and tested. Beside it stands a type of the same name, through
//! which the rest of the program controls the job in the [current runtime](Runtime::current):
//!
//! | written | does |
//! |---|---|
//! | `purge_sessions::trigger().await?` | runs it now, through its guard and overlap policy; gives a [`JobHandle`] |
//! | `::pause("why").await?`, `::resume().await?` | skips its ticks in between |
//! | `::status().await?` | tells how it is: a [`JobInfo`] |
//! | `::peek(\|state\| …).await?` | reads its `&mut S` between runs; `None` before the first |
//! | `account_sync::start(42)?`, `::stop(42)` | starts and stops an instance of a template |
//! | `welcome_mail::spawn(user)` | runs a `#[job]`; also `try_spawn`, `spawn_after`, `spawn_at` |
//! | `welcome_mail::enqueue(user).await?` | in their place where the `#[job]` has a `queue`: puts it there; also `enqueue_all` |
//!
//! A template has no `trigger` of its own, and its `peek` takes the arguments first. A run cannot peek at the state
//! that it holds itself. Of a job with a `queue`, and of one with `scope = "cluster"`, a pause holds for all nodes and
//! over restarts.
//!
//! ```standalone_crate
//! use job_runtime::periodic;
//!
//! #[periodic(every = "1h")]
//! async fn count_users() -> Result<u32, std::io::Error> {
//!     Ok(42)
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let runtime = job_runtime::run_all().start().await?;
//!     let run = count_users::trigger().await?;
//!     assert_eq!(run.await?, 42);
//!     runtime.shutdown().await?;
//!     Ok(())
//! }
//! ```
//!
//! # Jobs on demand
//!
//! `spawn` hands a [`#[job]`](macro@job) to the runtime, from a handler, from another job, or from a thread that is not
//! tokio's. It does not wait and does not panic. Awaiting its [`JobHandle`] gives what the function returned, or a
//! [`RunError`]; dropping it lets the run go on. A run that is refused ends its handle at once, and is counted and
//! logged with the place that spawned it; `try_spawn` gives the refusal instead.
//!
//! ```standalone_crate
//! use job_runtime::job;
//!
//! struct Crm;
//!
//! #[job(max_attempts = 5, backoff = "1s..5m")]
//! async fn create_crm_user(name: String, crm: &Crm) -> Result<usize, std::io::Error> {
//!     Ok(name.len())
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let runtime = job_runtime::run_all().data(Crm).start().await?;
//!     create_crm_user::spawn("Ada".to_owned()); // fire and forget
//!     let run = create_crm_user::spawn("Grace".to_owned());
//!     assert_eq!(run.await?, 5);
//!     let later = create_crm_user::spawn_after("5m", "Joan".to_owned());
//!     later.cancel();
//!     assert!(later.await.unwrap_err().is_cancelled());
//!     runtime.shutdown().await?;
//!     Ok(())
//! }
//! ```
//!
//! With `&mut S` it is serial: one run after another, in the order of `spawn`, on one state. Then the argument is a
//! message and the output its reply; `spawn(…)` casts, `spawn(…).await` calls. A run that awaits a later one of
//! the same serial job, which would wait for it in turn, is told so by an error.
//!
//! ```standalone_crate
//! use std::collections::HashMap;
//! use job_runtime::job;
//!
//! enum Message {
//!     Add(&'static str, u32),
//!     Find(&'static str),
//! }
//!
//! #[job]
//! async fn registry(message: Message, entries: &mut HashMap<&'static str, u32>) -> Result<Option<u32>, String> {
//!     match message {
//!         Message::Add(key, value) => Ok(entries.insert(key, value)),
//!         Message::Find(key) => Ok(entries.get(key).copied()),
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let runtime = job_runtime::run_all().start().await?;
//! registry::spawn(Message::Add("answer", 42));
//! assert_eq!(registry::spawn(Message::Find("answer")).await?, Some(42));
//! # runtime.shutdown().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Queues
//!
//! With the feature `sqlite` or `postgres`, `Builder::store` gives a runtime a store. There a [`#[job]`](macro@job) with
//! a `queue` waits, whatever becomes of the process that put it in, and any that shares the store runs it: at least once,
//! and again only when its process died or was cut off.
//!
//! ```standalone_crate
//! # #[cfg(not(any(feature = "sqlite", feature = "postgres")))]
//! # fn main() {}
//! # #[cfg(any(feature = "sqlite", feature = "postgres"))]
//! # fn main() -> job_runtime::Result {
//! #     queues::main()
//! # }
//! # #[cfg(any(feature = "sqlite", feature = "postgres"))]
//! # mod queues {
//! use job_runtime::{StoreConfig, job, periodic};
//!
//! #[job(queue = "mail", max_attempts = 20, backoff = "1s..1h")]
//! async fn welcome_mail(user_id: u64) -> Result<(), std::io::Error> {
//!     println!("welcome, {user_id}");
//!     Ok(())
//! }
//!
//! /// One run for all nodes.
//! #[periodic(every = "1h", scope = "cluster")]
//! async fn report() {}
//!
//! # #[tokio::main]
//! # pub async fn main() -> job_runtime::Result {
//! let store = StoreConfig::memory(); // or "sqlite://jobs.db", or "postgres://user:password@host/database"
//! let runtime = job_runtime::run_all().store(store).queue("mail", 50).start().await?;
//! welcome_mail::enqueue(7).await?;
//! welcome_mail::enqueue(8).after("5m").priority(1).unique_for("1h").await?;
//! println!("{:?}", runtime.queue("mail")?.status().await?);
//! # runtime.shutdown().await
//! # }
//! # }
//! ```
//!
//! Recurring jobs have their ticks decided once for all nodes with `scope = "cluster"`; and with a store all of them go
//! on over restarts, as `on_missed` says. The guide [`guide::queues`](guide/queues/index.html) tells how to choose a
//! store, what is promised, by which test, and what is not; [`guide::operating`](guide/operating/index.html) is for those
//! who run the database.
//!
//! # Services
//!
//! A [`#[service]`](macro@service) starts with the runtime and runs until its [`Context`] asks it to stop. When it ends
//! before, it is started again, as `restart` says and after its `backoff`, with the state that it had, unless it
//! panicked. When it ends more than `max_restarts` times in `max_seconds`, it gives up: the runtime shuts down in order
//! and [`run_all`] returns an [error that says so](Error::is_gave_up), or with `on_give_up = "pause"` the service is
//! paused. A pause by hand stops it, and the resumption starts it with a fresh budget.
//!
//! ```standalone_crate
//! use job_runtime::{Context, service};
//! use tokio::sync::{Mutex, mpsc};
//!
//! struct Inbox(Mutex<mpsc::Receiver<String>>);
//!
//! #[service(backoff = "500ms..30s")]
//! async fn consume(cx: &Context, inbox: &Inbox) -> Result<(), String> {
//!     let mut messages = inbox.0.lock().await;
//!     loop {
//!         tokio::select! {
//!             () = cx.cancelled() => return Ok(()),
//!             message = messages.recv() => println!("{}", message.ok_or("the senders are gone")?),
//!         }
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> job_runtime::Result {
//! let (sender, inbox) = mpsc::channel(100);
//! let runtime = job_runtime::run_all().data(Inbox(Mutex::new(inbox))).start().await?;
//! sender.send("hello".to_owned()).await.expect("somebody receives");
//! assert_eq!(consume::status().await?.running, 1);
//! runtime.shutdown().await
//! # }
//! ```
//!
//! # Groups
//!
//! The members of a [`group!`](macro@group) are started in its order and stopped one after another in reverse. When a
//! service among them ends, those that its `strategy` names are stopped and begin anew, recurring jobs and jobs on
//! demand as well. That counts once, against the budget of the group; when it is used up, the runtime shuts down. A
//! start is not waited for: what a member needs of another, it waits for itself.
//!
//! ```standalone_crate
//! use job_runtime::{Context, group, periodic, service};
//!
//! #[service]
//! async fn connection(cx: &Context) {
//!     cx.cancelled().await;
//! }
//!
//! #[service]
//! async fn consume(cx: &Context) {
//!     cx.cancelled().await;
//! }
//!
//! #[periodic(every = "10s")]
//! async fn acknowledge() {}
//!
//! group!(BUS = [connection, consume, acknowledge], strategy = "rest_for_one");
//!
//! # #[tokio::main]
//! # async fn main() -> job_runtime::Result {
//! # let runtime = job_runtime::run_all().start().await?;
//! assert_eq!(acknowledge::status().await?.group.as_deref(), Some("BUS"));
//! # runtime.shutdown().await
//! # }
//! ```
//!
//! # Seeing what happens
//!
//! [`Builder::on_event`] and [`Runtime::events`] tell everything that happens, [`Runtime::jobs`] and
//! [`Runtime::health`] how things stand. Each attempt has a `tracing` span, and each event a line, under the targets
//! `job_runtime::run` and `job_runtime::scheduler`; the library installs no subscriber, so without one a failing job
//! is silent. It must be the global one: runs and events are told on many threads.
//!
//! # Testing
//!
//! The feature `testing` runs the jobs on tokio's paused clock, by hand or by schedule: see `job_runtime::testing`.
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `signals` | yes | SIGTERM, Ctrl-C and USR1 under [`run_all`] |
//! | `cron` | yes | calendar times in time zones: `cron`, `tz`, `dst` at the attribute, `Schedule::cron`; see the guide `guide::time` |
//! | `sqlite` | no | jobs that outlive the process, in a file of SQLite: `queue` at `#[job]`, `scope` at `#[periodic]`, `Builder::store` |
//! | `postgres` | no | the same in a database of PostgreSQL, for many nodes |
//! | `testing` | no | `job_runtime::testing`: jobs on paused time, with two fake clocks |
//! | `full` | no | all of these |
//! | `sqlx-0_8`, `sqlx-0_9` | no | with `postgres`: jobs join transactions of this sqlx |
//!
//! # Guarantees
//!
//! * No tick is lost or doubled silently: `due = ran + skipped + missed + pending`, at every moment, per job
//!   ([`Accounting`]).
//! * A time of day comes exactly once on each day that is meant, whatever the clocks of its zone do.
//! * A run never starts before its nominal time, and the k-th tick is at anchor + k · period: no drift.
//! * A panic, an error or a hang in one run touches no other job and not the schedule, except for the members of a
//!   group, which go along as it says.
//! * What is spawned runs, or is refused, cancelled or interrupted, which its handle tells and the accounts count.
//! * Every [`EventKind::Started`] has exactly one [`EventKind::Finished`].
//! * Dropping a runtime leaves no task behind.
//!
//! Without a [store](#queues) recurring jobs run at most once per tick, and what was due while the process was down is
//! not made up for; what was spawned and has not run goes with the process. With one, what was enqueued runs at least
//! once, and ticks of a downtime go through `on_missed`.
//!
//! # Threads and tasks
//!
//! A schedule is a record and an alarm, not a task; so is a spawned run that waits. One thread (`job-driver`) waits for
//! the earliest alarm, so that a job that blocks a worker of the program's runtime cannot hold the ticks of others. An
//! async run becomes a task of the program's runtime, at the latest when it first has to wait; runs that come due in a
//! crowd are polled for the first time by a few tasks that share them. A plain `fn` runs on a thread of its own, named
//! after the job. A further thread (`job-events`) tells what happened, as soon as anybody listens; under [`run_all`]
//! another one (`job-signals`) hears the signals of the system. With a store, one (`job-store`) asks it for work and keeps
//! the lease of the process, and of a file of SQLite one writes and one looks (`job-sqlite`, `job-sqlite-read`).

#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
#[doc(hidden)]
pub mod control;
mod deferred;
#[cfg(feature = "_durable")]
mod durable;
mod duration;
mod engine;
mod error;
mod event;
mod guard;
pub mod guide;
mod job;
mod name;
mod outcome;
mod panics;
mod periodic;
mod policy;
mod runtime;
mod schedule;
mod service;
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

#[cfg(feature = "_durable")]
#[doc(inline)]
pub use durable::{
    AttemptRow, Enqueue, Enqueued, IntoStore, JobRow, Joined, Parked, Queue, QueueInfo, StoreConfig, Within,
};
#[doc(inline)]
pub use duration::{IntoDuration, duration};
#[doc(inline)]
pub use error::{Error, Result, RunError};
#[doc(inline)]
pub use event::{Event, EventKind, Events};
#[doc(inline)]
pub use job::{Accounting, Context, JobConfig, JobHandle, JobInfo};
pub use job_macros::{group, job, periodic, service};
#[doc(inline)]
pub use outcome::{JobState, Kind, MissReason, Outcome, RunId, SkipReason, Trigger};
#[doc(inline)]
pub use periodic::Periodic;
#[doc(inline)]
pub use runtime::{Builder, Health, Runtime, run_all};
#[cfg(feature = "_durable")]
#[doc(inline)]
pub use runtime::{Migrated, migrate};
#[cfg(feature = "cron")]
#[doc(inline)]
pub use schedule::{Dst, ZoneData};
#[doc(inline)]
pub use schedule::{Recurrence, Schedule};
#[cfg(feature = "testing")]
#[doc(inline)]
pub use timestamp::IntoTime;
