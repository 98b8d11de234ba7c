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
mod core {}
mod std {}
mod job_runtime {}
trait Into {}
trait Default {}

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

    #[job_runtime::periodic(every = "10m")]
    fn r#match(r#type: String, _ignored: u8, mut changed: u8) {
        changed += 1;
        drop((r#type, changed));
    }
}

fn main() {
    let _: fn(String, u8, u8) -> bool = |_, _, _| false;
}
