//! Counts the bodies that got there, and tells when all did.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

static COUNTED: AtomicU64 = AtomicU64::new(0);
static EXPECTED: AtomicU64 = AtomicU64::new(u64::MAX);
static COMPLETE: Notify = Notify::const_new();

/// One more got there.
pub(crate) fn count() {
    if COUNTED.fetch_add(1, Ordering::AcqRel) + 1 == EXPECTED.load(Ordering::Acquire) {
        COMPLETE.notify_one();
    }
}

pub(crate) fn counted() -> u64 {
    COUNTED.load(Ordering::Acquire)
}

/// From now on so many more are to come.
pub(crate) fn expect(more: u32) {
    EXPECTED.store(counted() + u64::from(more), Ordering::Release);
}

/// Waits until all that are expected got there.
pub(crate) async fn complete() {
    COMPLETE.notified().await;
}
