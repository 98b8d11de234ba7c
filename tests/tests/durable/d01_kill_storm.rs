//! D1: workers are killed one after another while they work.

use std::time::Duration;

use crate::jobs::work;
use crate::lab::{Kind, Lab, amount, now};

/// How many of its jobs a worker runs at once.
const ROOM: u64 = 25;
const WORKERS: usize = 4;
/// Between two kills.
const PAUSE: Duration = Duration::from_millis(300);

async fn kill_storm(kind: Kind) {
    let lab = Lab::new(kind, "d1");
    let (jobs, kills) = (amount(20_000, 100_000), amount(20, 200));
    let room = format!("room={ROOM}");
    let arguments = ["lease=3s", "quarantine=1000", &*room];
    let client = lab.client().await;
    let mut ids = Vec::new();
    for batch in 0..jobs / 1_000 {
        let numbers = batch * 1_000..(batch + 1) * 1_000;
        ids.extend(work::enqueue_all(numbers).await.expect("they are taken").iter().map(|enqueued| enqueued.id));
    }
    let mut workers: Vec<_> = (0..WORKERS).map(|_| lab.worker(&arguments)).collect();
    let mut pause = tokio::time::interval(PAUSE);
    for kill in 0..usize::try_from(kills).expect("few") {
        pause.tick().await;
        workers.remove(kill * 7 % WORKERS).kill();
        workers.push(lab.worker(&arguments));
    }
    let last = now();
    let info = client.until_done("work").await;
    eprintln!("D1 on {kind:?}: all is done {:.1} s after the last of {kills} kills", now() - last);
    assert_eq!((info.completed, info.discarded, info.cancelled, info.parked), (jobs, 0, 0, 0), "none is lost");
    let runs = lab.by_row();
    let mut again = 0;
    for id in ids {
        let runs = runs.get(&id.row().expect("it is in a store")).unwrap_or_else(|| panic!("{id} never ran"));
        let mut attempts: Vec<u32> = runs.iter().map(|run| run.attempt).collect();
        again += u64::try_from(attempts.len() - 1).expect("few");
        attempts.sort_unstable();
        attempts.dedup();
        assert_eq!(attempts.len(), runs.len(), "no attempt was made twice: {runs:?}");
    }
    eprintln!("D1 on {kind:?}: {again} of {jobs} jobs were done again");
    assert!(again <= kills * ROOM, "only what ran when its process was killed came again");
}

#[tokio::test]
async fn d1_no_job_is_lost_in_a_storm_of_kills_on_sqlite() {
    kill_storm(Kind::Sqlite).await;
}

#[tokio::test]
async fn d1_no_job_is_lost_in_a_storm_of_kills_on_postgres() {
    kill_storm(Kind::Postgres).await;
}
