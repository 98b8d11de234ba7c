//! A group: a member that fails takes those along that were started after it, since they need it.
use std::time::Duration;

use job_runtime::{Context, Event, EventKind, Trigger, group, service};

// They start in this order, and stop in reverse. The connection does not need the other two, and stays.
group!(BUS = [connection, consume, acknowledge], strategy = "rest_for_one");

#[service]
async fn connection(cx: &Context) {
    cx.cancelled().await;
}

/// Fails once, a second after the program has started.
#[service]
async fn consume(cx: &Context) -> Result<(), String> {
    if cx.trigger() != Trigger::Schedule {
        cx.cancelled().await;
        return Ok(());
    }
    tokio::select! {
        () = cx.cancelled() => Ok(()),
        () = tokio::time::sleep(Duration::from_secs(1)) => Err("a message that nobody can read".to_owned()),
    }
}

#[service]
async fn acknowledge(cx: &Context) {
    cx.cancelled().await;
}

fn log(event: &Event) {
    let job = event.job.as_deref().unwrap_or("the runtime");
    match &event.kind {
        EventKind::Started { trigger, .. } => println!("{job} starts ({trigger})"),
        EventKind::Finished { outcome, error: Some(error), .. } => println!("{job} {outcome}: {error}"),
        EventKind::Finished { outcome, .. } => println!("{job} {outcome}"),
        EventKind::Restarted { delay } => println!("{job} restarts in {delay:?}"),
        EventKind::ShutdownStarted => println!("shutting down"),
        _ => {}
    }
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    println!("Ctrl-C ends it");
    job_runtime::run_all().on_event(log).await
}
