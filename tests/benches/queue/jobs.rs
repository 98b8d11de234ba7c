//! The jobs that are measured.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use job_runtime::{Context, job};
use tokio::sync::watch;

/// How many have run.
pub(crate) static DONE: AtomicU64 = AtomicU64::new(0);
/// At which count who waits is told, and when that was.
static AT: Mutex<Vec<(u64, watch::Sender<Option<Instant>>)>> = Mutex::new(Vec::new());
/// When a job that says so has begun.
static BEGUN: OnceLock<watch::Sender<Option<Instant>>> = OnceLock::new();

/// Nothing to do.
#[job(queue = "bench")]
pub(crate) async fn nothing(_user: u64) {
    let done = DONE.fetch_add(1, Ordering::Relaxed) + 1;
    // Few of them are waited for.
    if done.is_multiple_of(100) {
        for (count, told) in AT.lock().expect("nothing panics here").iter() {
            if *count == done {
                told.send_replace(Some(Instant::now()));
            }
        }
    }
}

/// Says when it has begun.
#[job(queue = "bench")]
pub(crate) async fn noted(_user: u64) {
    begun().send_replace(Some(Instant::now()));
}

/// Takes its process with it, as far as it can tell: of two attempts the first never ends, and the second says that it is
/// there.
#[job(queue = "bench")]
pub(crate) async fn bereaved(cx: &Context) {
    if cx.attempt() == 1 {
        println!("begun");
        std::future::pending().await
    }
    begun().send_replace(Some(Instant::now()));
}

fn begun() -> &'static watch::Sender<Option<Instant>> {
    BEGUN.get_or_init(|| watch::Sender::new(None))
}

/// Who hears when the next [`noted`] has begun.
pub(crate) fn next_begun() -> watch::Receiver<Option<Instant>> {
    begun().send_replace(None);
    begun().subscribe()
}

/// Who hears when so many have run: a multiple of a hundred.
pub(crate) fn at(count: u64) -> watch::Receiver<Option<Instant>> {
    let (told, hears) = watch::channel(None);
    AT.lock().expect("nothing panics here").push((count, told));
    hears
}

/// When that was.
pub(crate) async fn when(mut hears: watch::Receiver<Option<Instant>>) -> Instant {
    let told = hears.wait_for(Option::is_some).await.expect("it is told");
    told.expect("it was looked at")
}
