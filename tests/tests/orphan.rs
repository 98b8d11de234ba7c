//! A job runtime whose tokio runtime is gone: it answers or refuses, and it can be dropped.

mod patience;
mod stage;

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use job_runtime::{Builder, Error, EventKind, JobHandle, Periodic, Result, Runtime, Schedule, job, periodic, run_all};
use patience::in_time;
use stage::at_once;
use tokio::runtime::Handle;

/// What a job sends on when it runs.
type On = Mutex<Sender<()>>;

#[periodic(every = "1h")]
async fn idle() {}

#[periodic(every = "1h")]
fn plain() {}

#[periodic(every = "1h", on_overlap = "queue", max_attempts = 3)]
async fn fails() -> Result<u32, String> {
    tokio::task::yield_now().await;
    Err("as always".to_owned())
}

#[periodic(every = "1h", when = async || true)]
async fn guarded() {}

#[periodic(every = "1ms")]
async fn brisk() {}

#[periodic(every = "1h")]
async fn held(on: &On) -> Result<u32, String> {
    on.lock().expect("nobody panics with it").send(()).expect("the test listens");
    std::future::pending().await
}

/// Jobs that do nothing before they are asked to.
const QUIET: [&str; 4] = ["fails", "guarded", "idle", "plain"];

/// A runtime that is started on a tokio runtime, which is dropped then, and the handle of that.
fn orphan(builder: Builder) -> (Runtime, Handle) {
    let tokio = tokio();
    let jobs = tokio.block_on(builder.start()).expect("nothing is wrong");
    (jobs, tokio.handle().clone())
}

/// A runtime of all jobs, whose tokio runtime was dropped while one of them ran, and the handle of that run.
fn orphan_with_a_run() -> (Runtime, JobHandle<Result<u32, String>>) {
    let tokio = tokio();
    let (sender, on) = channel();
    let jobs_and_run = tokio.block_on(async {
        let jobs = run_all().data(On::new(sender)).start().await.expect("nothing is wrong");
        (jobs, held::trigger().await.expect("it is accepted"))
    });
    on.recv().expect("it runs");
    jobs_and_run
}

fn tokio() -> tokio::runtime::Runtime {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    tokio.expect("a tokio runtime")
}

/// Awaits something on a tokio runtime that has nothing to do with the jobs.
fn elsewhere<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a tokio runtime").block_on(future)
}

/// Done, or refused because the runtime goes down with its tokio runtime.
#[track_caller]
fn assert_answered(answer: Result<()>) {
    assert!(answer.as_ref().map_or_else(Error::is_refused, |()| true), "{answer:?}");
}

/// It ends, and not by a panic of the engine.
#[track_caller]
fn assert_ends(jobs: &Runtime) {
    elsewhere(jobs.shutdown()).expect("nothing is left that could be abandoned");
    elsewhere(jobs.join()).expect("it is the same end");
    for job in jobs.jobs() {
        let books = job.accounting;
        assert_eq!(
            (books.due, books.pending),
            (books.ran + books.skipped + books.missed, 0),
            "{}: {books:?}",
            job.name
        );
    }
}

#[test]
fn what_runs_ends_with_tokio() {
    in_time(|| {
        let (jobs, run) = orphan_with_a_run();
        assert!(elsewhere(run).expect_err("it was dropped").is_interrupted());
        assert_eq!(jobs.job("held").expect("it is there").running, 0);
        assert_ends(&jobs);
    });
}

#[test]
fn it_lists_its_jobs() {
    in_time(|| {
        let (jobs, _) = orphan(run_all().only(QUIET));
        let names: Vec<String> = jobs.jobs().iter().map(|job| job.name.to_string()).collect();
        assert_eq!(names, QUIET);
        assert!(jobs.job("idle").is_some() && jobs.job("held").is_none());
        assert_ends(&jobs);
    });
}

#[test]
fn a_trigger_is_answered() {
    for job in QUIET {
        in_time(move || {
            let (jobs, _) = orphan(run_all().only(QUIET));
            at_once(jobs.trigger(job)).expect("nobody has noticed yet");
            for job in QUIET {
                assert_answered(at_once(jobs.trigger(job)));
            }
            assert_ends(&jobs);
        });
    }
}

#[test]
fn whoever_waits_for_a_run_that_cannot_start_is_told_so() {
    in_time(|| {
        let (jobs, tokio) = orphan(run_all().only(QUIET));
        let run = {
            let _entered = tokio.enter();
            at_once(fails::trigger()).expect("nobody has noticed yet")
        };
        assert!(elsewhere(run).expect_err("it could not run").is_interrupted());
        assert_ends(&jobs);
    });
}

#[test]
fn a_job_can_be_added_or_is_refused() {
    in_time(|| {
        let (jobs, _) = orphan(run_all().only(QUIET));
        // Enough to be set going as a crowd.
        for number in 0..50 {
            let every = Schedule::every("1ms").expect("a period");
            assert_answered(jobs.add(Periodic::new(format!("added-{number}"), every, |_| async {})));
        }
        elsewhere(jobs.join()).expect("the first tick finds out");
        assert_ends(&jobs);
    });
}

#[test]
fn control_is_answered() {
    in_time(|| {
        let (jobs, _) = orphan(run_all().only(QUIET));
        assert_answered(at_once(jobs.pause("idle", "for now")));
        assert_answered(at_once(jobs.resume("idle")));
        assert!(jobs.remove("plain"));
        jobs.quiet();
        assert_answered(jobs.reschedule("idle", Schedule::every("1ms").expect("a period")));
        assert_ends(&jobs);
    });
}

#[test]
fn its_next_tick_ends_it_and_whoever_waits_is_told() {
    in_time(|| {
        let (jobs, _) = orphan(run_all().only(["brisk"]));
        let mut events = jobs.events();
        elsewhere(jobs.join()).expect("it ends in order");
        assert_ends(&jobs);
        drop(jobs);
        while elsewhere(events.recv()).is_some() {}
    });
}

#[test]
fn it_is_dropped_like_any_other() {
    in_time(|| {
        for _ in 0..20 {
            drop(orphan(run_all().only(QUIET)));
            drop(orphan(run_all().only(["brisk"])));
        }
        let (jobs, run) = orphan_with_a_run();
        drop(jobs);
        assert!(elsewhere(run).expect_err("it was dropped").is_interrupted());
    });
}

#[test]
fn a_clone_of_it_outlives_it() {
    in_time(|| {
        let (jobs, _) = orphan(run_all().only(QUIET));
        let clone = jobs.clone();
        drop(jobs);
        assert_eq!(clone.jobs().len(), QUIET.len());
        assert_ends(&clone);
    });
}

#[job(max_attempts = 2, backoff = "1h")]
async fn tries_again() -> Result<(), &'static str> {
    Err("not yet")
}

#[test]
fn a_run_that_waits_for_its_next_attempt_ends_with_its_tokio_runtime() {
    in_time(|| {
        let tokio = tokio();
        let (sender, on) = channel();
        let (jobs, waiting, running) = tokio.block_on(async {
            let jobs = run_all().data(On::new(sender)).start().await.expect("nothing is wrong");
            let mut events = jobs.events();
            let waiting = tries_again::spawn();
            while !matches!(events.recv().await.expect("it goes on").kind, EventKind::Retrying { .. }) {}
            (jobs, waiting, held::trigger().await.expect("it is accepted"))
        });
        on.recv().expect("it runs");
        drop(tokio);
        assert!(elsewhere(running).expect_err("it was dropped").is_interrupted());
        assert!(elsewhere(waiting).expect_err("nobody will try it again").is_interrupted());
        assert_eq!(jobs.job("tries_again").expect("it can still be read").running, 0);
    });
}
