//! Tests that would hang where they fail: each on a thread of its own, given up with a word.

#![allow(dead_code, reason = "no test file needs all of it")]

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long a test may take before it counts as hung; far more than any of them needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a test on a thread of its own.
#[track_caller]
pub fn in_time(test: impl FnOnce() + Send + 'static) {
    within(PATIENCE, test);
}

/// Runs a test on a thread of its own that counts as hung only after so long.
#[track_caller]
pub fn within(patience: Duration, test: impl FnOnce() + Send + 'static) {
    let (running, over) = channel::<()>();
    let thread = std::thread::spawn(move || {
        let _running = running;
        test();
    });
    assert_ne!(over.recv_timeout(patience), Err(RecvTimeoutError::Timeout), "it hangs");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Runs a test of behaviour on a thread of its own, as `#[tokio::test(start_paused = true)]` would on this one.
#[track_caller]
pub fn in_time_and_paused(test: impl AsyncFnOnce() + Send + 'static) {
    in_time(|| {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        tokio.expect("a tokio runtime").block_on(test());
    });
}
