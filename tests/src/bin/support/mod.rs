//! What the programs under test have in common: their arguments, and the lines by which they say how far they are.

#![allow(dead_code, reason = "no program needs all of it")]

use std::io::Read;
use std::task::Poll;

use job_runtime::{Builder, Event, EventKind, JobConfig, Result};

/// Takes `only=a,b`, `shutdown_timeout=1s` and `every:job=5m` from the command line, each as the builder does.
pub fn arguments(builder: Builder) -> Builder {
    std::env::args().skip(1).fold(builder, |builder, argument| {
        let (what, value) = argument.split_once('=').expect("an argument is `what=value`");
        let value = value.to_owned();
        match (what, what.split_once(':')) {
            ("only", _) => builder.only(value.split(',')),
            ("shutdown_timeout", _) => builder.shutdown_timeout(&*value),
            (_, Some((option, job))) => {
                let option = option.to_owned();
                builder.configure(job, move |job| set(job, &option, &value))
            }
            (_, None) => panic!("there is no argument `{what}`"),
        }
    })
}

fn set(job: JobConfig, option: &str, value: &str) -> Result<JobConfig> {
    match option {
        "every" => job.every(value),
        "name" => job.name(value),
        "on_overlap" => job.on_overlap(value),
        "delay_mode" => job.delay_mode(value),
        "job_shutdown" => job.job_shutdown(value),
        "align" => job.align(value == "true"),
        _ => panic!("no test sets `{option}`"),
    }
}

/// Awaits the builder, and says `ready` as soon as signals are heard: its first poll starts everything.
pub async fn run(builder: Builder) -> Result {
    let mut running = builder.into_future();
    let first = std::future::poll_fn(|task| Poll::Ready(running.as_mut().poll(task))).await;
    match first {
        Poll::Ready(result) => result,
        Poll::Pending => {
            println!("ready");
            running.await
        }
    }
}

/// Says of each start, end and skip which job it was.
pub fn tell(event: &Event) {
    let job = event.job.as_deref().unwrap_or("the runtime");
    match &event.kind {
        EventKind::Started { .. } => println!("event: {job} started"),
        EventKind::Finished { outcome, error, .. } => {
            println!("event: {job} {outcome}: {}", error.as_deref().unwrap_or("no error"));
        }
        EventKind::Skipped { reason, .. } => println!("event: {job} skipped, {reason}"),
        EventKind::Blocking { .. } => println!("event: {job} blocking"),
        _ => {}
    }
}

/// Waits until the parent closes the standard input; on a thread that ends with it or with the process.
pub async fn input_ends() {
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = ended.send(());
    });
    let _ = end.await;
}
