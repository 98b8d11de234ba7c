//! D11: a program that is restarted more often than its jobs come due. Its jobs are those that each process has for
//! itself; a week is five seconds here.

use std::time::Duration;

use crate::lab::{Kind, Lab, amount};

const PERIOD: f64 = 5.0;
const LIFE: Duration = Duration::from_millis(700);

async fn deploys(kind: Kind) {
    let lab = Lab::new(kind, "d11");
    let lives = amount(30, 300);
    let ticks = ["ticks=weekly:process:5s:one:run,minutes:process:250ms:one:run"];
    for life in 0..lives {
        let worker = lab.worker(&ticks);
        tokio::time::sleep(LIFE).await;
        // Every third time there is no time to write anything down.
        if life % 3 == 0 { worker.kill() } else { assert_eq!(worker.stop().code(), Some(0)) }
    }
    let weekly = lab.noted_of("weekly");
    let first = weekly.first().expect("it ran").planned;
    let last = weekly.last().expect("it ran").planned;
    let weeks = (last - first) / PERIOD;
    assert!((weeks - weeks.round()).abs() < 0.01, "its rhythm is kept: {weekly:?}");
    assert!(weeks.round() >= 3.0, "{weekly:?}");
    let mut planned: Vec<f64> = weekly.iter().map(|run| (run.planned - first) / PERIOD).collect();
    planned.dedup_by(|one, other| (*one - *other).abs() < 0.01);
    let all: Vec<f64> = (0..=weeks.round() as u32).map(f64::from).collect();
    assert!(planned.iter().zip(&all).all(|(one, other)| (one - other).abs() < 0.01), "{planned:?}");
    assert_eq!(planned.len(), all.len(), "each came: {planned:?}");
    // Of a process that was killed within the moment in which it writes down, a tick may come again.
    assert!(weekly.len() - planned.len() <= usize::try_from(lives / 3).expect("few"), "{weekly:?}");
}

#[tokio::test]
async fn d11_a_program_that_is_restarted_all_the_time_keeps_its_rhythm_on_sqlite() {
    deploys(Kind::Sqlite).await;
}

#[tokio::test]
async fn d11_a_program_that_is_restarted_all_the_time_keeps_its_rhythm_on_postgres() {
    deploys(Kind::Postgres).await;
}
