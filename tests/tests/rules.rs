//! Schedules of the users' own making: when they tick, how late ticks are counted, and what a wrong one may cost.

mod stage;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use job_runtime::testing::Harness;
use job_runtime::{MissReason, Periodic, Recurrence, periodic};
use stage::{at, auto, books, chronicle, counts, ms, next, nominals, starts, story};

#[periodic(every = "10s")]
async fn steady() {}

/// Multiples of so many seconds since the epoch that `keeps` lets pass, up to a last one.
struct Multiples {
    seconds: u64,
    keeps: fn(u64) -> bool,
    last: SystemTime,
}

fn every_second(keeps: fn(u64) -> bool) -> Multiples {
    Multiples { seconds: 1, keeps, last: at(100_000_000) }
}

impl Recurrence for Multiples {
    fn next(&self, after: SystemTime) -> Option<SystemTime> {
        let first = after.duration_since(UNIX_EPOCH).ok()?.as_secs() / self.seconds + 1;
        let number = (first..).find(|number| (self.keeps)(*number * self.seconds))?;
        Some(UNIX_EPOCH + Duration::from_secs(number * self.seconds)).filter(|time| *time <= self.last)
    }

    fn describe(&self) -> String {
        format!("some multiples of {}s", self.seconds)
    }
}

/// A rule that is a function.
struct Rule<F>(F);

impl<F: Fn(SystemTime) -> Option<SystemTime> + Send + Sync + 'static> Recurrence for Rule<F> {
    fn next(&self, after: SystemTime) -> Option<SystemTime> {
        (self.0)(after)
    }

    fn describe(&self) -> String {
        "a rule".to_owned()
    }
}

async fn with(rule: impl Recurrence) -> Harness {
    let jobs = auto(&["steady"]).await;
    jobs.runtime().add(Periodic::new("ruled", rule, |_| async {})).expect("there is no such job yet");
    jobs
}

#[tokio::test(start_paused = true)]
async fn a_rule_names_the_ticks() {
    let jobs = with(every_second(|second| [3, 5, 8].contains(&(second % 10)))).await;
    assert_eq!(next(&jobs, "ruled", 4), [3_000, 5_000, 8_000, 13_000]);
    jobs.advance("20s").await;
    assert_eq!(starts(&jobs, "ruled"), [3_000, 5_000, 8_000, 13_000, 15_000, 18_000]);
    assert_eq!(nominals(&jobs, "ruled"), starts(&jobs, "ruled"));
    let info = jobs.runtime().job("ruled").expect("it is there");
    assert_eq!(info.schedule.as_deref(), Some("some multiples of 1s"));
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_has_no_time_any_more_is_at_rest() {
    let jobs = with(Multiples { seconds: 1, keeps: |_| true, last: at(2_000) }).await;
    jobs.advance("10s").await;
    assert_eq!(starts(&jobs, "ruled"), [1_000, 2_000]);
    assert!(next(&jobs, "ruled", 1).is_empty());
    assert_eq!(starts(&jobs, "steady"), [10_000]);
}

#[tokio::test(start_paused = true)]
async fn ticks_of_a_rule_that_came_due_in_a_stall_are_counted() {
    let jobs = with(every_second(|second| second % 3 == 0)).await;
    jobs.stall("40s").await;
    assert_eq!(nominals(&jobs, "ruled"), [39_000]);
    assert_eq!(counts(&jobs, "ruled"), (13, 1, 0, 12, 0));
    assert_eq!(books(&jobs, "ruled").missed_for(MissReason::Stalled), 12);
    assert_eq!(story(&jobs, "ruled")[0], "40000ms missed stalled 12: 3000..36000ms");
}

#[tokio::test(start_paused = true)]
async fn a_rule_follows_the_wall_clock_over_a_suspend() {
    let jobs = with(every_second(|second| second % 60 == 0)).await;
    jobs.advance("10s").await;
    jobs.suspend("10m").await;
    jobs.advance("30s").await;
    assert_eq!(counts(&jobs, "ruled"), (10, 1, 0, 9, 0));
    assert_eq!(books(&jobs, "ruled").missed_for(MissReason::ClockStepped), 9);
    assert_eq!(nominals(&jobs, "ruled"), [600_000]);
    assert!(chronicle(&jobs).iter().any(|line| line.ends_with("clock stepped forward by 600s")));
    assert_eq!(starts(&jobs, "steady").len(), 4, "what counts monotonic time is not concerned");
}

#[tokio::test(start_paused = true)]
async fn a_rule_is_never_asked_for_a_time_done_again_after_a_step_back() {
    let jobs = with(every_second(|second| second % 60 == 0)).await;
    jobs.advance("3m").await;
    jobs.set_wall("2026-01-01T00:00:30Z").await;
    jobs.advance("5m").await;
    assert_eq!(nominals(&jobs, "ruled"), [60_000, 120_000, 180_000, 240_000, 300_000]);
}

#[tokio::test(start_paused = true)]
async fn ticks_of_a_rule_are_a_millisecond_apart_and_starve_nobody() {
    let jobs = with(Rule(|after| Some(after + Duration::from_nanos(1)))).await;
    jobs.advance("10s").await;
    assert_eq!(starts(&jobs, "steady"), [10_000]);
    let due = books(&jobs, "ruled").due;
    assert!((9_990..=10_001).contains(&due), "{due}");
    jobs.stall("1m").await;
    assert_eq!(books(&jobs, "ruled").due / 1_000, 70);
    assert_eq!(starts(&jobs, "steady"), [10_000, 70_000]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_goes_back_or_panics_ticks_no_more_and_touches_nobody() {
    let asked = AtomicU64::new(0);
    let jobs = with(Rule(move |after| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Some(after + Duration::from_secs(1)),
        _ => Some(after - Duration::from_secs(1)),
    }))
    .await;
    let asked = Mutex::new(0);
    let panics = Rule(move |after| {
        let mut asked = asked.lock().expect("nobody panics with it");
        *asked += 1;
        let tired = *asked > 2;
        drop(asked);
        assert!(!tired, "a rule that is tired");
        Some(after + Duration::from_secs(1))
    });
    jobs.runtime().add(Periodic::new("tired", panics, |_| async {})).expect("there is no such job yet");
    jobs.advance("20s").await;
    assert_eq!(starts(&jobs, "ruled"), [1_000]);
    assert_eq!(starts(&jobs, "tired").len(), 2);
    assert_eq!(starts(&jobs, "steady"), [10_000, 20_000]);
}

#[tokio::test(start_paused = true)]
async fn a_job_gets_a_rule_in_place_of_its_period() {
    let jobs = with(every_second(|_| true)).await;
    jobs.advance("1s").await;
    jobs.runtime().reschedule("steady", every_second(|second| second % 7 == 0)).expect("it is there");
    let ahead = ms(jobs.next("steady", 1)[0]) - 1_000;
    assert!(ahead <= 7_000, "{ahead}");
    jobs.runtime().reschedule("ruled", job_runtime::Schedule::every("4s").expect("a period")).expect("it is there");
    jobs.advance("8s").await;
    assert_eq!(starts(&jobs, "ruled"), [1_000, 5_000, 9_000]);
}
