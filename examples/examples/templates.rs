//! A job with arguments is a template: one instance per value, started and stopped while the program runs.
use std::sync::Mutex;

use job_runtime::periodic;

/// The hosts that should be watched, as a configuration file or a table would name them.
struct Watched(Mutex<Vec<&'static str>>);

#[periodic(every = "500ms", initial_delay = "0s", on_overlap = "ignore", timeout = "5s")]
async fn probe(host: String, port: u16) {
    println!("probing {host}:{port}");
}

/// Makes the instances agree with the list; `start` refuses what is started already, `stop` says false for the rest.
#[periodic(every = "1s", initial_delay = "0s")]
async fn reconcile(known: &mut Vec<&'static str>, watched: &Watched) -> job_runtime::Result {
    let wanted = watched.0.lock().map(|hosts| hosts.clone()).unwrap_or_default();
    for host in wanted.iter().filter(|host| !known.contains(*host)) {
        println!("starting {host}");
        probe::start((*host).to_owned(), 443)?;
    }
    for host in known.iter().filter(|host| !wanted.contains(*host)) {
        let stopped = probe::stop((*host).to_owned(), 443);
        println!("stopping {host}: {stopped}");
    }
    *known = wanted;
    Ok(())
}

/// Stands for somebody who edits the list.
#[periodic(every = "1500ms")]
async fn edit(watched: &Watched) {
    if let Ok(mut hosts) = watched.0.lock()
        && hosts.pop().is_none()
    {
        hosts.extend(["a.example", "b.example"]);
    }
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    job_runtime::run_all().data(Watched(Mutex::new(vec!["a.example", "b.example"]))).await
}
