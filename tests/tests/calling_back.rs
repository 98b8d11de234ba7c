//! Code of the users' that calls the runtime, or does not return, where the engine calls it.

mod patience;
mod stage;

use std::hash::{Hash, Hasher};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use job_runtime::{Context, EventKind, Outcome, Runtime, periodic, run_all};
use patience::{in_time, in_time_and_paused};
use stage::{auto, counts, manual, story};

#[periodic(every = "1m")]
async fn ends_the_program(cx: &Context) -> job_runtime::Result {
    cx.runtime().shutdown().await
}

#[test]
fn a_run_may_shut_its_runtime_down() {
    in_time_and_paused(async || {
        let jobs = auto(&["ends_the_program"]).await;
        jobs.advance("1m").await;
        jobs.runtime().join().await.expect("nothing was abandoned");
        let told = ["60000ms 1 started", "60000ms 1 completed"];
        assert_eq!(story(&jobs, "ends_the_program"), told);
        let events = jobs.events();
        assert!(
            matches!(&events.last().expect("the end").kind, EventKind::ShutdownFinished { abandoned } if abandoned.is_empty())
        );
    });
}

#[periodic(every = "1m")]
async fn waits_for_its_end(cx: &Context) -> job_runtime::Result {
    cx.runtime().join().await
}

#[test]
fn a_run_cannot_wait_for_the_end_of_its_runtime() {
    in_time_and_paused(async || {
        let jobs = manual(&["waits_for_its_end"]).await;
        assert_eq!(jobs.tick("waits_for_its_end").await, Ok(Outcome::Failed));
    });
}

#[periodic(every = "1m")]
async fn looks_at_itself(runs: &mut u32) -> job_runtime::Result {
    *runs += 1;
    looks_at_itself::peek(|runs| *runs).await.map(drop)
}

#[test]
fn a_run_cannot_peek_into_the_state_it_holds() {
    in_time_and_paused(async || {
        let jobs = manual(&["looks_at_itself"]).await;
        assert_eq!(jobs.tick("looks_at_itself").await, Ok(Outcome::Failed));
        assert_eq!(looks_at_itself::peek(|runs| *runs).await.expect("it is between runs"), Some(1));
    });
}

/// Asks the runtime when it is hashed or compared.
#[derive(Clone)]
struct Curious(u32);

impl Curious {
    fn ask(&self) {
        let runtime = Runtime::current().expect("there is one");
        assert!(runtime.job("of_the_curious").is_some(), "{} asked", self.0);
    }
}

impl Hash for Curious {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ask();
        // All alike, so that each is compared with all others.
        0.hash(state);
    }
}

impl PartialEq for Curious {
    fn eq(&self, other: &Self) -> bool {
        self.ask();
        self.0 == other.0
    }
}

impl Eq for Curious {}

#[periodic(every = "1m")]
async fn of_the_curious(who: Curious, seen: &mut u32) {
    *seen += who.0;
}

#[test]
fn arguments_may_ask_the_runtime_when_they_are_hashed_and_compared() {
    in_time_and_paused(async || {
        let jobs = auto(&["of_the_curious"]).await;
        for number in 1..=20 {
            of_the_curious::start(Curious(number)).expect("it is not started yet");
            assert!(of_the_curious::start(Curious(number)).is_err());
        }
        jobs.advance("1m").await;
        for number in 1..=20 {
            let seen = of_the_curious::peek(Curious(number), |seen| *seen).await;
            assert_eq!(seen.expect("it is this runtime's"), Some(number));
        }
        for number in (1..=20).rev().step_by(2) {
            assert!(of_the_curious::stop(Curious(number)));
            assert!(!of_the_curious::stop(Curious(number)));
        }
        jobs.advance("1m").await;
        assert_eq!(counts(&jobs, "of_the_curious"), (30, 30, 0, 0, 0));
    });
}

#[periodic(every = "1ms", initial_delay = "0s")]
async fn brisk(ran: &Mutex<Sender<()>>) {
    ran.lock().expect("nobody panics with it").send(()).expect("the test is there");
}

#[test]
fn a_stuck_observer_delays_no_tick() {
    in_time(|| {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        tokio.expect("a tokio runtime").block_on(async {
            let ((ran, runs), (let_go, stuck)) = (channel(), channel());
            let stuck: Mutex<Receiver<()>> = Mutex::new(stuck);
            let (seen, heard) = channel();
            let observer = move |event: &job_runtime::Event| {
                let _ = stuck.lock().map(|stuck| stuck.recv());
                let _ = seen.send(event.clone());
            };
            let jobs = run_all().only(["brisk"]).data(Mutex::new(ran)).on_event(observer).start().await;
            let jobs = jobs.expect("nothing is wrong");
            tokio::task::spawn_blocking(move || (0..5).for_each(|_| runs.recv().expect("it runs")))
                .await
                .expect("five runs, while the observer has not let go of the first event");
            assert!(heard.try_recv().is_err());
            drop(let_go);
            jobs.shutdown().await.expect("nothing is stuck");
            let told: Vec<_> = heard.try_iter().collect();
            let starts = told.iter().filter(|event| matches!(event.kind, EventKind::Started { .. })).count();
            let ends = told.iter().filter(|event| matches!(event.kind, EventKind::Finished { .. })).count();
            assert!(starts >= 5 && starts == ends, "{starts} {ends}");
            assert!(matches!(told.last().expect("the end").kind, EventKind::ShutdownFinished { .. }));
        });
    });
}
