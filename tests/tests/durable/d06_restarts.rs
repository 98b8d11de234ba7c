//! D6 and D7: the database is restarted as after a crash, and its connections are ended, again and again.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use job_runtime::RunId;
use private_postgres::Server;

use crate::jobs::work;
use crate::lab::{Client, Lab, amount, insist, now};
use crate::ticks;

const SCHEDULES: usize = 20;
/// 500 jobs a second.
const BATCH: u64 = 50;
const EACH: Duration = Duration::from_millis(100);

/// Puts jobs in until it is told to stop; gives those that it knows were taken.
async fn load(client: &Client, stop: &AtomicBool) -> Vec<RunId> {
    let (mut taken, mut each, mut number) = (Vec::new(), tokio::time::interval(EACH), 0);
    while !stop.load(Ordering::Relaxed) {
        each.tick().await;
        let numbers = number..number + BATCH;
        number += BATCH;
        let enqueued = insist(async || work::enqueue_all(numbers.clone()).await).await;
        taken.extend(enqueued.iter().map(|enqueued| enqueued.id));
    }
    assert!(client.0.health().await.live);
    taken
}

/// Does something to the server, again and again, under load.
async fn under_load(test: &str, times: u64, pause: Duration, mut act: impl FnMut(&Server)) {
    let server = Server::start();
    let lab = Lab::at(server.database("jobs"), test);
    let ticks: Vec<String> = (0..SCHEDULES).map(|number| format!("tick{number}:cluster:1s:all:run")).collect();
    let ticks = format!("ticks={}", ticks.join(","));
    let nodes: Vec<_> = (0..2).map(|_| lab.worker(&["lease=20s", "room=50", &ticks])).collect();
    let client = lab.client().await;
    let stop = AtomicBool::new(false);
    let disturb = async {
        for time in 0..times {
            tokio::time::sleep(pause).await;
            tokio::task::block_in_place(|| act(&server));
            let (back, before) = (now(), lab.noted_of("work").len());
            lab.until_noted("work", before + 1).await;
            eprintln!("{test}: jobs ran again {:.2} s after disturbance {time}", now() - back);
        }
        stop.store(true, Ordering::Relaxed);
    };
    let (taken, ()) = tokio::join!(load(&client, &stop), disturb);
    let back = now();
    let info = client.until_done("work").await;
    eprintln!("{test}: all of {} jobs were done after {:.2} s", taken.len(), now() - back);
    for mut node in nodes {
        node.says_more("back after ");
        assert_eq!(node.stop().code(), Some(0), "no node needed a hand");
    }
    assert!(info.completed >= u64::try_from(taken.len()).expect("few"), "{info:?}");
    assert_eq!((info.discarded, info.cancelled, info.parked), (0, 0, 0));
    let runs = lab.by_row();
    for id in taken {
        assert!(runs.contains_key(&id.row().expect("it is in a store")), "{id} was taken and never ran");
    }
    let rows = ticks::rows(&client).await;
    assert_eq!(rows.len(), SCHEDULES);
    for (job, rows) in &rows {
        ticks::are_exactly_one_each(job, rows, Duration::from_secs(1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d6_nothing_is_lost_when_postgres_is_restarted_as_after_a_crash() {
    under_load("d6", amount(3, 12), Duration::from_secs(amount(3, 10)), Server::restart_immediately).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d7_nothing_is_lost_when_all_connections_are_ended_every_two_seconds() {
    under_load("d7", amount(5, 30), Duration::from_secs(2), Server::kill_backends).await;
}
