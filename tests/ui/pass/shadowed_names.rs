//! Nothing the user calls by a well-known name, and no name of a function or a parameter, reaches into the expansion.
#![allow(dead_code, non_camel_case_types, non_upper_case_globals)]

struct Box;
struct Result;
struct Option;
struct Some;
struct None;
struct Ok;
struct Vec;
struct Duration;
struct Context;
struct Send;
struct FnOnce;
struct Recurrence;
struct Schedule;
struct Timetable;
struct T;
struct T1;
struct Own;
struct Own1;
struct Infallible;
struct Enqueue;
struct Enqueued;
struct Iterator;
struct IntoIterator;
struct Serialize;
struct SystemTime;
struct JobHandle;
struct RunError;
struct Group;
struct Member;
mod core {}
mod std {}
mod job_runtime {}
trait Into {}
trait Default {}
trait Clone {}
trait IsJob {}
trait IntoDuration {}

#[::job_runtime::periodic(every = "10m", initial_delay = "1s", when = || true)]
async fn shadowed(data: &Box, cx: &::job_runtime::Context, state: &mut T, argument: u8) -> ::job_runtime::Result<()> {
    let _ = (data, cx, state, argument);
    ::std::result::Result::Ok(())
}

#[::job_runtime::periodic(every = "10m", when = guard)]
fn input(state: &mut T1, f: u8, a0: u8, (_, _): (u8, u8), shared: u8, output: u8, job: u8, reason: u8) {
    let _ = (state, f, a0, shared, output, job, reason);
}

#[::job_runtime::periodic(cron = ["0 9 * * *", "@daily"], tz = "Europe/Berlin", dst = "vixie")]
fn calendar() {}

#[::job_runtime::periodic(schedule = ::job_runtime::Schedule::every("10m").unwrap())]
fn schedule() {}

#[::job_runtime::job(max_attempts = 3)]
async fn spawned(data: &Box, state: &mut T, argument: u8, delay: u8, time: u8, f: u8) -> ::job_runtime::Result<u8> {
    let _ = (data, state, delay, time, f);
    ::std::result::Result::Ok(argument)
}

#[::job_runtime::job(max_pending = 0)]
fn spawn(own: Own, kept: u8, (_, _): (u8, u8), a0: u8, output: u8, input: u8, shared: u8) {
    let _ = (own, kept, a0, output, input, shared);
}

#[::job_runtime::job(queue = "mail", unique_for = "1h")]
async fn enqueued(data: &Box, argument: u8, all: u8, text: u8, kept: u8, names: u8) -> ::job_runtime::Result<u8> {
    let _ = (data, all, text, kept, names);
    ::std::result::Result::Ok(argument)
}

#[::job_runtime::job(queue = "mail")]
fn queue(all: u8, a0: u8, a1: u8, output: u8, input: u8, shared: u8) {
    let _ = (all, a0, a1, output, input, shared);
}

#[::job_runtime::service(max_restarts = 0, max_seconds = 3)]
async fn served(state: &mut T1, f: u8, cx: &::job_runtime::Context) -> ::job_runtime::Result<()> {
    let _ = (state, f, cx);
    ::std::result::Result::Ok(())
}

::job_runtime::group!(GROUP = [shadowed, spawned, spawn, enqueued, served], max_restarts = { let value = 3; value });

fn guard(_: &::job_runtime::Context) -> bool {
    true
}

mod words {
    #[job_runtime::periodic(every = "10m")]
    async fn str() {}

    #[job_runtime::periodic(every = "10m")]
    fn bool() {}

    #[job_runtime::periodic(every = "10m", max_running = LIMIT)]
    fn u32() {}

    const LIMIT: ::core::primitive::u32 = 3;

    #[job_runtime::periodic(every = "10m")]
    fn cx() {}

    const EVERY: ::core::time::Duration = ::core::time::Duration::from_secs(3);
    const JITTER1: ::core::time::Duration = EVERY;
    const MAX_ATTEMPTS: ::core::primitive::u32 = 3;

    #[job_runtime::periodic(
        every = EVERY,
        jitter = JITTER1,
        splay = { const JITTER: ::core::time::Duration = EVERY; JITTER },
        max_attempts = MAX_ATTEMPTS
    )]
    fn status(_: [u8; MAX_ATTEMPTS as usize]) {}

    #[job_runtime::periodic(r#every = EVERY)]
    fn peek(_: &mut u8) {}

    #[job_runtime::periodic(every = "10m")]
    fn trigger(_: &mut u8) {}

    const MAX_PENDING: ::core::primitive::u32 = 3;

    #[job_runtime::job(max_pending = MAX_PENDING)]
    fn spawn_after(delay: [u8; MAX_PENDING as usize]) {
        let _ = delay;
    }

    const PRIORITY: ::core::primitive::u32 = 3;
    const UNIQUE_FOR: ::core::time::Duration = EVERY;

    #[job_runtime::job(queue = "mail", priority = PRIORITY, unique_for = UNIQUE_FOR)]
    fn enqueue(delay: u8) {
        let _ = delay;
    }

    #[job_runtime::job(queue = "mail")]
    fn enqueue_all(r#type: u8, all: u8) {
        let _ = (r#type, all);
    }

    #[job_runtime::job(companion = Own)]
    fn try_spawn(key: String) {
        drop(key);
    }

    #[job_runtime::service]
    fn r#loop() {}

    job_runtime::group!(r#static = [spawn_after, Own, r#loop]);

    #[job_runtime::periodic(every = "10m")]
    fn r#match(r#type: String, _ignored: u8, mut changed: u8) {
        changed += 1;
        drop((r#type, changed));
    }
}

fn main() {
    let _: fn(String, u8, u8) -> bool = |_, _, _| false;
}
