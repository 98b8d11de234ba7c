//! Ticks that are decided once for all nodes.

use super::*;
use crate::durable::store::{Cancelled, FORGOTTEN, Retention, Subject};
use crate::durable::tick::{Admission, Advance, CLUSTER, Enrolled, Enrolment, Entrance, STOPPED, Tick, Ticked, Turn};
use crate::engine::supervisor::Mark;
use crate::outcome::{JobState, SkipReason, Trigger};
use crate::policy::overlap::Overlap;

const MINUTE: Duration = Duration::from_secs(60);

fn enrolment(schedule: &str) -> Enrolment {
    Enrolment { name: "purge".into(), schedule: schedule.to_owned(), ahead: MINUTE, back: MINUTE }
}

async fn enrol(bench: &Bench, node: i64, schedule: &str) -> Enrolled {
    let enrolled = bench.store.enrol(node, &[enrolment(schedule)], bench.now()).await.expect("it answers");
    assert_eq!(enrolled.len(), 1);
    enrolled[0].clone()
}

/// A schedule that begins now; the time its ticks are counted from.
async fn begin(bench: &Bench) -> SystemTime {
    bench.join(1, &[]).await;
    bench.join(2, &[]).await;
    let enrolled = enrol(bench, 1, "every 1m").await;
    assert!(enrolled.in_force);
    enrolled.last
}

fn entrance(overlap: Overlap) -> Entrance {
    Entrance {
        name: "purge".into(),
        overlap,
        max_running: None,
        max_attempts: 2,
        trigger: Trigger::Schedule,
        guarded: false,
        serial: overlap != Overlap::Run,
        token: wish(0, 0).token,
    }
}

/// The tick of one minute, which is the only one since `after`.
fn tick(after: SystemTime, minutes: u32, entrance: Entrance) -> Tick {
    let newest = after + MINUTE * minutes;
    Tick { entrance, schedule: "every 1m".into(), after, newest, run: vec![newest] }
}

async fn decide(bench: &Bench, node: i64, tick: Tick) -> Ticked {
    let mut ticked = bench.store.tick(node, &[tick], bench.now()).await.expect("it answers");
    ticked.pop().expect("one for one")
}

/// Of a tick that is won: what became of its only run.
async fn win(bench: &Bench, node: i64, tick: Tick) -> Admission {
    let ticked = decide(bench, node, tick).await;
    let Ticked::Won(mut admissions) = ticked else { panic!("{ticked:?}") };
    assert_eq!(admissions.len(), 1);
    admissions.remove(0)
}

/// A job that ticks each minute.
struct Line<'b> {
    bench: &'b Bench,
    overlap: Overlap,
    max_running: Option<u32>,
}

impl Line<'_> {
    /// A minute goes by, and its tick is decided.
    async fn tick(&self, node: i64) -> Admission {
        let last = enrol(self.bench, node, "every 1m").await.last;
        self.bench.pass(MINUTE);
        let entrance = Entrance { max_running: self.max_running, ..entrance(self.overlap) };
        win(self.bench, node, tick(last, 1, entrance)).await
    }
}

fn line(bench: &Bench, overlap: Overlap) -> Line<'_> {
    Line { bench, overlap, max_running: None }
}

#[track_caller]
fn started(admission: Admission) -> Row {
    let Admission::Start(row) = admission else { panic!("{admission:?}") };
    row
}

async fn proceed(bench: &Bench, node: i64, waiting: &[i64]) -> Vec<Advance> {
    let turn = Turn { name: "purge".into(), waiting: waiting.to_vec(), token: wish(0, 0).token };
    let advances = bench.store.proceed(node, &[turn], bench.now()).await.expect("it answers");
    assert!(advances.iter().all(|(name, _)| &**name == "purge"));
    advances.into_iter().map(|(_, advance)| advance).collect()
}

/// The run that has its place now.
async fn next(bench: &Bench, node: i64, waiting: &[i64]) -> Row {
    let mut advances = proceed(bench, node, waiting).await;
    match advances.pop() {
        Some(Advance::Start(row)) if advances.is_empty() => row,
        other => panic!("{other:?} after {advances:?}"),
    }
}

pub(super) async fn a_schedule_is_enrolled_once(bench: &Bench) {
    let there = bench.there().await;
    let last = begin(bench).await;
    let apart = last.duration_since(there).expect("ahead and back are alike");
    assert!(apart < SECOND * 30, "{apart:?}");
    assert_eq!(enrol(bench, 2, "every 1m").await, Enrolled { last, in_force: true });
    let sooner = Enrolment { ahead: Duration::ZERO, name: "sooner".into(), ..enrolment("every 1m") };
    let enrolled = bench.store.enrol(1, &[sooner], bench.now()).await.expect("it answers");
    assert!(enrolled[0].last < last, "it is due at once");
}

pub(super) async fn each_nominal_time_is_decided_once(bench: &Bench) {
    let after = begin(bench).await;
    bench.pass(MINUTE);
    let (one, other) = (tick(after, 1, entrance(Overlap::Run)), tick(after, 1, entrance(Overlap::Run)));
    let newest = one.newest;
    let (one, other) = tokio::join!(decide(bench, 1, one), decide(bench, 2, other));
    let won = [&one, &other].into_iter().filter(|ticked| matches!(ticked, Ticked::Won(_))).count();
    assert_eq!(won, 1, "{one:?} {other:?}");
    for ticked in [one, other] {
        match ticked {
            Ticked::Won(admissions) => {
                let [Admission::Start(row)] = &admissions[..] else { panic!("{admissions:?}") };
                assert_eq!((&*row.queue, &*row.name, row.claim.attempt), (CLUSTER, "purge", 1));
                assert_eq!((row.scheduled_at, row.trigger, row.max_attempts), (newest, Trigger::Schedule, 2));
                assert!(bench.settle(row, End::Completed).await);
                assert!(bench.store.delete(row.claim.id).await.expect("it answers"));
            }
            Ticked::Lost(enrolled) => assert_eq!(enrolled, Enrolled { last: newest, in_force: true }),
            Ticked::Paused => panic!("nobody paused it"),
        }
    }
    let again = decide(bench, 2, tick(after, 1, entrance(Overlap::Run))).await;
    assert!(matches!(again, Ticked::Lost(_)), "its row is gone, and it is known all the same: {again:?}");
}

pub(super) async fn no_tick_comes_early(bench: &Bench) {
    let last = begin(bench).await;
    let early = decide(bench, 1, tick(last, 1, entrance(Overlap::Run))).await;
    assert!(matches!(&early, Ticked::Lost(enrolled) if *enrolled == Enrolled { last, in_force: true }), "{early:?}");
}

pub(super) async fn an_edited_schedule_fires_nothing(bench: &Bench) {
    let last = begin(bench).await;
    bench.pass(MINUTE * 90);
    bench.join(2, &[]).await;
    bench.store.leave(1, bench.now()).await.expect("it goes");
    let there = bench.there().await;
    let edited = enrol(bench, 2, "every 1h").await;
    assert!(edited.in_force && edited.last >= there, "it begins now: {edited:?}, and not {last:?}");
    let old = decide(bench, 2, tick(edited.last, 1, entrance(Overlap::Run))).await;
    assert!(matches!(&old, Ticked::Lost(enrolled) if !enrolled.in_force), "{old:?}");
}

pub(super) async fn another_schedule_waits_while_its_node_is_there(bench: &Bench) {
    let last = begin(bench).await;
    assert_eq!(enrol(bench, 2, "every 1h").await, Enrolled { last, in_force: false });
    assert_eq!(enrol(bench, 1, "every 1m").await, Enrolled { last, in_force: true });
    bench.store.leave(1, bench.now()).await.expect("it goes");
    assert!(enrol(bench, 2, "every 1h").await.in_force);
}

pub(super) async fn a_paused_job_is_not_ticked(bench: &Bench) {
    let after = begin(bench).await;
    bench.store.pause(Subject::Job, "purge", Some("the disk is full"), bench.now()).await.expect("paused");
    bench.pass(MINUTE);
    let paused = decide(bench, 1, tick(after, 1, entrance(Overlap::Run))).await;
    assert!(matches!(paused, Ticked::Paused), "{paused:?}");
    bench.store.pause(Subject::Job, "purge", None, bench.now()).await.expect("resumed");
    let again = decide(bench, 1, tick(after, 1, entrance(Overlap::Run))).await;
    assert!(matches!(again, Ticked::Lost(_)), "the tick had its turn: {again:?}");
    assert!(bench.rows(Filter { limit: 10, ..Filter::default() }).await.is_empty());
}

pub(super) async fn ignore_lets_one_run(bench: &Bench) {
    begin(bench).await;
    let line = line(bench, Overlap::Ignore);
    let first = started(line.tick(1).await);
    for node in [1, 2] {
        let second = line.tick(node).await;
        let Admission::Skip(SkipReason::StillRunning, running) = second else { panic!("{second:?}") };
        assert_eq!(running, Some(first.claim.id));
    }
    assert!(bench.settle(&first, End::Completed).await);
    started(line.tick(2).await);
}

pub(super) async fn queue_lets_one_wait(bench: &Bench) {
    begin(bench).await;
    let line = line(bench, Overlap::Queue);
    let first = started(line.tick(1).await);
    let Admission::Wait(waiting) = line.tick(2).await else { panic!("it waits") };
    let third = line.tick(1).await;
    assert!(matches!(third, Admission::Skip(SkipReason::AlreadyPending, _)), "{third:?}");
    assert!(proceed(bench, 2, &[waiting]).await.is_empty(), "the first is on");
    assert!(bench.settle(&first, End::Completed).await);
    assert!(proceed(bench, 1, &[]).await.is_empty(), "it waits on the other node");
    assert_eq!(bench.row(waiting).await.state, JobState::Available);
    let second = next(bench, 2, &[waiting]).await;
    assert_eq!((second.claim.id, second.claim.attempt, second.starts), (waiting, 1, 1));
    assert!(bench.settle(&second, End::Completed).await);
}

pub(super) async fn stop_previous_stops_and_replaces(bench: &Bench) {
    begin(bench).await;
    let line = line(bench, Overlap::StopPrevious);
    let first = started(line.tick(1).await);
    let Admission::Stop { row: second, stopping, replaced: None } = line.tick(2).await else { panic!("it stops it") };
    assert_eq!(stopping, [first.claim.id]);
    let beat = bench.store.beat(&node(1, &[], &[]), bench.now()).await.expect("it answers");
    assert_eq!(beat.cancelled, [(first.claim.id, STOPPED.to_owned())]);
    let Admission::Stop { row: third, stopping, replaced } = line.tick(2).await else { panic!("it replaces it") };
    assert_eq!((stopping, replaced), (Vec::new(), Some(second)));
    assert!(proceed(bench, 2, &[third]).await.is_empty(), "the first is not gone yet");
    assert!(bench.settle(&first, End::Cancelled).await);
    let started = next(bench, 2, &[third]).await;
    assert_eq!(started.claim.id, third);
    let gone = proceed(bench, 2, &[second]).await;
    assert!(matches!(gone[..], [Advance::Gone(id, SkipReason::Superseded)] if id == second), "{gone:?}");
}

pub(super) async fn run_lets_as_many_run_as_are_allowed(bench: &Bench) {
    begin(bench).await;
    let line = Line { bench, overlap: Overlap::Run, max_running: Some(2) };
    let first = started(line.tick(1).await);
    let second = started(line.tick(2).await);
    let third = line.tick(1).await;
    assert!(matches!(third, Admission::Skip(SkipReason::MaxRunning, Some(_))), "{third:?}");
    assert!(bench.settle(&first, End::Completed).await);
    started(line.tick(1).await);
    assert!(bench.settle(&second, End::Completed).await);
}

pub(super) async fn a_catch_up_runs_one_after_another(bench: &Bench) {
    let after = begin(bench).await;
    bench.pass(MINUTE * 5);
    let times: Vec<SystemTime> = (3..=5).map(|minute| after + MINUTE * minute).collect();
    let entrance = Entrance { serial: true, ..entrance(Overlap::Run) };
    let ticked = decide(bench, 1, Tick { run: times.clone(), ..tick(after, 5, entrance) }).await;
    let Ticked::Won(admissions) = ticked else { panic!("{ticked:?}") };
    let [Admission::Start(first), Admission::Wait(second), Admission::Wait(third)] = &admissions[..] else {
        panic!("{admissions:?}")
    };
    assert_eq!(first.scheduled_at, times[0]);
    let waiting = [*second, *third];
    assert!(proceed(bench, 1, &waiting).await.is_empty());
    // Another tick of a job whose runs may overlap does not wait for the catch-up, nor does that wait for it.
    let other = started(line(bench, Overlap::Run).tick(2).await);
    assert!(bench.settle(first, End::Completed).await);
    let row = next(bench, 1, &waiting).await;
    assert_eq!(row.claim.id, *second);
    assert!(proceed(bench, 1, &waiting[1..]).await.is_empty());
    assert!(bench.settle(&row, End::Completed).await);
    assert_eq!(next(bench, 1, &waiting[1..]).await.claim.id, *third);
    assert!(bench.settle(&other, End::Completed).await);
}

pub(super) async fn a_guard_is_asked_before_it_is_decided(bench: &Bench) {
    let after = begin(bench).await;
    let on = started(win_first(bench, after).await);
    let guarded = Entrance { guarded: true, ..entrance(Overlap::Ignore) };
    let asked = bench.store.trigger(2, &guarded, bench.now()).await.expect("it answers");
    let asked = started(asked);
    assert!(asked.asking, "its guard is asked, although another is on");
    let decided = bench.store.admit(asked.claim, &entrance(Overlap::Ignore), bench.now()).await.expect("it answers");
    assert!(matches!(decided, Admission::Skip(SkipReason::StillRunning, Some(id)) if id == on.claim.id), "{decided:?}");
    assert!(bench.store.row(asked.claim.id, bench.now()).await.expect("it answers").is_none());

    let asked = started(bench.store.trigger(2, &guarded, bench.now()).await.expect("it answers"));
    let other = bench.store.trigger(1, &entrance(Overlap::Run), bench.now()).await.expect("it answers");
    assert!(bench.settle(&started(other), End::Completed).await, "what is at its guard is not on");
    assert!(bench.settle(&on, End::Completed).await);
    let decided = bench.store.admit(asked.claim, &entrance(Overlap::Ignore), bench.now()).await.expect("it answers");
    let row = started(decided);
    assert_eq!((row.claim, row.asking), (asked.claim, false));
    assert!(bench.settle(&row, End::Completed).await);

    let asked = started(bench.store.trigger(2, &guarded, bench.now()).await.expect("it answers"));
    let on = started(bench.store.trigger(1, &entrance(Overlap::Queue), bench.now()).await.expect("it answers"));
    let waits = bench.store.admit(asked.claim, &entrance(Overlap::Queue), bench.now()).await.expect("it answers");
    assert!(matches!(waits, Admission::Wait(id) if id == asked.claim.id), "in its own row: {waits:?}");
    assert!(bench.settle(&on, End::Completed).await);
    let row = next(bench, 2, &[asked.claim.id]).await;
    assert_eq!((row.claim.id, row.claim.attempt, row.starts, row.asking), (asked.claim.id, 1, 1, false));

    let asked = started(bench.store.trigger(2, &guarded, bench.now()).await.expect("it answers"));
    assert!(bench.settle(&asked, End::Declined).await);
    let late = bench.store.admit(asked.claim, &entrance(Overlap::Run), bench.now()).await.expect("it answers");
    assert!(matches!(late, Admission::Skip(SkipReason::Cancelled, None)), "{late:?}");
}

async fn win_first(bench: &Bench, after: SystemTime) -> Admission {
    bench.pass(MINUTE);
    win(bench, 1, tick(after, 1, entrance(Overlap::Ignore))).await
}

pub(super) async fn a_run_between_two_attempts_is_on(bench: &Bench) {
    begin(bench).await;
    let line = line(bench, Overlap::Ignore);
    let first = started(line.tick(1).await);
    assert!(bench.settle(&first, End::Retry(MINUTE * 10)).await);
    let second = line.tick(2).await;
    assert!(matches!(second, Admission::Skip(SkipReason::StillRunning, _)), "{second:?}");
    bench.pass(MINUTE * 10);
    let anywhere = Wish { queues: vec![(CLUSTER.into(), 10)], jobs: ["purge".into()].into(), ..wish(2, 10) };
    let rows = bench.claim_as(&anywhere).await;
    assert_eq!((ids(&rows), rows[0].claim.attempt, rows[0].starts), (vec![first.claim.id], 2, 2));
    assert!(bench.settle(&rows[0], End::Completed).await);
    started(line.tick(2).await);
}

pub(super) async fn what_waits_on_a_dead_node_goes_to_another(bench: &Bench) {
    begin(bench).await;
    let line = line(bench, Overlap::Queue);
    let first = started(line.tick(2).await);
    let Admission::Wait(waiting) = line.tick(1).await else { panic!("it waits") };
    for _ in 0..5 {
        bench.pass(SECOND * 5);
        assert!(bench.store.beat(&node(2, &[], &[]), bench.now()).await.expect("it answers").known);
    }
    bench.store.rescue(QUARANTINE, bench.now()).await.expect("it answers");
    assert!(bench.settle(&first, End::Completed).await);
    assert_eq!(next(bench, 2, &[]).await.claim.id, waiting);
}

pub(super) async fn a_trigger_is_let_in_like_a_tick(bench: &Bench) {
    let last = begin(bench).await;
    let manual = Entrance { trigger: Trigger::Manual, ..entrance(Overlap::Ignore) };
    let there = bench.there().await;
    let row = started(bench.store.trigger(1, &manual, bench.now()).await.expect("it answers"));
    assert_eq!(row.trigger, Trigger::Manual);
    assert!(row.scheduled_at.duration_since(there).expect("now") < SECOND * 30);
    let second = bench.store.trigger(2, &manual, bench.now()).await.expect("it answers");
    assert!(matches!(second, Admission::Skip(SkipReason::StillRunning, _)), "{second:?}");
    assert_eq!(enrol(bench, 1, "every 1m").await.last, last, "no nominal time has had its turn by it");
    let queue = Entrance { overlap: Overlap::Queue, ..manual };
    let Admission::Wait(waiting) = bench.store.trigger(2, &queue, bench.now()).await.expect("it answers") else {
        panic!("it waits")
    };
    assert_eq!(bench.store.cancel(waiting, "not needed", bench.now()).await, Ok(Cancelled::AtOnce));
    let gone = proceed(bench, 2, &[waiting]).await;
    assert!(matches!(gone[..], [Advance::Gone(id, SkipReason::Cancelled)] if id == waiting), "{gone:?}");
}

type Marked = (Arc<str>, Option<Mark>);

fn mark(bench: &Bench, schedule: &str, minutes: u32) -> Mark {
    Mark { schedule: schedule.to_owned(), last: Some(bench.now()), next: bench.now() + MINUTE * minutes }
}

async fn note(bench: &Bench, host: &str, marks: &[Marked]) {
    bench.store.note_marks(host, marks, bench.now()).await.expect("noted");
}

/// What a host finds, by the names of the jobs.
async fn found(bench: &Bench, host: &str) -> Vec<Marked> {
    let mut found = bench.store.marks(host).await.expect("told");
    found.sort_by(|left, right| left.0.cmp(&right.0));
    found.into_iter().map(|(name, mark)| (Arc::from(name), Some(mark))).collect()
}

pub(super) async fn marks_are_those_of_a_host_or_else_the_newest(bench: &Bench) {
    let (purge, report): (Arc<str>, Arc<str>) = ("purge".into(), "report".into());
    let hourly = (Arc::clone(&report), Some(mark(bench, "every 1h", 60)));
    note(bench, "one", &[(Arc::clone(&purge), Some(mark(bench, "every 1m", 1))), hourly.clone()]).await;
    let newer = (Arc::clone(&purge), Some(mark(bench, "every 2m", 2)));
    note(bench, "one", std::slice::from_ref(&newer)).await;
    bench.pass(SECOND);
    let other = (Arc::clone(&purge), Some(Mark { last: None, ..mark(bench, "every 1m", 2) }));
    note(bench, "other", std::slice::from_ref(&other)).await;
    assert_eq!(found(bench, "one").await, [newer, hourly.clone()]);
    assert_eq!(found(bench, "other").await, [other.clone(), hourly.clone()]);
    assert_eq!(found(bench, "a new one").await, [other, hourly.clone()]);
    note(bench, "other", &[(purge, None)]).await;
    assert_eq!(found(bench, "one").await, [hourly], "a job that is removed is so for all");
}

pub(super) async fn marks_of_hosts_that_are_gone_are_deleted(bench: &Bench) {
    let name: Arc<str> = "purge".into();
    let old = (Arc::clone(&name), Some(mark(bench, "every 1m", 1)));
    note(bench, "gone", std::slice::from_ref(&old)).await;
    let tidy = async || {
        let for_ever = Retention { completed: None, discarded: None };
        bench.store.tidy(&[], for_ever, bench.now()).await.expect("put in order");
    };
    bench.pass(FORGOTTEN + SECOND);
    tidy().await;
    assert_eq!(found(bench, "gone").await, [old], "nobody has a newer one");
    let newer = (name, Some(mark(bench, "every 1m", 2)));
    note(bench, "there", std::slice::from_ref(&newer)).await;
    tidy().await;
    assert_eq!(found(bench, "gone").await, [newer]);
}
