//! D4: a node is killed just when a tick is due.

use std::time::Duration;

use crate::lab::{Kind, Lab, amount, now};
use crate::ticks;

const PERIOD: Duration = Duration::from_millis(500);
/// When a node is killed, in milliseconds before or after a tick.
const OFFSETS: [i32; 5] = [-50, -5, 0, 5, 50];

async fn handover(kind: Kind) {
    let lab = Lab::new(kind, "d4");
    let arguments = ["lease=2s", "ticks=tick:cluster:/500ms:all:run"];
    let mut nodes: Vec<_> = (0..3).map(|_| lab.worker(&arguments)).collect();
    lab.until_noted("tick", 1).await;
    let rounds = amount(10, 200);
    for _ in 0..rounds {
        for offset in OFFSETS {
            let (now, period) = (now(), PERIOD.as_secs_f64());
            let kill = (now / period).floor() * period + 2.0 * period + f64::from(offset) / 1_000.0;
            tokio::time::sleep(Duration::from_secs_f64(kill - now)).await;
            nodes.remove(0).kill();
            nodes.push(lab.worker(&arguments));
        }
    }
    for node in nodes {
        assert_eq!(node.stop().code(), Some(0));
    }
    let client = lab.client().await;
    let rows = ticks::rows(&client).await;
    let rows = &rows["tick"];
    assert!(rows.len() >= usize::try_from(rounds * 5).expect("few"), "{}", rows.len());
    ticks::are_exactly_one_each("tick", rows, PERIOD);
}

#[tokio::test]
async fn d4_no_tick_is_lost_or_doubled_when_its_node_is_killed_at_it_on_sqlite() {
    handover(Kind::Sqlite).await;
}

#[tokio::test]
async fn d4_no_tick_is_lost_or_doubled_when_its_node_is_killed_at_it_on_postgres() {
    handover(Kind::Postgres).await;
}
