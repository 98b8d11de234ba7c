//! What a tick does while the run before it is still on: the four policies side by side, on one time line.
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use job_runtime::{Event, EventKind, periodic};

#[periodic(every = "400ms", on_overlap = "run")]
async fn run() {
    work().await;
}

#[periodic(every = "400ms", on_overlap = "ignore")]
async fn ignore() {
    work().await;
}

#[periodic(every = "400ms", on_overlap = "queue")]
async fn queue() {
    work().await;
}

#[periodic(every = "400ms", on_overlap = "stop_previous")]
async fn stop_previous() {
    work().await;
}

/// Takes two and a half periods.
async fn work() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}

const COLUMNS: [&str; 4] = ["run", "ignore", "queue", "stop_previous"];

fn draw(event: &Event) {
    static START: OnceLock<SystemTime> = OnceLock::new();
    let start = *START.get_or_init(|| event.at);
    let Some(column) = COLUMNS.iter().position(|job| event.job.as_deref() == Some(job)) else { return };
    let id = event.run.map_or_else(String::new, |run| run.to_string());
    let what = match &event.kind {
        EventKind::Started { .. } => format!("{id} starts"),
        EventKind::Finished { outcome, .. } => format!("{id} {outcome}"),
        EventKind::Skipped { .. } => "(skipped)".to_owned(),
        _ => return,
    };
    let time = event.at.duration_since(start).unwrap_or_default().as_secs_f64();
    println!("{time:>4.1} s  {:indent$}{what}", "", indent = column * 16);
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    println!("        {}", COLUMNS.map(|name| format!("{name:16}")).concat().trim_end());
    job_runtime::run_all().on_event(draw).await
}
