//! D5: of five commits one is lost on its way, or its answer is.

use std::time::Duration;

use private_postgres::{Flaky, Proxy, Server};

use crate::jobs::work;
use crate::lab::{Kind, Lab, amount, insist};
use crate::ticks;

const SCHEDULES: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d5_nothing_is_lost_or_doubled_where_commits_get_lost() {
    let lab = Lab::new(Kind::Postgres, "d5");
    let proxy = Proxy::start(Server::shared());
    let through = proxy.url(lab.database());
    let ticks: Vec<String> = (0..SCHEDULES).map(|number| format!("tick{number}:cluster:1s:all:run")).collect();
    let ticks = format!("ticks={}", ticks.join(","));
    let nodes: Vec<_> = (0..2).map(|_| lab.worker_at(&through, &["lease=5s", &ticks], &[])).collect();
    let client = lab.client_at(&through).await;
    proxy.flaky(Flaky { seed: 5, before: 10, after: 10 });
    let count = amount(300, 3_000);
    let mut ids = Vec::new();
    for number in 0..count {
        // What was taken, though nobody heard of it, keeps the same out.
        let key = format!("number {number}");
        let enqueued = insist(async || work::enqueue(number).unique_key(&key).unique_for("1h").await).await;
        ids.push(enqueued.id);
        if number % 10 == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let counts = proxy.counts();
    assert!(counts.before > 20 && counts.after > 20, "{counts:?}");
    let info = client.until_done("work").await;
    assert_eq!((info.completed, info.discarded, info.parked), (count, 0, 0), "none is lost, and none is there twice");
    proxy.pass();
    for node in nodes {
        assert_eq!(node.stop().code(), Some(0));
    }
    let runs = lab.by_row();
    for id in ids {
        let runs = &runs[&id.row().expect("it is in a store")];
        let attempts: Vec<u32> = runs.iter().map(|run| run.attempt).collect();
        assert_eq!(attempts, [1], "no process died, so none was done again");
    }
    let rows = ticks::rows(&client).await;
    assert_eq!(rows.len(), SCHEDULES);
    for (job, rows) in &rows {
        assert!(rows.len() > 3, "{job}: {}", rows.len());
        ticks::are_exactly_one_each(job, rows, Duration::from_secs(1));
    }
}
