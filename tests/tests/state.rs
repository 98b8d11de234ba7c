//! The state of a job: kept between runs, rebuilt when a run lost it, read in between.

mod stage;

use std::sync::{Arc, Mutex};

use job_runtime::testing::{Harness, TickError};
use job_runtime::{Context, Outcome, periodic};
use stage::{Door, auto, counts, manual, with_door};

#[derive(Default)]
struct Counter {
    made_as: u32,
    runs: u32,
}

/// How the next run ends. Clones mean the same run.
#[derive(Clone)]
struct End(Arc<Mutex<Option<Way>>>);

#[derive(Clone, Copy)]
enum Way {
    Fail,
    Panic,
    Hang,
}

impl End {
    fn none() -> Self {
        Self(Arc::default())
    }

    fn next(&self, way: Way) {
        *self.0.lock().expect("nobody panics with it") = Some(way);
    }

    fn take(&self) -> Option<Way> {
        self.0.lock().expect("nobody panics with it").take()
    }
}

#[periodic(every = "1m", timeout = "10s")]
async fn counting(counter: &mut Counter, end: &End) -> Result<u32, &'static str> {
    counter.runs += 1;
    match end.take() {
        None => Ok(counter.runs),
        Some(Way::Fail) => Err("as told"),
        Some(Way::Panic) => panic!("as told"),
        Some(Way::Hang) => std::future::pending().await,
    }
}

/// The job, which has run once.
async fn counted_once() -> (Harness, End) {
    let end = End::none();
    let jobs = manual(&["counting"]).data(end.clone()).await;
    assert_eq!(jobs.tick("counting").await, Ok(Outcome::Completed));
    (jobs, end)
}

async fn runs() -> Option<u32> {
    counting::peek(|counter| counter.runs).await.expect("it is this runtime's")
}

#[tokio::test(start_paused = true)]
async fn state_is_none_before_the_first_run_and_kept_after_it() {
    let jobs = auto(&["counting"]).data(End::none()).await;
    assert_eq!(runs().await, None);
    jobs.advance("3m").await;
    assert_eq!(runs().await, Some(3));
    assert_eq!(counts(&jobs, "counting"), (3, 3, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn state_is_kept_when_the_run_returns_an_error() {
    let (jobs, end) = counted_once().await;
    end.next(Way::Fail);
    assert_eq!(jobs.tick("counting").await, Ok(Outcome::Failed));
    assert_eq!(runs().await, Some(2));
}

#[tokio::test(start_paused = true)]
async fn state_is_rebuilt_after_a_panic() {
    let (jobs, end) = counted_once().await;
    end.next(Way::Panic);
    assert_eq!(jobs.tick("counting").await, Ok(Outcome::Panicked));
    assert_eq!(runs().await, None);
    assert_eq!(jobs.tick("counting").await, Ok(Outcome::Completed));
    assert_eq!(runs().await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn state_is_rebuilt_after_a_run_that_was_dropped() {
    let (jobs, end) = counted_once().await;
    end.next(Way::Hang);
    assert_eq!(jobs.tick("counting").await, Ok(Outcome::TimedOut));
    assert_eq!(runs().await, None);
    end.next(Way::Hang);
    let handle = counting::trigger().await.expect("it is started");
    jobs.advance("1s").await;
    handle.cancel();
    jobs.advance("0s").await;
    assert_eq!(jobs.tick("counting").await, Ok(Outcome::Completed));
    assert_eq!(runs().await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn state_with_goes_before_default() {
    let jobs = manual(&["counting"]).data(End::none()).state_with(|| Counter { made_as: 7, runs: 10 }).await;
    assert_eq!(jobs.tick("counting").await, Ok(Outcome::Completed));
    let seen = counting::peek(|counter| (counter.made_as, counter.runs)).await.expect("it is this runtime's");
    assert_eq!(seen, Some((7, 11)));
}

#[periodic(every = "1m", on_overlap = "queue")]
async fn writes(lines: &mut Vec<String>, cx: &Context, door: &Door) {
    lines.push(format!("{} begins", cx.id()));
    door.wait().await;
    lines.push(format!("{} ends", cx.id()));
}

#[tokio::test(start_paused = true)]
async fn one_run_at_a_time_holds_the_state_and_peek_waits_for_it() {
    let (jobs, door) = with_door(manual(&["writes"])).await;
    assert_eq!(jobs.tick_within("writes", "0ms").await, Err(TickError::TimedOut));
    assert_eq!(jobs.tick_within("writes", "0ms").await, Err(TickError::TimedOut));
    {
        let mut peek = std::pin::pin!(writes::peek(Vec::len));
        stage::begin(peek.as_mut()).await;
        door.open(2);
        jobs.advance("0s").await;
        assert!(matches!(peek.await, Ok(Some(2 | 4))));
    }
    let lines = writes::peek(Clone::clone).await.expect("it is this runtime's").expect("it has run");
    assert_eq!(lines, ["1 begins", "1 ends", "2 begins", "2 ends"]);
}

/// Has no `Default`.
struct Connection(u32);

#[periodic(every = "1m")]
async fn connected(connection: &mut Connection) {
    connection.0 += 1;
}

#[tokio::test(start_paused = true)]
async fn state_that_nobody_can_make_is_refused_at_the_start() {
    let error = auto(&["connected"]).try_start().await.expect_err("nobody can make it");
    assert!(error.is_configuration() && error.to_string().contains("Connection"), "{error}");
    let jobs = auto(&["connected"]).state_with(|| Connection(3)).await;
    jobs.advance("2m").await;
    assert_eq!(connected::peek(|connection| connection.0).await.expect("it is this runtime's"), Some(5));
}
