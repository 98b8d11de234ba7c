//! A program that holds its runtime itself; its argument says what it does with it.

mod support;

use std::sync::{Arc, Mutex};

use job_runtime::{Context, Result, Runtime, periodic, run_all};
use tokio::sync::{Notify, oneshot};

/// How often what could go wrong by chance is tried.
const REPETITIONS: usize = 500;

/// What a job sends on when it runs.
type Sender = Mutex<Option<oneshot::Sender<()>>>;

/// Says when it is dropped.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        println!("dropped long");
    }
}

#[periodic(every = "1h", initial_delay = "0s")]
async fn long(cx: &Context) {
    let _guard = Guard;
    println!("started long");
    cx.cancelled().await;
    std::future::pending().await
}

#[periodic(every = "1h", initial_delay = "0s")]
async fn sends(sender: &Sender) {
    let sender = sender.lock().expect("no panic while it is held").take();
    println!("ran sends");
    if let Some(sender) = sender {
        let _ = sender.send(());
    }
}

#[periodic(every = "1h")]
async fn quick() {}

/// What the jobs below share with the program, and what they tell it by.
struct Shared(Notify);

#[periodic(every = "1ms", initial_delay = "0s", max_attempts = 2, backoff = "1ms")]
async fn borrows(shared: &Arc<Shared>, count: &mut u32, cx: &Context) -> Result<(), String> {
    let _own = Arc::clone(shared);
    *count += 1;
    shared.0.notify_one();
    if cx.attempt() == 1 {
        return Err("not yet".to_owned());
    }
    cx.cancelled().await;
    Ok(())
}

#[periodic(every = "1ms", initial_delay = "0s")]
fn borrows_on_its_thread(shared: &Arc<Shared>) {
    shared.0.notify_one();
}

#[tokio::main]
async fn main() -> Result {
    let what = std::env::args().nth(1).expect("an argument");
    match &*what {
        "drop" => dropping().await,
        "twice" => twice().await,
        "one_after_another" => one_after_another().await,
        "signals" => signals().await,
        "shutdown_on" => shutdown_on().await,
        "shared_data" => shared_data().await,
        "shutdown_on_any" => shutdown_on_any().await,
        _ => panic!("no test does `{what}`"),
    }
}

async fn dropping() -> Result {
    let runtime = run_all().only(["long"]).start().await?;
    let clone = runtime.clone();
    let guest = Runtime::current()?;
    support::input_ends().await;
    drop(runtime);
    println!("a clone keeps it: {}", guest.jobs().len());
    drop(clone);
    while tokio::runtime::Handle::current().metrics().num_alive_tasks() > 0 {
        tokio::task::yield_now().await;
    }
    println!("no task is left");
    println!("refused: {}", guest.trigger("long").await.is_err_and(|error| error.is_refused()));
    println!("gone: {}", Runtime::current().is_err_and(|error| error.is_refused()));
    Ok(())
}

/// Two runtimes with the same jobs side by side; the end of the one leaves the other.
async fn twice() -> Result {
    let first = run_all().only(["quick"]).start().await?;
    let second = run_all().only(["quick"]).start().await?;
    second.shutdown().await?;
    println!("the ended one refuses: {}", second.trigger("quick").await.is_err_and(|error| error.is_refused()));
    let mut events = first.events();
    first.trigger("quick").await?;
    while let Some(event) = events.recv().await {
        support::tell(&event);
        if let job_runtime::EventKind::Finished { .. } = event.kind {
            break;
        }
    }
    let ran = |runtime: &Runtime| runtime.job("quick").map(|job| job.accounting.ran);
    println!("the first ran {:?}, the second {:?}", ran(&first), ran(&second));
    first.shutdown().await
}

async fn one_after_another() -> Result {
    for _ in 0..2 {
        shutdown_on().await?;
    }
    Ok(())
}

async fn signals() -> Result {
    let runtime = run_all().only(["quick"]).start().await?;
    println!("ready");
    runtime.join().await
}

/// Ends when its job has run.
async fn shutdown_on() -> Result {
    let (sender, sent) = oneshot::channel();
    let sender: Sender = Mutex::new(Some(sender));
    let result = run_all().only(["sends"]).data(sender).shutdown_on(async { drop(sent.await) }).await;
    println!("ended: {}", result.is_ok());
    result
}

/// When the future of `run_all()` is ready, nobody else holds what it was given: not its runs, not its threads, not
/// the futures it waited for.
async fn shared_data() -> Result {
    let mut held = Vec::new();
    for _ in 0..REPETITIONS {
        let shared = Arc::new(Shared(Notify::new()));
        let (signal, observed) = (Arc::clone(&shared), Arc::clone(&shared));
        let builder = run_all().only(["borrows", "borrows_on_its_thread"]).data(Arc::clone(&shared));
        let builder = builder.on_event(move |_| drop(Arc::clone(&observed)));
        builder.shutdown_on(async move { signal.0.notified().await }).await?;
        held.push(Arc::strong_count(&shared) - 1);
    }
    held.retain(|count| *count > 0);
    println!("held after the end: {held:?}");
    Ok(())
}

/// The first of several that is ready counts, also beside one that never is; what runs is stopped as always.
async fn shutdown_on_any() -> Result {
    let builder = run_all().only(["long"]).configure("long", |job| job.job_shutdown("10ms"));
    builder.shutdown_on(std::future::pending()).shutdown_on(support::input_ends()).await
}
