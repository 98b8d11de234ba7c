//! What several threads do at the same moment, in real time: control beside ticks, a shutdown beside runs that do not
//! give their thread back, and questions from threads that are not the jobs'.

mod patience;
#[path = "overlap_model/random.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod random;
mod reasons;
mod stage;

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use job_runtime::{
    Accounting, Context, Event, EventKind, Events, JobInfo, Outcome, Periodic, Runtime, Schedule, SkipReason, periodic,
    run_all,
};
use patience::in_time;
use random::Random;
use reasons::{MISSED, SKIPPED};
use stage::assert_paired;
use tokio::task::JoinSet;

/// Runs a test on several threads, in real time.
#[track_caller]
fn on_threads(test: impl AsyncFnOnce() + Send + 'static) {
    in_time(|| {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
        tokio.expect("a tokio runtime").block_on(test());
    });
}

/// An observer that keeps what it is told, and what it has kept.
fn recorder() -> (impl Fn(&Event) + Send + Sync, Arc<Mutex<Vec<Event>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&events);
    (move |event: &Event| events.lock().expect("nobody panics with it").push(event.clone()), kept)
}

// ---- control beside ticks

#[periodic(every = "1ms", max_running = 2)]
async fn bounded() {
    tokio::time::sleep(Duration::from_millis(3)).await;
}

#[periodic(every = "1ms", on_overlap = "queue", start_deadline = "2ms", on_missed = "all(3)")]
async fn queueing() {
    tokio::time::sleep(Duration::from_millis(2)).await;
}

#[periodic(every = "1ms", on_overlap = "stop_previous")]
async fn replacing(cx: &Context) {
    cx.cancelled().await;
    tokio::task::yield_now().await;
}

/// Cannot hear that it is asked to stop, and is dropped at once.
#[periodic(every = "1ms", on_overlap = "stop_previous")]
async fn dropped() {
    tokio::time::sleep(Duration::from_millis(2)).await;
}

#[periodic(every = "1ms", when = answers)]
async fn guarded() {}

async fn answers(cx: &Context) -> bool {
    tokio::task::yield_now().await;
    let run: u64 = cx.id().to_string().parse().expect("it is a number");
    match run % 5 {
        0 => resume_unwind(Box::new("as always")),
        left => left % 2 == 1,
    }
}

#[periodic(every = "2ms", max_attempts = 3, backoff = "1ms", timeout = "5ms", jitter = "1ms")]
async fn failing(cx: &Context) -> Result<(), String> {
    match cx.attempt() {
        1 => return Err("not yet".to_owned()),
        2 => resume_unwind(Box::new("not yet either")),
        _ => cx.cancelled().await,
    }
    Ok(())
}

#[periodic(every = "1ms", on_missed = "skip")]
async fn counting(count: &mut u64) -> Result<u64, String> {
    *count += 1;
    tokio::task::yield_now().await;
    Ok(*count)
}

#[periodic(every = "5ms", on_overlap = "ignore")]
fn plain() {
    std::thread::yield_now();
}

#[periodic(every = "1ms", delay_mode = "shifted")]
async fn one_for_each(_user: u64) {
    tokio::task::yield_now().await;
}

/// The jobs that are there from the start to the end.
const LASTING: [&str; 9] =
    ["bounded", "counting", "dropped", "failing", "guarded", "one_for_each", "plain", "queueing", "replacing"];

/// How many tasks control the jobs, and how often each.
const HANDS: u64 = 4;
const MOVES: u64 = 1_000;

/// One of those that control the jobs.
struct Hand {
    jobs: Runtime,
    number: u64,
    chance: Random,
    /// The books of each job as they were last read.
    read: BTreeMap<Arc<str>, Accounting>,
}

impl Hand {
    async fn work(mut self) {
        for done in 0..MOVES {
            self.make_a_move(done).await;
            let jobs = self.jobs.jobs();
            for job in jobs.iter().filter(|job| LASTING.contains(&&*job.name)) {
                assert_balanced(job);
                self.read_on(job);
            }
            if self.chance.percent(50) {
                next(&mut self.jobs.events(), |_| true).await;
            }
        }
    }

    async fn make_a_move(&mut self, done: u64) {
        let job = self.chance.one_of(&LASTING);
        let jobs = &self.jobs;
        let user = self.chance.within(1, 6);
        // An instance or a guest may be there already or not any more: another hand was faster.
        match self.chance.within(0, 8) {
            0 => jobs.pause(job, "for now").await.expect("it is there"),
            1 | 2 => jobs.resume(job).await.expect("it is there"),
            3 => jobs.trigger(job).await.expect("it is there"),
            4 => drop(one_for_each::start(user)),
            5 => drop(one_for_each::stop(user)),
            6 => counting::trigger().await.expect("it is there").cancel(),
            7 => drop(jobs.add(guest(user))),
            _ => drop(jobs.remove(&format!("guest-{user}"))),
        }
        if self.number == 0 && done == MOVES - MOVES / 4 {
            let mut events = jobs.events();
            jobs.quiet();
            next(&mut events, |kind| matches!(kind, EventKind::Skipped { reason: SkipReason::Paused, .. })).await;
        }
    }

    /// Asserts that no account was ever lowered.
    fn read_on(&mut self, job: &JobInfo) {
        let now = job.accounting;
        let before = self.read.insert(Arc::clone(&job.name), now).unwrap_or_default();
        let only_more = now.due >= before.due
            && now.ran >= before.ran
            && now.skipped >= before.skipped
            && now.missed >= before.missed;
        assert!(only_more, "{}: {before:?} and then {now:?}", job.name);
    }
}

fn guest(user: u64) -> Periodic {
    let every = Schedule::every("1ms").expect("a period");
    let guest = Periodic::new(format!("guest-{user}"), every, |_| tokio::task::yield_now());
    guest.configure(|job| job.on_overlap("queue")?.start_deadline("1ms")).expect("nothing is wrong")
}

#[track_caller]
fn assert_balanced(job: &JobInfo) {
    let books = job.accounting;
    assert_eq!(books.due, books.ran + books.skipped + books.missed + books.pending, "{}: {books:?}", job.name);
    assert_eq!(
        books.skipped,
        SKIPPED.map(|reason| books.skipped_for(reason)).iter().sum::<u64>(),
        "{}: {books:?}",
        job.name
    );
    assert_eq!(
        books.missed,
        MISSED.map(|reason| books.missed_for(reason)).iter().sum::<u64>(),
        "{}: {books:?}",
        job.name
    );
}

/// Waits until something of this kind is told.
async fn next(events: &mut Events, is_it: impl Fn(&EventKind) -> bool) {
    while !is_it(&events.recv().await.expect("the runtime is there").kind) {}
}

/// What was told of a job, as `(ran, skipped, missed)`.
fn told(events: &[Event], job: &str) -> (u64, u64, u64) {
    let of_job = events.iter().filter(|event| event.job.as_deref() == Some(job));
    of_job.fold((0, 0, 0), |(ran, skipped, missed), event| match event.kind {
        EventKind::Started { attempt: 1, .. } => (ran + 1, skipped, missed),
        EventKind::Skipped { .. } => (ran, skipped + 1, missed),
        EventKind::Missed { count, .. } => (ran, skipped, missed + count),
        _ => (ran, skipped, missed),
    })
}

#[test]
fn the_books_balance_while_several_threads_control_what_ticks() {
    on_threads(async || {
        let (record, events) = recorder();
        // However busy the machine is, a run that is asked to stop has the time it takes.
        let builder = run_all().only(LASTING).on_event(record).shutdown_timeout("infinity");
        let builder =
            LASTING.iter().fold(builder, |builder, job| builder.configure(job, |job| job.job_shutdown("infinity")));
        let jobs = builder.start().await.expect("nothing is wrong");
        next(&mut jobs.events(), |kind| matches!(kind, EventKind::Finished { .. })).await;
        let mut hands = JoinSet::new();
        for number in 0..HANDS {
            let hand = Hand { jobs: jobs.clone(), number, chance: Random::new(number), read: BTreeMap::new() };
            hands.spawn(hand.work());
        }
        hands.join_all().await;
        jobs.shutdown().await.expect("all runs end when they are asked");
        let events = events.lock().expect("nobody panics with it");
        assert_paired(&events);
        for name in LASTING {
            let job = jobs.job(name).expect("it is there");
            assert_balanced(&job);
            let books = job.accounting;
            assert_eq!((job.running, books.pending), (0, 0), "{name}: {books:?}");
            assert_eq!(told(&events, name), (books.ran, books.skipped, books.missed), "{name}");
        }
    });
}

// ---- runs that do not give their thread back

/// Tells that a run is on, which then keeps its thread until the test lets it go.
struct Thread {
    on: Mutex<Sender<()>>,
    let_go: AtomicBool,
}

impl Thread {
    fn keep(&self) {
        self.on.lock().expect("nobody panics with it").send(()).expect("the test listens");
        while !self.let_go.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
    }
}

#[periodic(every = "1h", timeout = "10ms")]
async fn blocks(thread: &Thread) {
    thread.keep();
}

#[periodic(every = "1h", timeout = "10ms")]
fn goes_on(thread: &Thread) {
    thread.keep();
}

#[periodic(every = "1h", timeout = "20ms")]
async fn waits() {
    std::future::pending().await
}

/// Shuts down while a job keeps its thread, which was over its timeout long before, and expects it to be named.
fn is_named_by_the_shutdown(job: &'static str) {
    on_threads(async move || {
        let (record, events) = recorder();
        let (sender, on) = channel();
        let thread = Arc::new(Thread { on: Mutex::new(sender), let_go: AtomicBool::new(false) });
        let builder = run_all().only([job, "waits"]).data_arc(Arc::clone(&thread)).on_event(record);
        let jobs = builder.shutdown_timeout("10ms").start().await.expect("nothing is wrong");
        jobs.trigger(job).await.expect("it is there");
        on.recv().expect("it is on");
        // When this one is over its timeout, which is longer, so is the one that is on.
        let run = waits::trigger().await.expect("it is there");
        assert!(run.await.expect_err("it never ends").is_timed_out());
        let error = jobs.shutdown().await.expect_err("it is still on");
        assert!(error.is_abandoned(), "{error}");
        assert_eq!(error.to_string(), format!("shut down without waiting for `{job}`"));
        thread.let_go.store(true, Ordering::Release);
        let info = jobs.job(job).expect("it is there");
        assert_eq!((info.running, info.last_outcome), (0, Some(Outcome::TimedOut)));
        assert_balanced(&info);
        assert_paired(&events.lock().expect("nobody panics with it"));
    });
}

#[test]
fn a_run_that_blocks_and_was_dropped_by_its_timeout_before_is_named_by_the_shutdown() {
    is_named_by_the_shutdown("blocks");
}

#[test]
fn a_plain_function_that_is_over_its_timeout_is_named_by_the_shutdown() {
    is_named_by_the_shutdown("goes_on");
}

// ---- awaited elsewhere

/// Awaits something where tokio keeps no time.
fn without_time<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a tokio runtime").block_on(future)
}

/// Starts a runtime whose observer does not return from the first event, and gives what lets it go.
fn with_a_stuck_observer(tokio: &tokio::runtime::Runtime) -> (Runtime, Sender<()>) {
    let (let_go, stuck) = channel();
    let (sender, on) = channel();
    let (stuck, sender) = (Mutex::new(stuck), Mutex::new(sender));
    let observer = move |_: &Event| {
        let _ = sender.lock().map(|sender| sender.send(()));
        let _ = stuck.lock().map(|stuck| stuck.recv());
    };
    let jobs = tokio.block_on(run_all().only(["bounded"]).on_event(observer).start()).expect("nothing is wrong");
    on.recv().expect("a tick is told");
    (jobs, let_go)
}

#[test]
fn the_end_can_be_awaited_where_tokio_keeps_no_time() {
    in_time(|| {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let tokio = tokio.expect("a tokio runtime");
        let (jobs, let_go) = with_a_stuck_observer(&tokio);
        without_time(jobs.shutdown()).expect("its runs end");
        without_time(jobs.join()).expect("it is the same end");
        drop(let_go);
    });
}

#[test]
fn health_can_be_asked_where_tokio_keeps_no_time() {
    in_time(|| {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let tokio = tokio.expect("a tokio runtime");
        let jobs = tokio.block_on(run_all().only(["waits"]).start()).expect("nothing is wrong");
        for _ in 0..20 {
            let health = without_time(jobs.health());
            assert!(health.live && health.ready, "{health:?}");
        }
    });
}
