//! The attributes of `job-runtime`: they read a function and its options, and write the glue that registers it.
//! `group!` registers functions that are supervised together.
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
/// | `on_missed` | `"one"`, `"skip"`, `"all"`, `"all(20)"` | `"one"` | ticks that the process was too busy for, that a step of the clock passed over, or, with a store, that came due while the program was down: one run for all; none; one for each of the newest, 100,000 at most |
/// | `start_deadline` | duration above zero | – | a run that cannot start by then is missed |
/// | `timeout` | duration above zero, `"infinity"` | `"infinity"` | longest attempt |
/// | `job_shutdown` | duration, `"brutal_kill"`, `"infinity"` | `"5s"` | between being asked to stop and being dropped. Without `&Context` a job cannot hear the request: a timeout and `"stop_previous"` drop it at once |
/// | `jitter` | duration | `"0s"` | random delay of each start, never past the next tick, never adding up |
/// | `splay` | duration | `"0s"` | delay that is fixed for a job on a machine |
/// | `align` | `bool` expression | `false` | ticks at multiples of `every` since the epoch, by the wall clock; leaves no room for `initial_delay` |
/// | `max_attempts` | number, at least 1 | `1` | attempts inside one tick |
/// | `backoff` | `"1s..5m"`, `"10s"` or a `Duration` | `"1s..5m"` | delay between attempts: random under a doubling ceiling, or constant; needs `max_attempts` |
/// | `pause_after` | number, at least 1 | – | pauses the job after so many failures in a row |
/// | `scope` | `"process"`, `"cluster"` | `"process"` | which processes run a tick: each that has the job; or one of all that share a store, where overlap, pauses and triggers hold for all of them |
/// | `name` | string | the function's name | identity in events, logs and settings; one line without commas, and without white space at its ends |
/// | `enabled` | `bool` expression | `true` | `false` starts it paused |
/// | `companion` | identifier | the function's name | name of the type beside the function |
/// | `crate` | path | `::job_runtime` | where `job_runtime` is found, for crates that re-export or rename it |
///
/// Numbers may be `const` expressions of the type `u32`. `align` goes neither with `initial_delay` nor with
/// `delay_mode = "shifted"`, and all three go with `every` only. `tz` and `dst` go with `cron`, which needs the feature
/// `cron` of `job-runtime`; it is on by default. `scope = "cluster"` needs the feature `sqlite` or `postgres`, and goes
/// neither with `&mut S` and arguments, which each process has for itself, nor with `delay_mode = "shifted"` and `splay`.
///
/// # Mistakes
///
/// Every mistake is reported in one build, each at its own token; the function stays defined meanwhile.
#[proc_macro_attribute]
pub fn periodic(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Flavour::Periodic, options.into(), item.into()).into()
}

/// Makes a function a job that runs when it is spawned; or, with `queue`, one that waits in a store until any of the
/// processes that share it runs it.
///
/// ```ignore
/// use job_runtime::{Context, job};
///
/// #[job(max_attempts = 5, backoff = "1s..5m", timeout = "30s")]
/// async fn create_crm_user(user: User, crm: &Crm) -> Result<CrmId, CrmError> {
///     crm.create(user).await
/// }
///
/// /// One call after another, on one state: a server.
/// #[job]
/// async fn registry(call: Call, names: &mut HashMap<String, Address>) -> Result<Option<Address>, Infallible> {
///     Ok(match call {
///         Call::Add(name, address) => names.insert(name, address),
///         Call::Find(name) => names.get(&name).copied(),
///     })
/// }
///
/// /// In a store, where neither a crash nor a new version of the program loses it.
/// #[job(queue = "mail", max_attempts = 20, backoff = "1s..1h")]
/// async fn welcome_mail(user_id: u64, template: String, mailer: &dyn Mailer) -> anyhow::Result<()> {
///     mailer.send(user_id, &template).await
/// }
///
/// create_crm_user::spawn(user);                                       // and let go
/// let found = registry::spawn(Call::Find("printer".into())).await?;   // and wait for it
/// welcome_mail::enqueue(7, "hello".into()).await?;                    // and be sure that it will run
/// ```
///
/// The function stays as it is: it can be called and tested. Beside it stands a type of the same name that hands it to
/// the runtime and controls it. A module, a type or an import of that name in the same scope gets in its way, which
/// rustc calls defined multiple times (E0428, E0255): name it otherwise, as in `companion = CreateCrmUser`.
///
/// | written | does |
/// |---|---|
/// | `create_crm_user::spawn(user)` | runs it once, as soon as there is room; gives a `JobHandle`, which can be awaited or dropped |
/// | `::try_spawn(user)?` | the same, and a refusal at once instead of out of the handle |
/// | `::spawn_after("5m", user)`, `::spawn_at(time, user)` | runs it later |
/// | `::pause("why").await?`, `::resume().await?` | starts nothing in between |
/// | `::status().await?` | tells how it is |
/// | `::peek(\|state\| …).await?` | reads its `&mut S` between runs; `None` before the first |
///
/// With `queue` there are others in the place of those that spawn, and a pause holds for all nodes and over restarts:
///
/// | written | does |
/// |---|---|
/// | `welcome_mail::enqueue(7, template).await?` | puts it into its queue, and gives an `Enqueued`; before the `await` may stand `.after("5m")`, `.at(time)`, `.priority(1)`, `.unique_for("1h")`, `.unique_key(key)`, `.on_conflict("replace")`, `.within(&mut transaction)` |
/// | `::enqueue_all(all).await?` | puts several in, in one go: of one argument its values, of several their tuples, of none `()`; gives an `Enqueued` for each |
///
/// # Parameters
///
/// | written | means |
/// |---|---|
/// | `&T` | shared data, given by `.data(value)` or `.data_arc(arc)`; also `&dyn Trait` |
/// | `&Context` | this run: its name, attempt, cancellation |
/// | `&mut S` | the job's own state, kept between runs: it runs once at a time then, in the order of `spawn`. Not with `queue` |
/// | `T` | an argument of `spawn` or `enqueue`; any number up to 12 |
///
/// Data is `Send` and `Sync`, state has a size and is `Send`, an argument is `Send`; where `max_attempts` is written
/// and is not `1`, it is `Clone` besides, since each attempt is given its own.
///
/// With `queue` an argument is `Serialize` and `DeserializeOwned` instead, by serde's derive, and has a name. The
/// arguments are written as a JSON object, `{"user_id":7,"template":"hello"}`, and read anew for each attempt. So a
/// version of the program reads what another one wrote: what it has no parameter for is passed over, and a parameter
/// that is an `Option` is `None` where it was not written. What cannot be read otherwise is parked with its error, to
/// be seen to by a person; so give a parameter another name or type only when no job waits. Numbers keep all their
/// digits, but JSON has none that are not finite.
///
/// The function is `async` or plain (a plain one runs on a thread of its own), has no generics and no lifetimes,
/// and returns `()` or `Result<T, E>` with `E: Display + Into<Box<dyn Error + Send + Sync>>`.
///
/// # Options
///
/// None is needed: `#[job]` will do. A duration is a string such as `"10m"`, `"1h30m"` or `"250ms"` (units `ms`, `s`,
/// `m`, `h`, `d`, `w`), or a `const` expression of the type `Duration`.
///
/// | option | values | default | meaning |
/// |---|---|---|---|
/// | `max_attempts` | number, at least 1 | `1` | attempts of one run |
/// | `backoff` | `"1s..5m"`, `"10s"` or a `Duration` | `"1s..5m"` | delay between attempts: random under a doubling ceiling, or constant; needs `max_attempts` |
/// | `timeout` | duration above zero, `"infinity"` | `"infinity"` | longest attempt |
/// | `max_running` | number, at least 1 | no bound | runs at a time; with `&mut S` it is one, whatever is written |
/// | `max_pending` | number | `10000` | runs that wait for a place or for their time; further ones are refused, with `0` all that cannot start at once |
/// | `queue` | string | – | the queue of a store that it waits in; it says how many run, by `.queue(name, max_running)` of the builder, so that `max_running` and `max_pending` do not go with it. One line without commas, a leading `@`, and white space at its ends. Needs the feature `sqlite` or `postgres` of `job-runtime` |
/// | `priority` | number from 0 to 9 | `0` | its place among those of its queue, of which 0 goes first; needs `queue` |
/// | `unique_for` | duration above zero, `"unfinished"` | – | keeps the same job, with equal arguments, out for so long or as long as it has not come to its end; needs `queue` |
/// | `job_shutdown` | duration, `"brutal_kill"`, `"infinity"` | `"5s"` | between being asked to stop and being dropped. Without `&Context` a job cannot hear the request: a timeout drops it at once |
/// | `name` | string | the function's name | identity in events, logs and settings; one line without commas, and without white space at its ends |
/// | `enabled` | `bool` expression | `true` | `false` starts it paused |
/// | `companion` | identifier | the function's name | name of the type beside the function |
/// | `crate` | path | `::job_runtime` | where `job_runtime` is found, for crates that re-export or rename it |
///
/// Numbers may be `const` expressions of the type `u32`.
///
/// # Mistakes
///
/// Every mistake is reported in one build, each at its own token; the function stays defined meanwhile.
#[proc_macro_attribute]
pub fn job(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Flavour::Job, options.into(), item.into()).into()
}

/// Makes a function a job that runs all the time, and is restarted when it ends.
///
/// ```ignore
/// use job_runtime::{Context, service};
///
/// #[service]
/// async fn consume(cx: &Context, bus: &Bus) -> anyhow::Result<()> {
///     loop {
///         tokio::select! {
///             () = cx.cancelled() => return Ok(()),
///             message = bus.next() => handle(message?).await?,
///         }
///     }
/// }
///
/// /// For each room that is started: `chat_room::start(room)`.
/// #[service(restart = "transient", max_restarts = 10, max_seconds = 60, on_give_up = "pause")]
/// async fn chat_room(cx: &Context, room: RoomId, seats: &mut Seats) -> Result<(), ChatError> {
///     seats.serve(room, cx).await
/// }
/// ```
///
/// The function stays as it is: it can be called and tested. Beside it stands a type of the same name that controls
/// the service: `consume::pause("why").await?`, `::resume().await?`, `::status().await?`. A module, a type or an import
/// of that name in the same scope gets in its way, which rustc calls defined multiple times (E0428, E0255): name it
/// otherwise, as in `companion = Consume`.
///
/// # Parameters
///
/// | written | means |
/// |---|---|
/// | `&T` | shared data, given by `.data(value)` or `.data_arc(arc)`; also `&dyn Trait` |
/// | `&Context` | this run; `cx.cancelled()` tells when it is asked to stop |
/// | `&mut S` | the service's own state, kept when it returns, made anew after a panic; read by `peek(\|state\| …)`, which waits for the end of the run that is on |
/// | `T` | an argument: the service is a template, started for each value by `start(value)`, ended by `stop(value)` |
///
/// Data is `Send` and `Sync`, state has a size and is `Send`, an argument is `Clone`, `Eq`, `Hash`, `Send` and `Sync`.
///
/// The function is `async` or plain (a plain one runs on a thread of its own), has no generics and no lifetimes,
/// and returns `()` or `Result<T, E>` with `E: Display + Into<Box<dyn Error + Send + Sync>>`.
///
/// # Options
///
/// None is needed: `#[service]` will do. A duration is a string such as `"10m"`, `"1h30m"` or `"250ms"` (units `ms`,
/// `s`, `m`, `h`, `d`, `w`), or a `const` expression of the type `Duration`.
///
/// | option | values | default | meaning |
/// |---|---|---|---|
/// | `restart` | `"permanent"`, `"transient"`, `"temporary"` | `"permanent"` | restarted whenever it ends; when it fails or panics; never |
/// | `max_restarts` | number | `3` | restarts within `max_seconds`; one more end, and the service gives up |
/// | `max_seconds` | number of seconds, at least 1 | `5` | length of the time looked back on, which slides |
/// | `backoff` | `"500ms..30s"`, `"10s"` or a `Duration` | `"500ms..30s"` | delay before a restart: doubling from the one to the other, or constant |
/// | `on_give_up` | `"shutdown"`, `"pause"` | `"shutdown"` | stops the runtime in order, which then ends with the last error; or pauses the service |
/// | `job_shutdown` | duration, `"brutal_kill"`, `"infinity"` | `"5s"` | between being asked to stop and being dropped |
/// | `name` | string | the function's name | identity in events, logs and settings; one line without commas, and without white space at its ends |
/// | `enabled` | `bool` expression | `true` | `false` starts it paused |
/// | `companion` | identifier | the function's name | name of the type beside the function |
/// | `crate` | path | `::job_runtime` | where `job_runtime` is found, for crates that re-export or rename it |
///
/// Numbers may be `const` expressions of the type `u32`. With `restart = "temporary"` there is nothing to say about
/// restarts: `max_restarts`, `max_seconds`, `backoff` and `on_give_up` do not go with it.
///
/// # Mistakes
///
/// Every mistake is reported in one build, each at its own token; the function stays defined meanwhile.
#[proc_macro_attribute]
pub fn service(options: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(Flavour::Service, options.into(), item.into()).into()
}

/// Declares jobs that are supervised together: when one of them ends that should not, others are restarted with it.
///
/// ```ignore
/// use job_runtime::{group, job, periodic, service};
///
/// group!(pub DATABASE = [keep_pool, jobs::consume, purge_sessions], strategy = "rest_for_one");
///
/// group! {
///     /// Both or none.
///     PAIR = [left, right],
///     strategy = "one_for_all",
///     max_restarts = 1,
///     max_seconds = 60,
/// }
/// ```
///
/// The members are jobs of any kind, from any crate: each is the path of a function with `#[periodic]`, `#[job]` or
/// `#[service]`, or of the type beside it where that is named otherwise (`companion = …`). They are started in this
/// order and stopped in the reverse one. A job is a member of one group at most, and a service with restarts of its own
/// (`max_restarts`, `max_seconds`, `on_give_up`) of none; both are told at the start.
///
/// The name becomes a `static`, with the visibility, the documentation and the other attributes before it. Members may
/// have `#[cfg(…)]`.
///
/// # Options
///
/// | option | values | default | meaning |
/// |---|---|---|---|
/// | `strategy` | `"one_for_one"`, `"one_for_all"`, `"rest_for_one"` | `"one_for_one"` | which members are restarted when one ends: that one; all; that one and those behind it |
/// | `max_restarts` | number | `3` | restarts of the group within `max_seconds`, each of which counts once; one more, and the group gives up |
/// | `max_seconds` | number of seconds, at least 1 | `5` | length of the time looked back on, which slides |
/// | `crate` | path | `::job_runtime` | where `job_runtime` is found, for crates that re-export or rename it |
///
/// Numbers may be `const` expressions of the type `u32`.
///
/// # Mistakes
///
/// Every mistake is reported in one build, each at its own token; what can be declared is declared meanwhile.
#[proc_macro]
pub fn group(tokens: TokenStream) -> TokenStream {
    expand::group(tokens.into()).into()
}
