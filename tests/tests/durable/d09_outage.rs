//! D9, D10 and D12 for ticks of all nodes: the store is away while they come due, nobody was there for two weeks, and the
//! schedule was edited meanwhile.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use private_postgres::{Server, Stop};

use crate::child::Child;
use crate::lab::{Kind, Lab};
use crate::ticks::{self, nominals};

const POLICIES: [(&str, &str); 4] = [("skip", "skip"), ("one", "one"), ("five", "all(5)"), ("all", "all")];
const PERIOD: Duration = Duration::from_secs(1);
/// How long the store is away: nine ticks.
const AWAY: Duration = Duration::from_millis(9_200);

/// One schedule for each of these policies.
fn schedules(period: &str, policies: &[(&str, &str)]) -> String {
    let ticks: Vec<_> = policies.iter().map(|(name, policy)| format!("{name}:cluster:{period}:{policy}:run")).collect();
    format!("ticks={}", ticks.join(","))
}

/// How many ticks of a job this worker told that they were missed, and why.
fn missed(said: &[String], job: &str) -> Vec<(u64, String)> {
    let told = said.iter().filter_map(|line| line.strip_prefix("missed ")?.strip_prefix(job)?.strip_prefix(' '));
    let told = told.map(|rest| rest.split_once(' ').expect("a number and a reason"));
    told.map(|(count, reason)| (count.parse().expect("a number"), reason.to_owned())).collect()
}

/// What ran of the ticks that came while the store was away: all of them are in the first set, as one policy ran all.
async fn outage(lab: &Lab, mut worker: Child, away: impl AsyncFnOnce()) {
    lab.until_noted("all", 2).await;
    away().await;
    worker.says_more("back after ");
    let before = lab.noted_of("all").len();
    lab.until_noted("all", before + 3).await;
    lab.until_noted("skip", 3).await;
    let end = worker.stop();
    assert_eq!(end.code(), Some(0));
    let client = lab.client().await;
    client.until_done("@cluster").await;
    let rows = ticks::rows(&client).await;
    ticks::are_exactly_one_each("all", &rows["all"], PERIOD);
    let late = |row: &&job_runtime::JobRow| {
        let late = row.enqueued_at.duration_since(row.scheduled_at).unwrap_or_default();
        late > Duration::from_millis(700)
    };
    let overdue: BTreeSet<SystemTime> = rows["all"].iter().filter(late).map(|row| row.scheduled_at).collect();
    assert!((7..=10).contains(&overdue.len()), "{} were overdue", overdue.len());
    for (name, most) in [("skip", 0), ("one", 1), ("five", 5)] {
        // Schedules are counted from when they were first seen: the four at almost the same time.
        let (rows, all) = (&rows[name], nominals(&rows["all"]));
        let gap = rows.windows(2).map(|pair| {
            pair[1].scheduled_at.duration_since(pair[0].scheduled_at).expect("in order").as_millis() / 1_000 - 1
        });
        let (gaps, lost): (Vec<u128>, u128) = gap.fold((Vec::new(), 0), |(mut gaps, lost), gap| {
            if gap > 0 {
                gaps.push(gap);
            }
            (gaps, lost + gap)
        });
        assert!(gaps.len() <= 1, "{name}: {gaps:?}");
        let lost = u64::try_from(lost).expect("few");
        let told: Vec<(u64, String)> = missed(&end.said.out, name);
        assert_eq!(told.iter().map(|(count, _)| count).sum::<u64>(), lost, "{name}: all that is lost is told");
        assert!(told.iter().all(|(_, reason)| reason == "downtime"), "{name}: {told:?}");
        let caught = rows.iter().filter(late).count();
        assert_eq!(caught, most, "{name}: {lost} of {} were lost", all.len());
        assert!(
            (7..=10).contains(&(lost + u64::try_from(caught).expect("few"))),
            "{name}: {lost} lost, {caught} caught up"
        );
    }
    assert_eq!(missed(&end.said.out, "all"), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d9_an_outage_over_nine_ticks_for_each_policy_on_postgres() {
    let server = Server::start();
    let lab = Lab::at(server.database("jobs"), "d9");
    let worker = lab.worker(&[&schedules("1s", &POLICIES)]);
    outage(&lab, worker, async || {
        tokio::task::block_in_place(|| server.stop(Stop::Fast));
        tokio::time::sleep(AWAY).await;
        tokio::task::block_in_place(|| server.start_again());
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
        tokio::time::sleep(AWAY).await;
        file.execute_batch("ROLLBACK").expect("it was begun");
    })
    .await;
}

const FORTNIGHT: u64 = 14 * 24 * 60 * 60;

async fn two_weeks(kind: Kind) {
    let lab = Lab::new(kind, "d10");
    assert_eq!(lab.worker(&[&schedules("5s", &POLICIES[..3])]).stop().code(), Some(0));
    lab.set_schedules_back(Duration::from_secs(FORTNIGHT));
    let worker = lab.worker(&[&schedules("5s", &POLICIES[..3])]);
    lab.until_noted("one", 1).await;
    lab.until_noted("five", 5).await;
    // The next one, which comes by itself.
    lab.until_noted("skip", 1).await;
    let end = worker.stop();
    assert_eq!(end.code(), Some(0));
    let client = lab.client().await;
    let rows = ticks::rows(&client).await;
    let late =
        |row: &&job_runtime::JobRow| row.enqueued_at.duration_since(row.scheduled_at).unwrap_or_default() > PERIOD;
    for (name, most) in [("skip", 0), ("one", 1), ("five", 5)] {
        let caught = rows.get(name).map_or(0, |rows| rows.iter().filter(late).count());
        assert_eq!(caught, most, "{name}");
        let told: u64 = missed(&end.said.out, name).iter().map(|(count, _)| count).sum();
        let due = told + u64::try_from(caught).expect("few");
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
    assert_eq!(first.stop().code(), Some(0));
    lab.set_schedules_back(Duration::from_secs(3 * 60 * 60));
    let second = lab.worker(&["ticks=edited:cluster:2h:all:run,control:cluster:500ms:all:run"]);
    lab.until_noted("control", 4).await;
    assert_eq!(lab.noted_of("edited"), [], "the new schedule is counted from now");
    let end = second.stop();
    assert_eq!(end.code(), Some(0));
    assert_eq!(missed(&end.said.out, "edited"), []);
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
