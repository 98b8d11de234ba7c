//! D16: a node ends its jobs at the same moment as another takes it for dead. One of the two has it, and the other changes
//! nothing.

use super::*;
use crate::durable::row::Parked;
use crate::durable::store::Rescued;
use crate::outcome::JobState;
use crate::policy::unique::{OnConflict, UniqueFor};

/// The node that takes others for dead.
const JUDGE: i64 = 2;
/// The first of those.
const DEAD: i64 = 1_000;
const STOPPED: &str = "no more of it";

/// What a node does with its jobs.
#[derive(Clone, Copy, Debug)]
enum Act {
    Settle(End),
    Leave,
}

const ACTS: [Act; 9] = [
    Act::Settle(End::Completed),
    Act::Settle(End::Retry(Duration::ZERO)),
    Act::Settle(End::Discarded),
    Act::Leave,
    Act::Settle(End::Released),
    Act::Settle(End::Cancelled),
    Act::Settle(End::Snooze(Duration::ZERO)),
    Act::Settle(End::Parked(Parked::Undecodable)),
    Act::Settle(End::Declined),
];

/// What is different in each race.
#[derive(Clone, Copy, Debug)]
struct Race {
    node: i64,
    act: Act,
    /// Whether the first of its jobs keeps others out, and whether somebody wants it stopped.
    keyed: bool,
    stopped: bool,
    /// Whether the node is a moment earlier than the one that takes it for dead.
    first: bool,
}

impl Race {
    fn of(number: usize) -> Self {
        let act = ACTS[number % ACTS.len()];
        let round = number / ACTS.len();
        let node = DEAD + i64::try_from(number).expect("few");
        Self { node, act, keyed: round.is_multiple_of(2), stopped: round.is_multiple_of(3), first: round % 4 < 2 }
    }

    fn node(self) -> Node {
        Node { lease: SECOND, ..node(self.node, &["send"], &["mail"]) }
    }

    /// Two jobs, of which the first keeps the same of all other races out as long as it is there.
    fn jobs(self) -> NewJobs {
        let mut jobs = jobs("send", ["{}", "{}"]);
        jobs.unique = Some((UniqueFor::Unfinished, OnConflict::Skip));
        jobs.jobs[0].key = self.keyed.then(|| "the same".to_owned());
        jobs
    }

    /// What becomes of a job that its node has ended itself: none where it leaves no row.
    fn ended(self, stopped: bool) -> Option<JobState> {
        match self.act {
            Act::Settle(End::Declined) => None,
            Act::Settle(End::Completed) => Some(JobState::Completed),
            Act::Settle(End::Discarded) => Some(JobState::Discarded),
            Act::Settle(End::Cancelled) => Some(JobState::Cancelled),
            Act::Settle(End::Parked(_)) => Some(JobState::Parked),
            Act::Settle(End::Retry(_) | End::Snooze(_) | End::Released) | Act::Leave if stopped => {
                Some(JobState::Cancelled)
            }
            Act::Settle(End::Retry(_) | End::Snooze(_) | End::Released) | Act::Leave => Some(JobState::Available),
        }
    }

    /// Whether its attempt counts where its node has ended it itself.
    fn counts(self, stopped: bool) -> bool {
        match self.act {
            Act::Settle(End::Parked(_)) => false,
            Act::Settle(End::Snooze(_) | End::Released) | Act::Leave => stopped,
            Act::Settle(_) => true,
        }
    }
}

/// How often each of the two had a job.
#[derive(Debug, Default)]
pub(in crate::durable) struct Tally {
    pub(in crate::durable) ended: u32,
    pub(in crate::durable) rescued: u32,
}

/// So few in each run of the tests, or as many as it takes to believe it.
pub(in crate::durable) fn races(few: usize) -> usize {
    let is_long = std::env::var("DURABLE_TESTS").is_ok_and(|length| length == "long");
    if is_long { 10_000 } else { few }
}

pub(super) async fn d16_what_ends_while_its_node_is_taken_for_dead_ends_once(bench: &Bench) {
    let count = races(300);
    let Tally { ended, rescued } = race(bench, count).await;
    assert_eq!(usize::try_from(ended + rescued), Ok(count * 2), "each job went one way");
}

/// So many races between two processes.
pub(in crate::durable) async fn race(bench: &Bench, count: usize) -> Tally {
    let other = bench.other().await;
    bench.join(JUDGE, &["send"]).await;
    let mut tally = Tally::default();
    for number in 0..count {
        let race = Race::of(number);
        let rows = begin(bench, race).await;
        let (settled, rescued) = run(bench, &*other, race, &rows).await;
        judge(bench, race, &rows, settled.as_deref(), &rescued, &mut tally).await;
        // Who has let a row wait again knows of it, and nobody listens here.
        let mut again = bench.claim(JUDGE, 10).await;
        again.extend(other.claim(&wish(JUDGE, 10), bench.now()).await.expect("it answers").rows);
        for row in &rows {
            let again = again.iter().find(|again| again.claim.id == row.claim.id);
            finish(bench, &*other, row, again).await;
        }
        assert_eq!(other.rescue(QUARANTINE, bench.now()).await, Ok(Rescued::default()), "once is enough");
        let is_known = bench.store.beat(&race.node(), bench.now()).await.expect("it answers").known;
        assert!(!is_known, "whoever was first, its lease is over");
    }
    tally
}

/// The jobs of a node whose lease has just gone by.
async fn begin(bench: &Bench, race: Race) -> Vec<Row> {
    bench.store.join(&race.node(), bench.now()).await.expect("it joins");
    assert!(bench.put(&race.jobs()).await.iter().all(|job| job.new), "the key of the last race is free: {race:?}");
    let rows = bench.claim(race.node, 2).await;
    assert_eq!(rows.len(), 2);
    if race.stopped {
        bench.store.cancel(rows[0].claim.id, STOPPED, bench.now()).await.expect("it is asked");
    }
    bench.pass(SECOND * 2);
    assert!(bench.beat(JUDGE).await);
    rows
}

/// Both at once: what the one was told of each row, if it is told, and what the other has taken from it.
async fn run(bench: &Bench, other: &dyn Store, race: Race, rows: &[Row]) -> (Option<Vec<bool>>, Rescued) {
    let end = async {
        match race.act {
            Act::Settle(end) => {
                let settlements: Vec<Settlement> = rows.iter().map(|row| settlement(row, end)).collect();
                Some(bench.store.settle(&settlements, bench.now()).await.expect("it answers"))
            }
            Act::Leave => {
                bench.store.leave(race.node, bench.now()).await.expect("it goes");
                None
            }
        }
    };
    let rescue = async { other.rescue(QUARANTINE, bench.now()).await.expect("it answers") };
    if race.first {
        tokio::join!(end, rescue)
    } else {
        let (rescued, settled) = tokio::join!(rescue, end);
        (settled, rescued)
    }
}

/// Each row has gone one way, and both know which.
async fn judge(
    bench: &Bench,
    race: Race,
    rows: &[Row],
    settled: Option<&[bool]>,
    rescued: &Rescued,
    tally: &mut Tally,
) {
    let mut again = 0;
    for (place, row) in rows.iter().enumerate() {
        let stopped = race.stopped && place == 0;
        let after = bench.store.row(row.claim.id, bench.now()).await.expect("it answers");
        let is_rescued = after.as_ref().is_some_and(|row| row.deaths == 1);
        if let Some(settled) = settled {
            assert_ne!(settled[place], is_rescued, "one of them has it: {race:?} {after:?}");
        }
        let expected = match (is_rescued, stopped) {
            (false, _) => race.ended(stopped),
            (true, true) => Some(JobState::Cancelled),
            (true, false) => Some(JobState::Available),
        };
        assert_eq!(after.as_ref().map(|row| row.state), expected, "{race:?} {after:?}");
        if let Some(after) = &after {
            assert_eq!(after.attempt, u32::from(is_rescued || race.counts(stopped)), "{race:?} {after:?}");
            each_attempt_once(after);
        }
        again += u64::from(is_rescued && !stopped);
        *(if is_rescued { &mut tally.rescued } else { &mut tally.ended }) += 1;
    }
    assert_eq!(*rescued, Rescued { jobs: again, quarantined: Vec::new() }, "{race:?}");
}

/// The history has one entry for each attempt that counts.
fn each_attempt_once(row: &JobRow) {
    let attempts: Vec<u32> = row.attempts.iter().map(|attempt| attempt.attempt).collect();
    assert_eq!(attempts, (1..=row.attempt).collect::<Vec<_>>(), "{row:?}");
}

/// Brings a job to its end, if it is claimed again, after which nothing changes it, whoever comes late.
async fn finish(bench: &Bench, other: &dyn Store, first: &Row, again: Option<&Row>) {
    let id = first.claim.id;
    if let Some(again) = again {
        assert!(!bench.settle(first, End::Completed).await, "another has it");
        assert!(bench.settle(again, End::Completed).await);
    }
    let over = other.row(id, bench.now()).await.expect("it answers");
    for claim in [Some(first), again].into_iter().flatten() {
        for end in [End::Completed, End::Retry(Duration::ZERO), End::Released, End::Declined] {
            assert!(!bench.settle(claim, end).await, "{end:?} comes late: {over:?}");
        }
    }
    assert_eq!(other.rescue(QUARANTINE, bench.now()).await, Ok(Rescued::default()));
    let after = bench.store.row(id, bench.now()).await.expect("it answers");
    assert_eq!(format!("{after:?}"), format!("{over:?}"), "nothing is resurrected");
    let Some(over) = over else { return };
    assert!(over.finished_at.is_some() || over.state == JobState::Parked, "nobody has claimed it: {over:?}");
    each_attempt_once(&over);
    assert!(bench.store.delete(id).await.expect("it answers"));
}
