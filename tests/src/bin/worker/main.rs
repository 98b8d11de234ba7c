//! A node of the crash tests: it runs what is in the store, and the ticks that it is told to have.

mod jobs;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use job_runtime::{Builder, Event, EventKind, JobConfig, Periodic, Result, Schedule, StoreConfig, run_all};
use tokio::signal::unix::{SignalKind, signal};

/// What it is told on the command line, each as `what=value`.
struct Plan(Vec<(String, String)>);

impl Plan {
    fn read() -> Self {
        let pair = |argument: String| {
            let (what, value) = argument.split_once('=').expect("an argument is `what=value`");
            (what.to_owned(), value.to_owned())
        };
        Self(std::env::args().skip(1).map(pair).collect())
    }

    fn get(&self, what: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == what).map(|(_, value)| value.as_str())
    }

    fn number(&self, what: &str) -> Option<u32> {
        self.get(what).map(|value| value.parse().expect("a number"))
    }

    fn store(&self) -> Result<StoreConfig> {
        let mut store = StoreConfig::new(self.get("store").expect("a worker has a store"))?;
        if let Some(lease) = self.get("lease") {
            store = store.lease(lease)?;
        }
        if let Some(deaths) = self.number("quarantine") {
            store = store.quarantine_after(deaths)?;
        }
        if let Some(count) = self.number("room") {
            store = store.max_running(count);
        }
        Ok(store)
    }

    fn builder(&self) -> Result<Builder> {
        Ok(run_all().store(self.store()?).on_event(tell))
    }

    /// `ticks=name:scope:schedule:on_missed:on_overlap,…`, where the schedule is a period, or that aligned with `/`.
    fn ticks(&self) -> Result<Vec<Periodic>> {
        self.get("ticks").into_iter().flat_map(|ticks| ticks.split(',')).map(tick).collect()
    }
}

fn tick(text: &str) -> Result<Periodic> {
    let parts: Vec<&str> = text.split(':').collect();
    let [name, scope, schedule, on_missed, on_overlap] = parts[..] else { panic!("{text} is no tick") };
    let (scope, on_missed, on_overlap) = (scope.to_owned(), on_missed.to_owned(), on_overlap.to_owned());
    let configure = move |job: JobConfig| job.scope(&scope)?.on_missed(&on_missed)?.on_overlap(&on_overlap);
    let aligned = schedule.starts_with('/');
    let schedule = Schedule::every(schedule.trim_start_matches('/'))?;
    let own = name.to_owned();
    let job = Periodic::new(name, schedule, move |cx| {
        let own = own.clone();
        async move { jobs::note(&own, &cx) }
    });
    job.configure(move |job| configure(job)?.align(aligned))
}

fn since_epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

/// Says what a test may wait for.
fn tell(event: &Event) {
    let (job, run) = (event.job.as_deref().unwrap_or("-"), event.run.map_or("-".to_owned(), |run| run.to_string()));
    match &event.kind {
        EventKind::Stale { attempt } => println!("stale {job} {run} {attempt}"),
        EventKind::Rescued { count } => println!("rescued {count}"),
        EventKind::Parked { reason } => println!("parked {job} {run} {reason}"),
        EventKind::StoreLost { error } => println!("lost {error}"),
        EventKind::StoreBack { after } => println!("back after {} ms", after.as_millis()),
        EventKind::Missed { count, reason, .. } => println!("missed {job} {count} {reason} {}", since_epoch(event.at)),
        EventKind::Skipped { reason, .. } => println!("skipped {job} {reason}"),
        _ => {}
    }
}

/// Puts jobs in one by one, at a distance, and tells of each that it was taken.
async fn enqueue(count: u64, apart: Duration) -> Result {
    println!("enqueuing");
    for number in 0..count {
        tokio::time::sleep(apart).await;
        let enqueued = jobs::work::enqueue(number).await?;
        jobs::write(&format!("acknowledged {} 0 {} 0", enqueued.id, std::process::id()));
    }
    Ok(())
}

/// Waits until it is asked to end in order.
async fn asked() {
    let mut asked = signal(SignalKind::terminate()).expect("signals can be heard");
    asked.recv().await;
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result {
    let plan = Plan::read();
    let runtime = plan.builder()?.shutdown_on(asked()).start().await?;
    for tick in plan.ticks()? {
        runtime.add(tick)?;
    }
    println!("ready");
    if let Some(count) = plan.number("enqueue") {
        let apart = Duration::from_millis(plan.number("apart").unwrap_or_default().into());
        enqueue(count.into(), apart).await?;
    }
    runtime.join().await
}
