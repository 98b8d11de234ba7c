//! The attributes of `job-runtime`: they read a function and its options, and write the glue that registers it.
//!
//! Use them through `job_runtime`, which re-exports them.

mod attr;
mod errors;
mod expand;
mod flavour;
mod group;
mod item;
mod valid;

use proc_macro::TokenStream;

use flavour::Flavour;

/// Makes a function a job that runs again and again.
///
/// ```ignore
/// use job_runtime::{Context, periodic};
///
/// #[periodic(every = "10m", on_overlap = "ignore", timeout = "2m")]
/// async fn purge_sessions(cx: &Context, db: &Database) -> anyhow::Result<()> {
///     db.purge(cx.now()).await
/// }
///
/// #[periodic(cron = "30 2 * * MON-FRI", tz = "Europe/Berlin")]
/// async fn send_report(mailer: &dyn Mailer) {
///     mailer.send("report").await;
/// }
/// ```
///
/// The function stays as it is: it can be called and tested. Beside it stands a type of the same name that
/// controls the job: `purge_sessions::trigger().await?`, `::pause("why").await?`, `::resume().await?`,
/// `::status().await?`. A module, a type or an import of that name in the same scope gets in its way, which rustc
/// calls defined multiple times (E0428, E0255): name it otherwise, as in `companion = PurgeSessions`.
///
/// # Parameters
///
/// | written | means |
/// |---|---|
/// | `&T` | shared data, given by `.data(value)` or `.data_arc(arc)`; also `&dyn Trait` |
/// | `&Context` | this run: its name, attempt, scheduled time, cancellation |
/// | `&mut S` | the job's own state, kept between runs; read by `peek(\|state\| …)` |
/// | `T` | an argument: the job is a template, started for each value by `start(value)`, ended by `stop(value)` |
///
/// Data is `Send` and `Sync`, state has a size and is `Send`, an argument is `Clone`, `Eq`, `Hash`, `Send` and `Sync`.
///
/// The function is `async` or plain (a plain one runs on a thread of its own), has no generics and no lifetimes,
/// and returns `()` or `Result<T, E>` with `E: Display + Into<Box<dyn Error + Send + Sync>>`.
///
/// # Options
///
/// One of `every`, `cron` and `schedule` is needed. A duration is a string such as `"10m"`, `"1h30m"` or `"250ms"`
/// (units `ms`, `s`, `m`, `h`, `d`, `w`), or a `const` expression of the type `Duration`.
///
/// | option | values | default | meaning |
/// |---|---|---|---|
/// | `every` | duration above zero | – | distance between two ticks |
/// | `cron` | `"30 2 * * *"`, `"@daily"`; several as `["0 9 * * MON-FRI", "0 12 * * SAT"]` | – | calendar times; `job_runtime::guide::time` has the grammar |
/// | `tz` | IANA name such as `"Europe/Berlin"` | `"UTC"` | time zone of `cron` |
/// | `dst` | `"vixie"`, `"literal"` | `"vixie"` | where the clocks of the zone change: times of day come exactly once on each day that is meant, all else at every instant whose local time is meant; or all of it at every such instant |
/// | `schedule` | expression of a type that implements `Recurrence` | – | a rule of your own, made at the start |
/// | `initial_delay` | duration | `every` | before the first tick; `"0s"` is at once |
/// | `delay_mode` | `"regular"`, `"shifted"` | `"regular"` | from start to start without drift, or from the end of a run to the next start |
/// | `when` | path or closure, plain or `async`, taking nothing or `&Context`, giving `bool` | – | guard: the tick is skipped when it says no. A panic counts as no |
/// | `on_overlap` | `"run"`, `"ignore"`, `"queue"`, `"stop_previous"` | `"run"`; with `&mut S` it is `"ignore"`, and `"run"` is refused | a tick comes while a run is on: start as well; skip it; start one more afterwards; stop the old run first |
/// | `max_running` | number, at least 1 | no bound | bound of `on_overlap = "run"` |
/// | `on_missed` | `"one"`, `"skip"`, `"all"`, `"all(20)"` | `"one"` | ticks that the process was too busy for, or that a step of the clock passed over: one run for all; none; one for each of the newest, 100,000 at most |
/// | `start_deadline` | duration above zero | – | a run that cannot start by then is missed |
/// | `timeout` | duration above zero, `"infinity"` | `"infinity"` | longest attempt |
/// | `job_shutdown` | duration, `"brutal_kill"`, `"infinity"` | `"5s"` | between being asked to stop and being dropped. Without `&Context` a job cannot hear the request: a timeout and `"stop_previous"` drop it at once |
/// | `jitter` | duration | `"0s"` | random delay of each start, never past the next tick, never adding up |
/// | `splay` | duration | `"0s"` | delay that is fixed for a job on a machine |
/// | `align` | `bool` expression | `false` | ticks at multiples of `every` since the epoch, by the wall clock; leaves no room for `initial_delay` |
/// | `max_attempts` | number, at least 1 | `1` | attempts inside one tick |
/// | `backoff` | `"1s..5m"`, `"10s"` or a `Duration` | `"1s..5m"` | delay between attempts: random under a doubling ceiling, or constant; needs `max_attempts` |
/// | `pause_after` | number, at least 1 | – | pauses the job after so many failures in a row |
/// | `name` | string | the function's name | identity in events, logs and settings; one line without commas, and without white space at its ends |
/// | `enabled` | `bool` expression | `true` | `false` starts it paused |
/// | `companion` | identifier | the function's name | name of the type beside the function |
/// | `crate` | path | `::job_runtime` | where `job_runtime` is found, for crates that re-export or rename it |
///
/// Numbers may be `const` expressions of the type `u32`. `align` goes neither with `initial_delay` nor with
/// `delay_mode = "shifted"`, and all three go with `every` only. `tz` and `dst` go with `cron`, which needs the feature
/// `cron` of `job-runtime`; it is on by default.
///
/// # Mistakes
///
/// Every mistake is reported in one build, each at its own token; the function stays defined meanwhile.
#[proc_macro_attribute]
pub fn periodic(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Flavour::Periodic, options.into(), item.into()).into()
}

/// Makes a function a job that runs when it is spawned.
#[proc_macro_attribute]
pub fn job(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Flavour::Job, options.into(), item.into()).into()
}

/// Makes a function a job that runs all the time, and is restarted when it ends.
#[proc_macro_attribute]
pub fn service(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Flavour::Service, options.into(), item.into()).into()
}

/// Declares jobs that are supervised together.
#[proc_macro]
pub fn group(tokens: TokenStream) -> TokenStream {
    expand::group(tokens.into()).into()
}
