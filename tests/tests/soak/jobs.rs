//! The jobs: of every kind, with every policy that concerns failing and being stopped.

use std::time::Duration;

use job_runtime::{Context, Periodic, Runtime, Schedule, group, job, periodic, service};
use tokio::time::sleep;

use crate::fate;
use crate::random::Random;

/// Of how many users instances are started and stopped; about half of them are up at a time.
pub const USERS: u32 = 800;
pub const FOLLOWERS: u32 = 300;
/// How many recurring jobs are added by name.
pub const ADDED: u32 = 450;

type Result = std::result::Result<(), &'static str>;

// ---- recurring jobs

/// One for each user.
#[periodic(every = "200ms", timeout = "20ms", jitter = "50ms")]
async fn sync(_user: u32, cx: &Context) -> Result {
    fate::meet(cx).await
}

#[periodic(every = "10ms", on_overlap = "queue", max_attempts = 2, backoff = "1ms..5ms", timeout = "20ms")]
pub async fn beat() -> Result {
    fate::meet_deaf().await
}

#[periodic(every = "20ms", on_overlap = "stop_previous")]
pub async fn replace(cx: &Context) -> Result {
    cx.cancelled().await;
    fate::meet_deaf().await
}

#[periodic(every = "10ms", when = answers, pause_after = 5, timeout = "20ms")]
pub async fn guarded(cx: &Context) -> Result {
    fate::meet(cx).await
}

async fn answers() -> bool {
    fate::meet_deaf().await.is_ok()
}

/// A recurring job that is added by name.
pub fn added(number: u32, random: &mut Random) -> Periodic {
    let overlap = random.one_of(&["run", "ignore", "queue", "stop_previous"]);
    let attempts = u32::try_from(random.within(1, 3)).expect("it is small");
    let job = Periodic::new(name_of(number), schedule(random), |cx| async move { fate::meet(&cx).await });
    let job =
        job.configure(|job| job.on_overlap(overlap)?.max_attempts(attempts)?.backoff("1ms..20ms")?.timeout("20ms"));
    job.expect("each policy goes with the others")
}

pub fn name_of(number: u32) -> String {
    format!("added-{number}")
}

pub fn schedule(random: &mut Random) -> Schedule {
    Schedule::every(Duration::from_millis(random.within(50, 800))).expect("a period is a valid schedule")
}

// ---- jobs on demand

/// Tried again until it works, or three times.
#[job(max_attempts = 3, backoff = "1ms..20ms", timeout = "20ms")]
pub async fn deliver(_letter: u64, cx: &Context) -> Result {
    fate::meet(cx).await
}

/// Few at a time, and few more wait.
#[job(max_running = 4, max_pending = 16, timeout = "20ms")]
pub async fn squeeze() -> Result {
    fate::meet_deaf().await
}

#[derive(Default)]
pub struct Ledger(u64);

/// One after another.
#[job(max_pending = 200, timeout = "20ms")]
pub async fn post(amount: u64, ledger: &mut Ledger) -> std::result::Result<u64, &'static str> {
    ledger.0 += amount;
    fate::meet_deaf().await.map(|()| ledger.0)
}

/// On a thread of its own.
#[job(max_running = 4, max_pending = 16, timeout = "20ms")]
pub fn crunch(cx: &Context) -> Result {
    fate::meet_on_thread(cx)
}

// ---- services

/// One for each follower, restarted as often as it fails.
#[service(max_restarts = 1_000_000, max_seconds = 1, backoff = "5ms..100ms")]
async fn follow(_follower: u32, cx: &Context) -> Result {
    stay_up(cx).await
}

/// Gives up soon, and waits to be resumed.
#[service(max_restarts = 2, max_seconds = 60, backoff = "1ms", on_give_up = "pause")]
pub async fn give_up(cx: &Context) -> Result {
    stay_up(cx).await
}

#[service(restart = "transient")]
pub async fn keep_pool(cx: &Context) -> Result {
    stay_up(cx).await
}

#[periodic(every = "50ms", timeout = "20ms")]
pub async fn refresh(cx: &Context) -> Result {
    fate::meet(cx).await
}

#[job(max_attempts = 2, backoff = "1ms", timeout = "20ms")]
pub async fn carry(cx: &Context) -> Result {
    fate::meet(cx).await
}

#[service(backoff = "1ms..20ms")]
pub async fn consume(cx: &Context) -> Result {
    stay_up(cx).await
}

group!(
    CHAIN = [keep_pool, refresh, carry, consume],
    strategy = "rest_for_one",
    max_restarts = 1_000_000,
    max_seconds = 1
);

/// Does its work for a while, then meets its fate; well-behaved when it is asked to stop.
async fn stay_up(cx: &Context) -> Result {
    let (_, mut random) = fate::next();
    tokio::select! {
        () = cx.cancelled() => Ok(()),
        () = sleep(Duration::from_millis(random.within(0, 300))) => fate::meet_deaf().await,
    }
}

// ---- all of them

pub fn start_user(user: u32) -> bool {
    sync::start(user).is_ok()
}

pub fn stop_user(user: u32) -> bool {
    sync::stop(user)
}

pub fn start_follower(follower: u32) -> bool {
    follow::start(follower).is_ok()
}

pub fn stop_follower(follower: u32) -> bool {
    follow::stop(follower)
}

/// Starts as many instances as will be up at a time, and adds what is added by name.
pub fn populate(runtime: &Runtime) {
    let mut random = Random::new(0);
    for user in 0..USERS / 2 {
        assert!(start_user(user), "user {user} is started once");
    }
    for follower in 0..FOLLOWERS / 2 {
        assert!(start_follower(follower), "follower {follower} is started once");
    }
    for number in 0..ADDED {
        runtime.add(added(number, &mut random)).expect("each name is added once");
    }
}
