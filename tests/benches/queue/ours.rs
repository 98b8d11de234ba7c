//! What a user of the library gets.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use job_runtime::{Runtime, StoreConfig, run_all};
use private_postgres::Server;

use crate::cell::Scale;
use crate::jobs::{DONE, at, bereaved, next_begun, noted, nothing, when};
use crate::raw::{connect, median, tidy};

/// How many jobs a node has on at once where as many as possible are to be worked off.
const ROOM: u32 = 2_000;
const BATCH: u64 = 1_000;

fn store(store: &str, room: u32) -> StoreConfig {
    StoreConfig::new(store).expect("an address").max_running(room)
}

/// A node with so many places.
async fn node(address: &str, room: u32) -> Runtime {
    run_all().store(store(address, room)).start().await.expect("the store is there")
}

/// A node on threads of its own, so that what is asked for here is asked of another.
async fn elsewhere(address: &str) -> tokio::sync::oneshot::Sender<()> {
    let (end, ended) = tokio::sync::oneshot::channel();
    let (started, starts) = tokio::sync::oneshot::channel();
    let address = address.to_owned();
    std::thread::spawn(move || {
        let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        threads.expect("there are threads").block_on(async {
            let node = node(&address, 10).await;
            let _ = started.send(());
            let _ = ended.await;
            node.shutdown().await.expect("it ends");
        });
    });
    starts.await.expect("it starts");
    end
}

/// Puts jobs in without any node that runs them.
async fn fill(address: &str, count: u64) {
    let client = node(address, 0).await;
    for batch in 0..count.div_ceil(BATCH) {
        let users = batch * BATCH..count.min((batch + 1) * BATCH);
        nothing::enqueue_all(users).await.expect("they are taken");
    }
    client.shutdown().await.expect("it ends");
    if address.starts_with("postgres:") {
        tidy(&connect(address).await).await;
    }
}

/// Works off everything: from the start of the node until everything is written down.
async fn work_off(address: &str, count: u64, room: u32) -> f64 {
    // What was left before may be among them.
    let all = at((DONE.load(Ordering::Relaxed) + count) / 100 * 100);
    let begun = Instant::now();
    let node = node(address, room).await;
    when(all).await;
    // Its end is awaited: the last of them are written down by then.
    node.shutdown().await.expect("it ends");
    count as f64 / begun.elapsed().as_secs_f64()
}

pub(crate) async fn process(scale: Scale, address: &str) -> f64 {
    let count = scale.of(if address.starts_with("sqlite:") { 100_000 } else { 200_000 });
    fill(address, count).await;
    work_off(address, count, ROOM).await
}

pub(crate) async fn process_ten(scale: Scale, address: &str) -> f64 {
    let count = scale.of(20_000);
    fill(address, count).await;
    work_off(address, count, 10).await
}

pub(crate) async fn one(scale: Scale, address: &str) -> f64 {
    let client = node(address, 0).await;
    nothing::enqueue(0).await.expect("it is warm");
    let count = scale.of(5_000);
    let begun = Instant::now();
    // On a thread of the runtime, as the floor does.
    let enqueuing = tokio::spawn(async move {
        for user in 0..count {
            nothing::enqueue(user).await.expect("it is taken");
        }
    });
    enqueuing.await.expect("it ends");
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    client.shutdown().await.expect("it ends");
    rate
}

pub(crate) async fn ten(scale: Scale, address: &str) -> f64 {
    let client = node(address, 0).await;
    let each = scale.of(5_000);
    let enqueue = async move |count| {
        for user in 0..count {
            nothing::enqueue(user).await.expect("it is taken");
        }
    };
    let all = |count| (0..10).map(|_| tokio::spawn(enqueue(count))).collect::<Vec<_>>();
    for warm in all(2) {
        warm.await.expect("it ends");
    }
    let begun = Instant::now();
    for enqueuing in all(each) {
        enqueuing.await.expect("it ends");
    }
    let rate = (each * 10) as f64 / begun.elapsed().as_secs_f64();
    client.shutdown().await.expect("it ends");
    rate
}

pub(crate) async fn batch(scale: Scale, address: &str) -> f64 {
    let client = node(address, 0).await;
    let count = scale.of(if address.starts_with("sqlite:") { 100_000 } else { 200_000 });
    let begun = Instant::now();
    for batch in 0..count / BATCH {
        nothing::enqueue_all(batch * BATCH..(batch + 1) * BATCH).await.expect("they are taken");
    }
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    client.shutdown().await.expect("it ends");
    rate
}

/// From before one node puts a job in until it has begun on another, in milliseconds: the median.
pub(crate) async fn start(scale: Scale, address: &str) -> f64 {
    let worker = elsewhere(address).await;
    let client = node(address, 0).await;
    let taken = starts(scale).await;
    client.shutdown().await.expect("it ends");
    drop(worker);
    taken
}

/// The same within one process.
pub(crate) async fn start_here(scale: Scale, address: &str) -> f64 {
    let node = node(address, 10).await;
    let taken = starts(scale).await;
    node.shutdown().await.expect("it ends");
    taken
}

async fn starts(scale: Scale) -> f64 {
    let mut taken = Vec::new();
    for user in 0..scale.of(500) {
        let hears = next_begun();
        let begun = Instant::now();
        noted::enqueue(user).await.expect("it is taken");
        taken.push(when(hears).await.duration_since(begun).as_secs_f64() * 1_000.0);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    median(taken)
}

/// What a node asks that has nothing to do, a second, where the server does nothing for itself meanwhile. A transaction is
/// counted as one: a node makes none of several statements then.
pub(crate) async fn idle(scale: Scale, _address: &str) -> f64 {
    let server = Server::with(&["autovacuum=off"]);
    let address = server.database("bench");
    let node = node(&address, 10).await;
    let looks = connect(&address).await;
    let count = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()";
    // What a backend has done is told when it has been idle for ten seconds at the latest.
    tokio::time::sleep(Duration::from_secs(15)).await;
    let before: i64 = looks.query_one(count, &[]).await.expect("a number").get(0);
    let length = Duration::from_secs(scale.of(60));
    tokio::time::sleep(length).await;
    let after: i64 = looks.query_one(count, &[]).await.expect("a number").get(0);
    node.shutdown().await.expect("it ends");
    // One of them was the question before.
    (after - before - 1) as f64 / length.as_secs_f64()
}

/// The rate at which jobs are worked off while others wait: over those after the first thousand.
async fn while_waiting(address: &str, waiting: u64, counted: u64) -> f64 {
    fill(address, waiting).await;
    let (first, last) = (at(1_000), at(1_000 + counted));
    let _node = node(address, ROOM).await;
    let (first, last) = (when(first).await, when(last).await);
    counted as f64 / last.duration_since(first).as_secs_f64()
}

pub(crate) async fn waiting_10k(scale: Scale, address: &str) -> f64 {
    while_waiting(address, 10_000, scale.of(80_000).min(8_000)).await
}

pub(crate) async fn waiting_1m(scale: Scale, address: &str) -> f64 {
    while_waiting(address, scale.of(1_000_000), scale.of(80_000).min(80_000)).await
}

/// Works at a steady rate for as long as a transaction is held open, and then as fast as it can.
async fn held(scale: Scale, address: &str, held: bool) -> f64 {
    let mut holder = connect(address).await;
    let node = node(address, ROOM).await;
    let transaction = holder.build_transaction().isolation_level(tokio_postgres::IsolationLevel::RepeatableRead);
    let transaction = transaction.start().await.expect("it begins");
    if held {
        transaction.batch_execute("SELECT txid_current()").await.expect("it has begun");
    }
    let (each, batch) = (Duration::from_millis(100), 80);
    let mut pace = tokio::time::interval(each);
    for _ in 0..scale.of(1_800) {
        pace.tick().await;
        nothing::enqueue_all(0..batch).await.expect("they are taken");
    }
    node.shutdown().await.expect("it ends");
    let count = scale.of(100_000);
    let client = self::node(address, 0).await;
    for _ in 0..count / BATCH {
        nothing::enqueue_all(0..BATCH).await.expect("they are taken");
    }
    client.shutdown().await.expect("it ends");
    let rate = work_off(address, count, ROOM).await;
    transaction.rollback().await.expect("it is there");
    rate
}

pub(crate) async fn held_before(scale: Scale, address: &str) -> f64 {
    held(scale, address, false).await
}

pub(crate) async fn held_after(scale: Scale, address: &str) -> f64 {
    held(scale, address, true).await
}

/// A node that is to be killed, when it has said that it has begun.
pub(crate) async fn be_killed(address: &str) {
    let _node = node(address, 10).await;
    std::future::pending().await
}

/// How long after the death of a process another runs what it had.
pub(crate) async fn takeover(_scale: Scale, address: &str) -> f64 {
    let client = node(address, 0).await;
    bereaved::enqueue().await.expect("it is taken");
    client.shutdown().await.expect("it ends");
    let program = std::env::current_exe().expect("it runs");
    let mut victim =
        Command::new(program).args(["--be-killed", address]).stdout(Stdio::piped()).spawn().expect("it can be started");
    let mut said = String::new();
    let mut output = BufReader::new(victim.stdout.take().expect("it is piped"));
    tokio::task::block_in_place(|| output.read_line(&mut said)).expect("it says something");
    let worker = node(address, 10).await;
    let hears = next_begun();
    // Those who take over have been there for longer than a lease.
    tokio::time::sleep(Duration::from_secs(25)).await;
    victim.kill().expect("it is there");
    let killed = Instant::now();
    victim.wait().expect("it is dead");
    let taken = when(hears).await.duration_since(killed).as_secs_f64();
    worker.shutdown().await.expect("it ends");
    taken
}

/// How long after the database takes connections again the first job runs, after it was away for ten seconds.
pub(crate) async fn recovery(_scale: Scale, _address: &str) -> f64 {
    let server = Server::start();
    let address = server.database("bench");
    let _worker = elsewhere(&address).await;
    let _client = node(&address, 0).await;
    noted::enqueue(0).after("1s").await.expect("it is taken");
    let hears = next_begun();
    tokio::task::block_in_place(|| server.stop(private_postgres::Stop::Immediate));
    tokio::time::sleep(Duration::from_secs(10)).await;
    tokio::task::block_in_place(|| server.start_again());
    let back = Instant::now();
    when(hears).await.saturating_duration_since(back).as_secs_f64()
}
