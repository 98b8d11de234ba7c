//! Mails that survive their process: run this, end it by `kill -9` half-way, and run it again; no mail is lost.
use std::time::Duration;

use job_runtime::{Context, Event, EventKind, Queue, StoreConfig, job};

const ADDRESSES: [&str; 4] = ["ada@example.org", "grace@example.org", "joan@example.org", "joe@example.org"];

/// Stands for a mail that takes its time. One whose process died under it begins again with a further attempt: it is
/// sent at least once, and a mail that must not go out twice is looked up where `cx.attempt()` is above 1.
#[job(queue = "mail", max_attempts = 5)]
async fn welcome_mail(address: String, cx: &Context) {
    println!("sending to {address}, attempt {}", cx.attempt());
    tokio::time::sleep(Duration::from_secs(1)).await;
    println!("sent to {address}");
}

/// How many mails have not come to their end.
async fn left(mail: &Queue) -> job_runtime::Result<u64> {
    let status = mail.status().await?;
    Ok(status.available + status.running + status.retryable)
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    let file = std::env::temp_dir().join("durable_mail.db");
    // Who is silent for so long is dead, and its jobs are taken over: 20 s unless it is said, which is long for a demo.
    let store = StoreConfig::new(&format!("sqlite://{}", file.display()))?.lease("2s")?;
    let runtime = job_runtime::run_all().store(store).queue("mail", 1).start().await?;
    let mut events = runtime.events();
    let mail = runtime.queue("mail")?;
    if left(&mail).await? == 0 {
        welcome_mail::enqueue_all(ADDRESSES.map(str::to_owned)).await?;
        println!("new mails wait in {}; now is the time for: kill -9 {}", file.display(), std::process::id());
    }
    let mut left = left(&mail).await?;
    println!("{left} mails are left");
    while left > 0 {
        if let Some(Event { kind: EventKind::Finished { .. }, .. }) = events.recv().await {
            left -= 1;
        }
    }
    println!("all mails are sent");
    runtime.shutdown().await
}
