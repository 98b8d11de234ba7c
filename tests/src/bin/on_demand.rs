//! Jobs on demand in a real runtime: listed as they are in force, or spawned from everywhere.

use std::sync::mpsc;

use job_runtime::{JobHandle, Runtime, job};

#[job(max_attempts = 2, backoff = "5s")]
async fn greets(name: String) -> Result<String, String> {
    Ok(format!("hello {name}"))
}

#[job(name = "old-mail.v2")]
async fn mails(_number: u32) {}

#[job]
async fn adds(number: u32, sum: &mut u32) -> Result<u32, String> {
    *sum += number;
    Ok(*sum)
}

#[job]
fn greets_on_a_thread(name: String) -> Result<String, String> {
    let thread = std::thread::current().name().unwrap_or_default().to_owned();
    Ok(format!("hello {name} on {thread}"))
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    match std::env::args().nth(1).as_deref() {
        Some("list") => list().await,
        Some("disabled") => disabled().await,
        _ => everywhere().await,
    }
}

async fn list() -> job_runtime::Result {
    let runtime = job_runtime::run_all().start().await?;
    for job in runtime.jobs() {
        let paused = job.paused.map_or("in service".to_owned(), |reason| format!("paused: {reason}"));
        println!("{}: {}, {paused}", job.name, job.policies.join(", "));
    }
    runtime.shutdown().await
}

/// Spawns a job that may be disabled, and resumes it.
async fn disabled() -> job_runtime::Result {
    let runtime = job_runtime::run_all().start().await?;
    let (waiting, other) = (greets::spawn("you".to_owned()), greets_on_a_thread::spawn("me".to_owned()));
    other.await.map_err(|error| println!("{error}")).ok();
    println!("{}", waiting.status());
    greets::resume().await?;
    say("resumed", waiting).await;
    runtime.shutdown().await
}

async fn everywhere() -> job_runtime::Result {
    say("before the start", greets::spawn("early".to_owned())).await;
    let runtime = job_runtime::run_all().start().await?;
    say("main", greets::spawn("main".to_owned())).await;
    say("a task", tokio::spawn(async { greets::spawn("task".to_owned()) }).await.expect("it does not panic")).await;
    say("a thread", elsewhere(|| greets::spawn("thread".to_owned())).await).await;
    say("another tokio", elsewhere(on_another_tokio).await).await;
    say("a plain fn", greets_on_a_thread::spawn("plain".to_owned())).await;
    let sum = elsewhere(|| [1, 2, 3].map(adds::spawn)).await;
    let [.., last] = sum;
    println!("a thread in order: {:?}", last.await.ok());
    runtime.shutdown().await?;
    say("after the shutdown", elsewhere(|| greets::spawn("late".to_owned())).await).await;
    drop(runtime);
    say("without a runtime", greets::spawn("later".to_owned())).await;
    println!("current: {}", Runtime::current().is_ok());
    Ok(())
}

fn on_another_tokio() -> JobHandle<Result<String, String>> {
    let tokio = tokio::runtime::Builder::new_current_thread().build().expect("a tokio runtime");
    tokio.block_on(async { greets::spawn("tokio".to_owned()) })
}

/// Calls on a thread that is none of tokio's.
async fn elsewhere<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    let thread = std::thread::spawn(move || sender.send(call()));
    let value = tokio::task::spawn_blocking(move || receiver.recv()).await.expect("it does not panic");
    thread.join().expect("it does not panic").expect("it is received");
    value.expect("it is sent")
}

async fn say(place: &str, handle: JobHandle<Result<String, String>>) {
    match handle.await {
        Ok(greeting) => println!("{place}: {greeting}"),
        Err(error) => println!("{place}: refused {}: {error}", error.is_refused()),
    }
}
