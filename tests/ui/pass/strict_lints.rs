//! The expansion trips no lint, however strict its user is.
#![forbid(unsafe_code, non_local_definitions)]
#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    missing_copy_implementations,
    unreachable_pub,
    unused_qualifications,
    unused_lifetimes,
    single_use_lifetimes,
    unused_results,
    unnameable_types,
    non_camel_case_types,
    nonstandard_style,
    future_incompatible,
    rust_2018_idioms,
    let_underscore_drop,
    clippy::all,
    clippy::pedantic
)]
#![expect(clippy::many_single_char_names, reason = "the arguments of `many`")]

use std::time::Duration;

use job_runtime::{Context, Result, group, job, periodic, service};

/// Shared data.
pub trait Mailer: Send + Sync {
    /// Sends.
    fn send(&self);
}

/// State.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen(u32);

/// An argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserId(u32);

const PERIOD: Duration = Duration::from_secs(90);
const TRIES: u32 = 3;

async fn ready() -> bool {
    true
}

/// A job for each user.
///
/// # Errors
/// Never.
#[periodic(
    every = PERIOD,
    delay_mode = "regular",
    when = ready,
    on_overlap = "queue",
    on_missed = "all(20)",
    start_deadline = "30s",
    timeout = "infinity",
    job_shutdown = "brutal_kill",
    jitter = "1s",
    splay = "5s",
    align = true,
    max_attempts = TRIES,
    backoff = "1s..5m",
    pause_after = 5,
    name = "sync",
    enabled = !cfg!(windows)
)]
pub async fn account_sync(
    cx: &Context,
    mailer: &dyn Mailer,
    seen: &mut Seen,
    user: UserId,
) -> Result<(), std::io::Error> {
    let _ = (cx.attempt(), user.0);
    mailer.send();
    seen.0 += 1;
    std::future::ready(()).await;
    Ok(())
}

/// A plain one.
#[periodic(every = "10m", initial_delay = "0s", when = |cx| cx.attempt() == 1)]
pub fn purge() {}

/// A message, of which there is one.
#[derive(Debug)]
pub struct Mail(String);

/// A job on demand.
///
/// # Errors
/// Never.
#[job(
    max_attempts = TRIES,
    backoff = "1s..5m",
    timeout = "1m",
    max_running = 3,
    max_pending = TRIES - 3,
    job_shutdown = PERIOD,
    name = "crm",
    enabled = !cfg!(windows)
)]
pub async fn create_user(
    cx: &Context,
    mailer: &dyn Mailer,
    user: UserId,
    names: Vec<String>,
) -> Result<(UserId, Option<String>), std::io::Error> {
    let _ = cx.attempt();
    mailer.send();
    std::future::ready(()).await;
    Ok((user, names.into_iter().next()))
}

/// A plain one, with a state.
#[job]
pub fn count_mail(mail: Mail, seen: &mut Seen) {
    let Mail(text) = mail;
    seen.0 += u32::from(text == "counts");
}

/// A letter, as it is written down.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Letter {
    /// Where it goes.
    pub to: String,
}

/// A job in a queue.
///
/// # Errors
/// Never.
#[job(
    queue = "mail",
    priority = TRIES,
    unique_for = PERIOD,
    max_attempts = TRIES,
    backoff = "1s..5m",
    timeout = "1m",
    job_shutdown = PERIOD,
    name = "letters",
    enabled = !cfg!(windows)
)]
pub async fn send_letter(
    cx: &Context,
    mailer: &dyn Mailer,
    letter: Letter,
    copies: u8,
) -> Result<(Letter, Option<u8>), std::io::Error> {
    let _ = cx.attempt();
    mailer.send();
    std::future::ready(()).await;
    Ok((letter, Some(copies)))
}

/// A plain one, with one argument.
#[job(queue = "mail", priority = 9, unique_for = "unfinished")]
pub fn burn_letter(letter: Letter) {
    drop(letter);
}

/// One with none.
#[job(queue = "mail")]
pub async fn empty_box() {
    std::future::ready(()).await;
}

/// One tick for all nodes.
#[periodic(every = "10m", scope = "cluster")]
pub async fn collect_letters() {
    std::future::ready(()).await;
}

/// A service.
///
/// # Errors
/// Never.
#[service]
pub async fn consume(cx: &Context, mailer: &dyn Mailer) -> Result<(), std::io::Error> {
    mailer.send();
    cx.cancelled().await;
    Ok(())
}

/// A service for each user.
#[service(
    restart = "transient",
    max_restarts = 0,
    max_seconds = TRIES,
    backoff = "500ms..30s",
    job_shutdown = "1s",
    on_give_up = "pause",
    name = "rooms",
    enabled = true
)]
pub fn room(user: UserId, seen: &mut Seen) {
    seen.0 += user.0;
}

group! {
    /// Those that need the mailer.
    pub MAILING = [create_user, send_letter, consume, inner::visible_in_crate],
    strategy = "rest_for_one",
    max_restarts = TRIES,
    max_seconds = TRIES + 2,
}

group!(ALONE = [room]);

/// A function of many arguments.
#[expect(clippy::too_many_arguments, non_snake_case, reason = "to see that its type is silent as well")]
#[periodic(every = "10m")]
pub fn many(seen: &mut Seen, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, camelCase: u8) {
    seen.0 += u32::from(a + b + c + d + e + f + camelCase);
}

/// Old.
#[deprecated(note = "use `purge`")]
#[periodic(every = "10m")]
pub fn purge_old() {}

/// Old, and on demand.
#[deprecated(note = "use `create_user`")]
#[job]
pub fn create_user_old() {}

/// Old, and in a queue.
#[deprecated(note = "use `send_letter`")]
#[job(queue = "mail")]
pub fn send_letter_old(letter: Letter) {
    drop(letter);
}

/// A job of many arguments that is written down.
#[expect(clippy::too_many_arguments, non_snake_case, reason = "to see that its type is silent as well")]
#[job(queue = "mail")]
pub fn many_written(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, camelCase: u8) {
    let _ = (a, b, c, d, e, f, g, camelCase);
}

/// A job of many arguments.
#[expect(clippy::too_many_arguments, non_snake_case, reason = "to see that its type is silent as well")]
#[job]
pub fn many_messages(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, camelCase: u8) {
    let _ = (a, b, c, d, e, f, g, camelCase);
}

#[periodic(every = "1h")]
async fn private(count: &mut u64) {
    *count += 1;
    std::future::ready(()).await;
}

mod inner {
    use job_runtime::{job, periodic, service};

    #[job(max_attempts = 2)]
    pub(crate) async fn sent_in_crate(to: String) -> Result<(), String> {
        std::future::ready(Err(to)).await
    }

    #[job(queue = "mail")]
    pub(crate) async fn queued_in_crate(to: String) -> Result<(), String> {
        std::future::ready(Err(to)).await
    }

    #[service(restart = "temporary")]
    pub(super) async fn served_above() {
        std::future::ready(()).await;
    }

    #[periodic(every = "1h", max_running = 2)]
    pub(crate) fn visible_in_crate() {}

    #[periodic(every = "1h")]
    pub(super) fn visible_above(words: String, numbers: Vec<u8>) {
        drop((words, numbers));
    }
}

fn main() {
    #[periodic(every = "1d")]
    async fn inside_a_body() {
        std::future::ready(()).await;
    }
    #[job]
    async fn on_demand_inside_a_body(to: String) {
        drop(std::future::ready(to).await);
    }
    #[job(queue = "mail")]
    async fn queued_inside_a_body(to: String) {
        drop(std::future::ready(to).await);
    }
    #[service]
    fn served_inside_a_body() {}
    group!(INSIDE = [inside_a_body, on_demand_inside_a_body, queued_inside_a_body, served_inside_a_body]);
    let _: fn() = inner::visible_in_crate;
    let _ = (inner::sent_in_crate::spawn, inner::queued_in_crate::enqueue, inner::served_above, ALONE.name());
    let _: fn(String, Vec<u8>) = inner::visible_above;
}
