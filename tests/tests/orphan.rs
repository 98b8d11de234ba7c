//! A job runtime whose tokio runtime is gone: it answers or refuses, and it can be dropped.

mod patience;

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use job_runtime::{Error, JobHandle, Periodic, Result, Runtime, Schedule, periodic, run_all};
use patience::in_time;

/// What a job sends on when it runs.
type On = Mutex<Sender<()>>;

#[periodic(every = "1h")]
async fn idle() {}

#[periodic(every = "1h")]
fn plain() {}

#[periodic(every = "1ms", on_overlap = "queue", max_attempts = 3)]
async fn brisk() -> Result<(), String> {
    tokio::task::yield_now().await;
    Err("as always".to_owned())
}

#[periodic(every = "1h")]
async fn held(on: &On) -> Result<u32, String> {
    on.lock().expect("nobody panics with it").send(()).expect("the test listens");
    std::future::pending().await
}

const ALL: [&str; 4] = ["brisk", "held", "idle", "plain"];

/// Starts all jobs on a tokio runtime that is dropped while one of them runs, and gives a hold on that run.
fn orphan() -> (Runtime, JobHandle<Result<u32, String>>) {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let tokio = tokio.expect("a tokio runtime");
    let (sender, on) = channel();
    let (jobs, run) = tokio.block_on(async {
        let jobs = run_all().data(On::new(sender)).start().await.expect("nothing is wrong");
        (jobs, held::trigger().await.expect("it is accepted"))
    });
    on.recv().expect("it runs");
    drop(tokio);
    (jobs, run)
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

/// The end of it, which is no panic of the engine.
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
fn its_runs_have_ended_with_tokio() {
    in_time(|| {
        let (jobs, run) = orphan();
        assert!(elsewhere(run).expect_err("it was dropped").is_interrupted());
        assert_ends(&jobs);
    });
}

#[test]
fn it_lists_its_jobs() {
    in_time(|| {
        let (jobs, _) = orphan();
        let names: Vec<String> = jobs.jobs().iter().map(|job| job.name.to_string()).collect();
        assert_eq!(names, ALL);
        assert_eq!(jobs.job("held").expect("it is there").running, 0);
        assert_ends(&jobs);
    });
}

#[test]
fn a_trigger_is_answered() {
    in_time(|| {
        let (jobs, _) = orphan();
        for _ in 0..3 {
            for job in ALL {
                assert_answered(elsewhere(jobs.trigger(job)));
            }
        }
        assert_ends(&jobs);
    });
}

#[test]
fn a_job_can_be_added_or_is_refused() {
    in_time(|| {
        let (jobs, _) = orphan();
        for number in 0..50 {
            let every = Schedule::every("1ms").expect("a period");
            assert_answered(jobs.add(Periodic::new(format!("added-{number}"), every, |_| async {})));
        }
        assert_ends(&jobs);
    });
}

#[test]
fn control_is_answered() {
    in_time(|| {
        let (jobs, _) = orphan();
        assert_answered(elsewhere(jobs.pause("idle", "for now")));
        assert_answered(elsewhere(jobs.resume("idle")));
        assert_answered(jobs.reschedule("idle", Schedule::every("1ms").expect("a period")));
        assert!(jobs.remove("plain"));
        jobs.quiet();
        assert_ends(&jobs);
    });
}

#[test]
fn whoever_waits_for_its_events_or_its_end_is_not_left_waiting() {
    in_time(|| {
        let (jobs, _) = orphan();
        let mut events = jobs.events();
        let asked = jobs.clone();
        let waiting = std::thread::spawn(move || elsewhere(asked.join()));
        assert_ends(&jobs);
        drop(jobs);
        while elsewhere(events.recv()).is_some() {}
        waiting.join().expect("it does not panic").expect("it is the same end");
    });
}

#[test]
fn it_is_dropped_like_any_other() {
    in_time(|| {
        let (jobs, run) = orphan();
        drop(jobs);
        assert!(elsewhere(run).expect_err("it was dropped").is_interrupted());
    });
    in_time(|| {
        let (jobs, _) = orphan();
        let guest = jobs.clone();
        drop(jobs);
        assert_ends(&guest);
        drop(guest);
    });
}
