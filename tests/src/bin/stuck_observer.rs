//! A program whose observer of events never returns from the first one of the kind that its argument names, beside a
//! run that lasts as long as it is let.

mod support;

use job_runtime::{Context, Event, EventKind, periodic};

#[periodic(every = "1h", initial_delay = "0s", job_shutdown = "infinity")]
async fn lasting(cx: &Context) {
    println!("lasting started");
    cx.cancelled().await;
    println!("lasting was asked");
    std::future::pending().await
}

#[periodic(every = "10ms")]
async fn ticking() {}

fn is_a(event: &Event, kind: &str) -> bool {
    match event.kind {
        EventKind::Started { .. } => kind == "start",
        EventKind::Finished { .. } => kind == "end",
        EventKind::ShutdownStarted => kind == "shutdown",
        _ => false,
    }
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    let kind = std::env::args().nth(1).expect("an argument");
    let builder = job_runtime::run_all().shutdown_timeout("infinity").on_event(move |event| {
        if is_a(event, &kind) {
            println!("the observer is stuck");
            loop {
                std::thread::park();
            }
        }
    });
    support::run(builder).await
}
