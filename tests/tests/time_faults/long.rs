//! C6: waits of years.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use job_runtime::{EventKind, Periodic, Recurrence, Runtime, periodic, run_all};

use crate::patience::in_time;
use crate::scene::{add, assert_balanced, assert_on_time, clocks_at, cron, go_to, instant, ticks, utc, utc_cron};
use crate::stage::counts;

/// One time, and how often it was asked for.
struct Once {
    time: SystemTime,
    asked: Arc<AtomicU32>,
}

impl Recurrence for Once {
    fn next(&self, after: SystemTime) -> Option<SystemTime> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Some(self.time).filter(|time| *time > after)
    }

    fn describe(&self) -> String {
        format!("at {}", utc(self.time))
    }
}

#[tokio::test(start_paused = true)]
async fn c6_yearly_over_30_years() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add(&jobs, "yearly", utc_cron("@yearly"));
    jobs.advance("400d").await;
    assert_eq!(ticks(&jobs, "yearly"), ["2027-01-01 00:00:00"]);
    go_to(&jobs, "2056-06-01T00:00:00Z").await;
    let expected: Vec<String> = (2027..=2056).map(|year| format!("{year}-01-01 00:00:00")).collect();
    assert_eq!(ticks(&jobs, "yearly"), expected);
    assert_on_time(&jobs, "yearly");
    assert_eq!(counts(&jobs, "yearly"), (30, 30, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn c6_40_and_400_days() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add(&jobs, "40 days", utc_cron("0 0 10 2 *"));
    // The 5th of February 2027 is the first of its kind that is a Friday.
    add(&jobs, "400 days", utc_cron("0 0 5 2 +FRI"));
    jobs.advance("39d").await;
    assert!(jobs.runs("40 days").is_empty());
    jobs.advance("1d").await;
    assert_eq!(ticks(&jobs, "40 days"), ["2026-02-10 00:00:00"]);
    jobs.advance("360d").await;
    assert_eq!(ticks(&jobs, "400 days"), ["2027-02-05 00:00:00"]);
    for job in ["40 days", "400 days"] {
        assert_on_time(&jobs, job);
        assert_eq!(counts(&jobs, job), (1, 1, 0, 0, 0));
    }
}

/// The 29th of February is a Monday in 2044 and in 2072.
#[tokio::test(start_paused = true)]
async fn c6_a_leap_day_on_a_monday() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add(&jobs, "leap Monday", cron("0 0 29 2 +MON", "Asia/Tokyo"));
    go_to(&jobs, "2044-02-28T14:59:59Z").await;
    assert!(jobs.runs("leap Monday").is_empty());
    jobs.advance("1s").await;
    assert_eq!(ticks(&jobs, "leap Monday"), ["2044-02-28 15:00:00"]);
    go_to(&jobs, "2072-02-28T15:00:00Z").await;
    assert_eq!(ticks(&jobs, "leap Monday"), ["2044-02-28 15:00:00", "2072-02-28 15:00:00"]);
    assert_on_time(&jobs, "leap Monday");
    assert_eq!(counts(&jobs, "leap Monday"), (2, 2, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn c6_a_rule_with_one_time_in_30_years() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    let asked = Arc::new(AtomicU32::new(0));
    add(&jobs, "once", Once { time: instant("2056-03-04T05:06:07.089Z"), asked: Arc::clone(&asked) });
    go_to(&jobs, "2056-03-04T05:06:07.088Z").await;
    assert!(jobs.runs("once").is_empty());
    // To be armed with, and no more while it waits.
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    jobs.advance("1ms").await;
    assert_eq!(ticks(&jobs, "once"), ["2056-03-04 05:06:07.089"]);
    assert_on_time(&jobs, "once");
    assert!(jobs.next("once", 1).is_empty());
    go_to(&jobs, "2086-01-01T00:00:00Z").await;
    assert_eq!(counts(&jobs, "once"), (1, 1, 0, 0, 0));
    // For the one after it, and whether there would be one, were the clock set back.
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    assert_balanced(&jobs);
}

/// To the end of the calendar, after which there is no tick any more.
#[tokio::test(start_paused = true)]
async fn c6_the_last_year_of_the_calendar() {
    let jobs = clocks_at("9999-12-01T00:00:00Z").await;
    add(&jobs, "monthly", cron("0 12 15 * *", "Asia/Tokyo"));
    assert_eq!(jobs.next("monthly", 5), [instant("9999-12-15T12:00:00+09:00")]);
    jobs.advance("20d").await;
    assert_eq!(ticks(&jobs, "monthly"), ["9999-12-15 03:00:00"]);
    assert!(jobs.next("monthly", 5).is_empty());
    assert_eq!(counts(&jobs, "monthly"), (1, 1, 0, 0, 0));
}

#[periodic(every = "5ms")]
async fn beat() {}

/// On the machine's clocks: what is too long for a timer does not end it at once.
#[test]
fn c6_a_wait_of_30_years_ends_no_sooner_on_real_clocks() {
    in_time(|| {
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        tokio.expect("a tokio runtime").block_on(beside_beats());
    });
}

async fn beside_beats() {
    let runtime: Runtime = run_all().only(["beat"]).start().await.expect("nothing is wrong");
    let asked = Arc::new(AtomicU32::new(0));
    let time = now() + Duration::from_secs(30 * 365 * 86_400);
    let once = Once { time, asked: Arc::clone(&asked) };
    runtime.add(Periodic::new("once", once, |_| async {})).expect("the name is free");
    runtime.add(Periodic::new("leap Monday", utc_cron("0 0 29 2 +MON"), |_| async {})).expect("the name is free");
    let mut events = runtime.events();
    let mut beats = 0;
    while beats < 50 {
        let event = events.recv().await.expect("it is there");
        if let EventKind::Started { .. } = event.kind {
            assert_eq!(event.job.as_deref(), Some("beat"));
            beats += 1;
        }
    }
    assert_eq!(runtime.job("once").expect("it is there").accounting.due, 0);
    assert_eq!(runtime.job("once").expect("it is there").next, [time]);
    assert_eq!(runtime.job("leap Monday").expect("it is there").accounting.due, 0);
    runtime.shutdown().await.expect("nothing is stuck");
}

#[expect(clippy::disallowed_methods, reason = "the machine's clock is the one under test")]
fn now() -> SystemTime {
    SystemTime::now()
}
