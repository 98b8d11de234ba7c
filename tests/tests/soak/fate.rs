//! What becomes of an attempt: half of them fail, by an error, a panic or a timeout.

use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use job_runtime::Context;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::random::Random;

/// What all jobs have as their `timeout`, in milliseconds.
const TIMEOUT: u64 = 20;
/// What an attempt says that fails as it is meant to.
const AS_MEANT: &str = "as it is meant to";

#[derive(Clone, Copy, Debug)]
pub enum Fate {
    Ends,
    Fails,
    Panics,
    Hangs,
    /// Asks for another attempt, or for none.
    Directs,
}

/// The fate of the next attempt, and random numbers for what else it does.
pub fn next() -> (Fate, Random) {
    static ATTEMPTS: AtomicU64 = AtomicU64::new(0);
    let mut random = Random::new(ATTEMPTS.fetch_add(1, Ordering::Relaxed));
    let fate = match random.within(0, 99) {
        0..40 => Fate::Ends,
        40..62 => Fate::Fails,
        62..80 => Fate::Panics,
        80..95 => Fate::Hangs,
        _ => Fate::Directs,
    };
    (fate, random)
}

/// Meets its fate; when it hangs, it hears that it is asked to stop.
pub async fn meet(cx: &Context) -> Result<(), &'static str> {
    let (fate, mut random) = next();
    match fate {
        Fate::Hangs => cx.cancelled().await,
        Fate::Directs => direct(cx, &mut random),
        Fate::Ends | Fate::Fails | Fate::Panics => {}
    }
    conclude(fate, &mut random).await
}

/// Meets its fate without hearing anything: when it hangs, it does so until well after its timeout.
pub async fn meet_deaf() -> Result<(), &'static str> {
    let (fate, mut random) = next();
    if let Fate::Hangs = fate {
        sleep(Duration::from_millis(3 * TIMEOUT)).await;
    }
    conclude(fate, &mut random).await
}

/// Meets its fate on a thread of its own.
pub fn meet_on_thread(cx: &Context) -> Result<(), &'static str> {
    match next().0 {
        Fate::Ends | Fate::Directs => Ok(()),
        Fate::Fails => Err(AS_MEANT),
        Fate::Panics => panic::panic_any(AS_MEANT),
        Fate::Hangs => {
            while !cx.is_cancelled() {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(AS_MEANT)
        }
    }
}

async fn conclude(fate: Fate, random: &mut Random) -> Result<(), &'static str> {
    match fate {
        Fate::Ends if random.percent(50) => sleep(Duration::from_millis(random.within(1, 5))).await,
        Fate::Ends | Fate::Directs => {}
        Fate::Fails => yield_now().await,
        Fate::Panics => panic::panic_any(AS_MEANT),
        Fate::Hangs => return Err(AS_MEANT),
    }
    if let Fate::Fails = fate { Err(AS_MEANT) } else { Ok(()) }
}

fn direct(cx: &Context, random: &mut Random) {
    match random.within(0, 2) {
        0 => cx.cancel(AS_MEANT),
        1 => cx.snooze("5ms"),
        _ => cx.retry_after("5ms"),
    }
}

/// Keeps panics that are meant to be from being printed, some hundred of them in a second.
pub fn keep_quiet() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref() != Some(&AS_MEANT) {
            print(panic);
        }
    }));
}
