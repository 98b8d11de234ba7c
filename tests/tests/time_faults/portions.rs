//! Ticks that become due by a step over times that have had their turn, or that wait while the clock is stepped.

use std::time::{Duration, SystemTime};

use job_runtime::testing::Harness;
use job_runtime::{MissReason, Periodic, Recurrence};

use crate::scene::{
    TenMinutes, add, add_with, assert_balanced, clocks_at, every, go_to, info, instant, story, ticks, utc, utc_cron,
};
use crate::stage::{books, counts};

/// A day ahead, back again, and two days ahead: the second step passes over what the first one ran.
async fn over_what_was_done(policies: &[&str]) -> Harness {
    let jobs = clocks_at("2026-06-01T12:30:00Z").await;
    for policy in policies {
        add_with(&jobs, policy, utc_cron("0 * * * *"), |job| job.on_missed(policy));
    }
    for time in ["2026-06-02T12:30:00Z", "2026-06-01T12:31:00Z", "2026-06-03T12:30:00Z"] {
        jobs.set_wall(time).await;
        jobs.advance("30s").await;
    }
    jobs
}

#[tokio::test(start_paused = true)]
async fn a_step_over_what_was_done_is_one_catch_up() {
    let jobs = over_what_was_done(&["one", "skip", "all(3)"]).await;
    assert_eq!(ticks(&jobs, "one"), ["2026-06-02 12:00:00", "2026-06-03 12:00:00"]);
    assert_eq!(ticks(&jobs, "skip"), [""; 0]);
    let newest = ["10", "11", "12"];
    let expected: Vec<String> =
        ["02", "03"].iter().flat_map(|day| newest.map(|hour| format!("2026-06-{day} {hour}:00:00"))).collect();
    assert_eq!(ticks(&jobs, "all(3)"), expected);
    assert_balanced(&jobs);
}

#[tokio::test(start_paused = true)]
async fn all_that_a_step_made_due_is_due_by_the_step() {
    let jobs = over_what_was_done(&["one"]).await;
    let one = books(&jobs, "one");
    assert_eq!((one.missed_for(MissReason::Stalled), one.missed_for(MissReason::ClockStepped)), (0, 23 + 46));
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add(&jobs, "rule", TenMinutes);
    jobs.suspend("50000h").await;
    jobs.advance("30s").await;
    assert_eq!(counts(&jobs, "rule"), (300_000, 1, 0, 299_999, 0));
    assert_eq!(books(&jobs, "rule").missed_for(MissReason::ClockStepped), 299_999);
}

/// The three first days of June at two, of one year.
struct ThreeDates;

impl Recurrence for ThreeDates {
    fn next(&self, after: SystemTime) -> Option<SystemTime> {
        let dates = ["2026-06-01T14:00:00Z", "2026-06-02T14:00:00Z", "2026-06-03T14:00:00Z"];
        dates.into_iter().map(instant).find(|date| *date > after)
    }

    fn describe(&self) -> String {
        "three dates".to_owned()
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_with_an_end_is_asked_again_when_the_clock_is_set_back() {
    let jobs = clocks_at("2027-01-01T00:00:00Z").await;
    add(&jobs, "dates", ThreeDates);
    jobs.advance("1h").await;
    assert_eq!(info(&jobs, "dates").next, []);
    jobs.set_wall("2026-06-01T12:30:00Z").await;
    jobs.advance("72h").await;
    assert_eq!(ticks(&jobs, "dates"), ["2026-06-01 14:00:00", "2026-06-02 14:00:00", "2026-06-03 14:00:00"]);
    assert_balanced(&jobs);
}

/// It waits for its jitter, and the machine sleeps until long after: newer ones stand for it, or it runs before them.
#[tokio::test(start_paused = true)]
async fn a_tick_that_waits_for_its_jitter_is_overdue_after_a_sleep() {
    let jobs = clocks_at("2026-01-01T12:30:00Z").await;
    for policy in ["one", "skip", "all"] {
        add_with(&jobs, policy, utc_cron("0 * * * *"), |job| job.on_missed(policy)?.jitter("1h"));
    }
    jobs.advance("30m").await;
    for policy in ["one", "skip", "all"] {
        assert_eq!(counts(&jobs, policy), (1, 0, 0, 0, 1), "{policy}");
    }
    jobs.suspend("8h").await;
    jobs.advance("30s").await;
    assert_eq!(ticks(&jobs, "one"), ["2026-01-01 21:00:00"]);
    assert_eq!(story(&jobs, "one")[0], "missed clock_stepped 1: 13:00:00 to 13:00:00");
    assert_eq!(counts(&jobs, "one"), (9, 1, 0, 8, 0));
    let all: Vec<String> = (13..22).map(|hour| format!("2026-01-01 {hour}:00:00")).collect();
    assert_eq!(ticks(&jobs, "all"), all);
    assert_balanced(&jobs);
}

/// Its jitter is over by the wall clock, and no newer tick is due.
#[tokio::test(start_paused = true)]
async fn a_tick_whose_jitter_was_slept_away_starts() {
    let jobs = clocks_at("2026-01-01T12:30:00Z").await;
    for policy in ["one", "skip"] {
        add_with(&jobs, policy, utc_cron("0 */2 * * *"), |job| job.on_missed(policy)?.jitter("20m"));
    }
    go_to(&jobs, "2026-01-01T14:00:00Z").await;
    jobs.suspend("30m").await;
    jobs.advance("30s").await;
    assert_eq!(ticks(&jobs, "one"), ["2026-01-01 14:00:00"]);
    assert_eq!(counts(&jobs, "one"), (1, 1, 0, 0, 0));
    assert_eq!(counts(&jobs, "skip"), (1, 0, 0, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_due_and_not_seen_is_taken_before_a_job_is_rescheduled() {
    let jobs = clocks_at("2026-01-01T12:00:30Z").await;
    add(&jobs, "job", utc_cron("* * * * *"));
    jobs.suspend("1h").await;
    jobs.runtime().reschedule("job", utc_cron("0 * * * *")).expect("it is there");
    assert_eq!(counts(&jobs, "job").0, 60);
    jobs.advance("1h").await;
    assert_eq!(ticks(&jobs, "job"), ["2026-01-01 13:00:00", "2026-01-01 14:00:00"]);
    assert_balanced(&jobs);
}

#[tokio::test(start_paused = true)]
async fn the_same_schedule_given_again_repeats_nothing() {
    let jobs = clocks_at("2026-01-01T12:30:00Z").await;
    add(&jobs, "job", utc_cron("0 * * * *"));
    jobs.advance("31m").await;
    jobs.set_wall("2026-01-01T12:50:00Z").await;
    jobs.advance("30s").await;
    jobs.runtime().reschedule("job", utc_cron("0 * * * *")).expect("it is there");
    jobs.advance("2h").await;
    assert_eq!(ticks(&jobs, "job"), ["2026-01-01 13:00:00", "2026-01-01 14:00:00"]);
}

/// A run of a shifted job is on while it is given calendar times: they count at once.
#[tokio::test(start_paused = true)]
async fn calendar_times_in_place_of_a_shifted_period_count_at_once() {
    let jobs = clocks_at("2026-01-01T12:00:00Z").await;
    let slow = |_| async { tokio::time::sleep(Duration::from_secs(600)).await };
    let job = Periodic::new("job", every("1m"), slow).configure(|job| job.delay_mode("shifted"));
    jobs.runtime().add(job.expect("an option")).expect("the name is free");
    jobs.advance("90s").await;
    jobs.runtime().reschedule("job", utc_cron("* * * * *")).expect("it is there");
    assert_eq!(info(&jobs, "job").next.len(), 5);
    assert_eq!(info(&jobs, "job").policies, ["on_overlap run", "dst vixie"]);
    jobs.advance("5m").await;
    assert_eq!(counts(&jobs, "job"), (6, 6, 0, 0, 0));
}

/// Farther away than an alarm can be armed for.
#[tokio::test(start_paused = true)]
async fn a_tick_in_five_hundred_years_is_shown() {
    struct Far;
    impl Recurrence for Far {
        fn next(&self, after: SystemTime) -> Option<SystemTime> {
            Some(instant("2569-01-01T00:00:00Z")).filter(|far| *far > after)
        }
        fn describe(&self) -> String {
            "once".to_owned()
        }
    }
    let jobs = clocks_at("2026-01-01T12:00:00Z").await;
    add(&jobs, "far", Far);
    assert_eq!(info(&jobs, "far").next.iter().map(|tick| utc(*tick)).collect::<Vec<_>>(), ["2569-01-01 00:00:00"]);
    jobs.set_wall("2568-12-31T23:59:00Z").await;
    jobs.advance("1m").await;
    assert_eq!(ticks(&jobs, "far"), ["2569-01-01 00:00:00"]);
}
