//! A service: it consumes messages until it is asked to stop, and when its connection breaks it is started again.
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use job_runtime::{Context, Event, EventKind, service};

/// Stands for a message bus, the connection to which breaks at every tenth message.
struct Bus(AtomicU32);

impl Bus {
    async fn message(&self, number: u32) -> Result<String, String> {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let asked = self.0.fetch_add(1, Ordering::Relaxed);
        if asked % 10 == 3 { Err("the connection broke".to_owned()) } else { Ok(format!("message {number}")) }
    }
}

/// Which message is next is the state of the service, which outlives a failure: no message is left out.
#[service(backoff = "200ms..5s")]
async fn consume(cx: &Context, next: &mut u32, bus: &Bus) -> Result<(), String> {
    loop {
        tokio::select! {
            () = cx.cancelled() => return Ok(()),
            message = bus.message(*next) => println!("{}", message?),
        }
        *next += 1;
    }
}

fn log(event: &Event) {
    let job = event.job.as_deref().unwrap_or("the runtime");
    match &event.kind {
        EventKind::Started { trigger, .. } => println!("{job} starts ({trigger})"),
        EventKind::Finished { outcome, error: Some(error), .. } => println!("{job} {outcome}: {error}"),
        EventKind::Finished { outcome, .. } => println!("{job} {outcome}"),
        EventKind::Restarted { delay } => println!("{job} restarts in {delay:?}"),
        _ => {}
    }
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    println!("Ctrl-C ends it");
    job_runtime::run_all().data(Bus(AtomicU32::new(0))).on_event(log).await
}
