//! D3: many nodes, some of whose clocks are wrong, decide the same ticks, and are killed and stopped.

use std::time::Duration;

use private_postgres::faketime;

use crate::child::Child;
use crate::lab::{Kind, Lab, amount};
use crate::ticks;

const NODES: usize = 5;
const SCHEDULES: usize = 50;
/// How far the clocks of the nodes are off, in seconds, where the store has a clock of its own.
const SKEWS: [i32; NODES] = [-300, -5, 0, 5, 300];
const PERIOD: Duration = Duration::from_secs(1);

struct Crowd<'a> {
    lab: &'a Lab,
    kind: Kind,
    ticks: String,
}

impl Crowd<'_> {
    fn node(&self, number: usize) -> Child {
        let skew = format!("{:+}s", SKEWS[number]);
        let library = faketime();
        let mut variables = Vec::new();
        // SQLite has no clock: the one of the machine, which all have, is that of the store.
        if let (Kind::Postgres, Some(library)) = (self.kind, &library) {
            variables.push(("LD_PRELOAD", library.to_str().expect("a path in words")));
            variables.extend([("FAKETIME", &*skew), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")]);
        }
        self.lab.worker_at(&self.lab.url, &["lease=2s", &self.ticks], &variables)
    }
}

async fn one_tick(kind: Kind) {
    let lab = Lab::new(kind, "d3");
    if faketime().is_none() {
        eprintln!("D3: there is no libfaketime, so that all clocks are right: see ./.ci/test");
    }
    let names: Vec<String> = (0..SCHEDULES).map(|number| format!("tick{number}")).collect();
    let ticks: Vec<String> = names.iter().map(|name| format!("{name}:cluster:1s:all:run")).collect();
    let crowd = Crowd { lab: &lab, kind, ticks: format!("ticks={}", ticks.join(",")) };
    let mut nodes: Vec<Child> = (0..NODES).map(|number| crowd.node(number)).collect();
    let rounds = usize::try_from(amount(8, 60)).expect("few");
    let mut pause = tokio::time::interval(Duration::from_secs(2).max(Duration::from_secs(amount(2, 5))));
    for round in 0..rounds {
        pause.tick().await;
        let number = round * 3 % NODES;
        if round % 2 == 0 {
            let next = crowd.node(number);
            std::mem::replace(&mut nodes[number], next).kill();
        } else {
            nodes[number].signal("STOP");
            pause.tick().await;
            nodes[number].signal("CONT");
        }
    }
    for node in nodes {
        assert_eq!(node.stop().code(), Some(0));
    }
    let client = lab.client().await;
    let rows = ticks::rows(&client).await;
    assert_eq!(rows.len(), SCHEDULES);
    let least = rounds;
    for (job, rows) in &rows {
        assert!(rows.len() > least, "{job} went on for {rounds} rounds: {}", rows.len());
        ticks::are_exactly_one_each(job, rows, PERIOD);
    }
}

#[tokio::test]
async fn d3_each_tick_of_five_nodes_that_are_killed_and_stopped_comes_once_on_sqlite() {
    one_tick(Kind::Sqlite).await;
}

#[tokio::test]
async fn d3_each_tick_of_five_nodes_with_wrong_clocks_comes_once_on_postgres() {
    one_tick(Kind::Postgres).await;
}
