//! D9, D10 and D12 for ticks of all nodes: the store is away while they come due, nobody was there for two weeks, and the
//! schedule was edited meanwhile.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use job_runtime::JobRow;
use private_postgres::{Server, Stop};

use crate::child::Child;
use crate::lab::{Kind, Lab, now};
use crate::ticks;

const POLICIES: [(&str, &str); 4] = [("skip", "skip"), ("one", "one"), ("five", "all(5)"), ("all", "all")];
const PERIOD: Duration = Duration::from_secs(1);
/// How long the store is away: nine ticks.
const AWAY: Duration = Duration::from_millis(9_200);

/// One schedule for each of these policies.
fn schedules(period: &str, policies: &[(&str, &str)]) -> String {
    let ticks: Vec<_> = policies.iter().map(|(name, policy)| format!("{name}:cluster:{period}:{policy}:run")).collect();
    format!("ticks={}", ticks.join(","))
}

/// What a worker told of ticks that were missed.
struct Missed {
    count: u64,
    reason: String,
    /// In seconds since the epoch.
    at: f64,
}

/// What this worker told of a job's.
fn missed(said: &[String], job: &str) -> Vec<Missed> {
    let told = said.iter().filter_map(|line| line.strip_prefix("missed ")?.strip_prefix(job)?.strip_prefix(' '));
    let read = |rest: &str| {
        let [count, reason, at] = rest.split(' ').collect::<Vec<_>>()[..] else { panic!("{rest} is not told so") };
        let reason = reason.to_owned();
        Missed { count: count.parse().expect("a number"), reason, at: at.parse().expect("a time") }
    };
    told.map(read).collect()
}

/// What becomes of the ticks that come while the store is away, by each policy. `away` tells when it surely was.
async fn outage(lab: &Lab, mut worker: Child, away: impl AsyncFnOnce() -> f64) {
    lab.until_noted("all", 2).await;
    let before = lab.until_noted("skip", 2).await.len();
    let gone = away().await;
    worker.says_more("back after ");
    // The next ones, which come by themselves.
    lab.until_noted("skip", before + 2).await;
    let end = worker.stop();
    assert_eq!(end.code(), Some(0));
    let client = lab.client().await;
    let rows = ticks::rows(&client).await;
    ticks::are_exactly_one_each("all", &rows["all"], PERIOD);
    assert!(missed(&end.said.out, "all").is_empty());
    for (name, most) in [("skip", 0), ("one", 1), ("five", 5)] {
        let rows = &rows[name];
        let told = missed(&end.said.out, name);
        let [Missed { count, reason, at }] = &told[..] else { panic!("{name}: they are lost at once") };
        assert_eq!(reason, "downtime", "{name}");
        let caught_up = |row: &&JobRow| (gone..=*at).contains(&since_epoch(row.enqueued_at));
        let ran = rows.iter().filter(caught_up).count();
        assert_eq!(ran, most, "{name}: {count} were told to be missed");
        // Those between the first and the last that are not there.
        let (first, last) = (rows[0].scheduled_at, rows[rows.len() - 1].scheduled_at);
        let apart = last.duration_since(first).expect("in order").as_millis() / PERIOD.as_millis() + 1;
        assert_eq!(apart, rows.len() as u128 + u128::from(*count), "{name}: all that is lost is told");
        // The store was away for nine of them, and is found again within a moment.
        assert!((9..=12).contains(&(count + most as u64)), "{name}: {count} were missed");
    }
}

fn since_epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d9_an_outage_over_nine_ticks_for_each_policy_on_postgres() {
    let server = Server::start();
    let lab = Lab::at(server.database("jobs"), "d9");
    let worker = lab.worker(&[&schedules("1s", &POLICIES)]);
    outage(&lab, worker, async || {
        tokio::task::block_in_place(|| server.stop(Stop::Fast));
        let gone = now();
        tokio::time::sleep(AWAY).await;
        tokio::task::block_in_place(|| server.start_again());
        gone
    })
    .await;
}

#[tokio::test]
async fn d9_an_outage_over_nine_ticks_for_each_policy_on_sqlite() {
    let lab = Lab::new(Kind::Sqlite, "d9");
    let worker = lab.worker(&[&schedules("1s", &POLICIES)]);
    outage(&lab, worker, async || {
        let file = rusqlite::Connection::open(lab.file()).expect("it is there");
        file.busy_timeout(AWAY).expect("it can wait");
        file.execute_batch("BEGIN EXCLUSIVE").expect("nobody else has it");
        let gone = now();
        tokio::time::sleep(AWAY).await;
        file.execute_batch("ROLLBACK").expect("it was begun");
        gone
    })
    .await;
}

const FORTNIGHT: u64 = 14 * 24 * 60 * 60;

async fn two_weeks(kind: Kind) {
    let lab = Lab::new(kind, "d10");
    let schedules = schedules("5s", &POLICIES[..3]);
    let first = lab.worker(&[&schedules]);
    lab.until_scheduled(3).await;
    assert_eq!(first.stop().code(), Some(0));
    lab.set_schedules_back(Duration::from_secs(FORTNIGHT));
    let begun = now();
    let second = lab.worker(&[&schedules]);
    lab.until_noted("one", 1).await;
    lab.until_noted("five", 5).await;
    // The next one, which comes by itself.
    lab.until_noted("skip", 1).await;
    let end = second.stop();
    assert_eq!(end.code(), Some(0));
    for (name, most) in [("skip", 0), ("one", 1), ("five", 5)] {
        let late = lab.noted_of(name).iter().filter(|run| run.planned < begun).count();
        assert_eq!(late, most, "{name}");
        let told: u64 = missed(&end.said.out, name).iter().map(|told| told.count).sum();
        let due = told + u64::try_from(late).expect("few");
        assert!((FORTNIGHT / 5..=FORTNIGHT / 5 + 2).contains(&due), "{name}: {due} were due");
    }
}

#[tokio::test]
async fn d10_two_weeks_without_any_node_on_sqlite() {
    two_weeks(Kind::Sqlite).await;
}

#[tokio::test]
async fn d10_two_weeks_without_any_node_on_postgres() {
    two_weeks(Kind::Postgres).await;
}

async fn edited(kind: Kind) {
    let lab = Lab::new(kind, "d12");
    let first = lab.worker(&["ticks=edited:cluster:1h:all:run"]);
    lab.until_scheduled(1).await;
    assert_eq!(first.stop().code(), Some(0));
    lab.set_schedules_back(Duration::from_secs(3 * 60 * 60));
    let second = lab.worker(&["ticks=edited:cluster:2h:all:run,control:cluster:500ms:all:run"]);
    lab.until_noted("control", 4).await;
    assert_eq!(lab.noted_of("edited"), [], "the new schedule is counted from now");
    let end = second.stop();
    assert_eq!(end.code(), Some(0));
    assert!(missed(&end.said.out, "edited").is_empty());
    // Back to the first one, which is new again.
    let third = lab.worker(&["ticks=edited:cluster:1h:all:run,control:cluster:500ms:all:run"]);
    let before = lab.noted_of("control").len();
    lab.until_noted("control", before + 4).await;
    assert_eq!(third.stop().code(), Some(0));
    assert_eq!(lab.noted_of("edited"), []);
}

#[tokio::test]
async fn d12_an_edited_schedule_does_not_fire_at_once_on_sqlite() {
    edited(Kind::Sqlite).await;
}

#[tokio::test]
async fn d12_an_edited_schedule_does_not_fire_at_once_on_postgres() {
    edited(Kind::Postgres).await;
}
