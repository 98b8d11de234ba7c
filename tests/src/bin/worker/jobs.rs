//! The jobs of the crash tests. Each run is told of in a file, by one write, which nothing takes back.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use job_runtime::{Context, job};

/// Where it is told which runs there were: what the variable `AUDIT` names.
static AUDIT: OnceLock<File> = OnceLock::new();

/// Tells of a run: `what id attempt process`, and the seconds since the epoch at which it was to be.
pub fn note(what: &str, cx: &Context) {
    let planned = cx.scheduled_at().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs_f64();
    write(&format!("{what} {} {} {} {planned:.6}", cx.id(), cx.attempt(), std::process::id()));
}

/// Writes a line of that form.
pub fn write(line: &str) {
    let mut audit = AUDIT.get_or_init(|| {
        let path = std::env::var_os("AUDIT").expect("it is set for each worker");
        File::options().append(true).create(true).open(path).expect("it can be opened")
    });
    audit.write_all(format!("{line}\n").as_bytes()).expect("it is written");
}

/// A millisecond of work.
#[job(queue = "work", max_attempts = 20)]
pub async fn work(cx: &Context, _number: u64) {
    tokio::time::sleep(Duration::from_millis(1)).await;
    note("work", cx);
}

/// Goes on until there is a file of the name of its attempt, or until it is cancelled.
#[job(queue = "held", max_attempts = 20)]
pub async fn held(cx: &Context, gates: PathBuf) -> Result<(), String> {
    note("begun", cx);
    let gate = gates.join(cx.attempt().to_string());
    while !gate.exists() {
        if cx.is_cancelled() {
            note("cancelled", cx);
            return Err("cancelled".to_owned());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    note("ended", cx);
    Ok(())
}

/// Takes its process with it.
#[job(queue = "work", max_attempts = 20)]
pub async fn poison(cx: &Context) {
    note("poison", cx);
    std::process::abort();
}

/// Fails as often as it is told to.
#[job(queue = "work", max_attempts = 20, backoff = "1s")]
pub async fn failing(cx: &Context, times: u32) -> Result<(), String> {
    note("failing", cx);
    if cx.attempt() <= times { Err(format!("failure {}", cx.attempt())) } else { Ok(()) }
}
