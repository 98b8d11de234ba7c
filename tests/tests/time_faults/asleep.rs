//! C4: a machine that sleeps: its wall clock goes on, and the monotonic one stands still.

use std::time::Duration;

use job_runtime::testing::start;
use job_runtime::{Dst, MissReason, periodic};

use crate::scene::{
    KINDS, add, add_kinds, add_with, assert_balanced, assert_on_time, assert_prompt, chronicle, clocks_at, cron, every,
    go_to, instant, story, ticks, ticks_in, utc, utc_cron,
};
use crate::stage::{books, counts};

#[tokio::test(start_paused = true)]
async fn c4_42_minutes_asleep() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    ["one", "skip", "all", "all(2)"].into_iter().for_each(|policy| add_kinds(&jobs, policy));
    add(&jobs, "every", every("10m"));
    jobs.advance("5m").await;
    jobs.suspend("42m").await;
    assert_eq!(jobs.now(), instant("2026-01-01T00:47:00Z"));
    jobs.advance("30s").await;
    assert_eq!(chronicle(&jobs), ["stepped forward by 2520s"]);
    for kind in KINDS {
        let story = |policy: &str| story(&jobs, &format!("{kind} {policy}"));
        assert_eq!(story("one"), ["missed clock_stepped 3: 00:10:00 to 00:30:00", "runs 00:40:00"]);
        assert_eq!(story("skip"), ["missed clock_stepped 4: 00:10:00 to 00:40:00"]);
        assert_eq!(story("all"), ["runs 00:10:00", "runs 00:20:00", "runs 00:30:00", "runs 00:40:00"]);
        assert_eq!(story("all(2)"), ["missed clock_stepped 2: 00:10:00 to 00:20:00", "runs 00:30:00", "runs 00:40:00"]);
        for policy in ["one", "all", "all(2)"] {
            assert_prompt(&jobs, &format!("{kind} {policy}"), instant("2026-01-01T00:47:00Z"));
        }
        assert_eq!(counts(&jobs, &format!("{kind} one")), (4, 1, 0, 3, 0));
        assert_eq!(books(&jobs, &format!("{kind} one")).missed_for(MissReason::ClockStepped), 3);
    }
    // Five minutes and a half of it were real to this one.
    assert!(jobs.runs("every").is_empty());
}

/// The sleep ends a while before the next tick, which is not early by the time that was slept.
#[tokio::test(start_paused = true)]
async fn c4_no_tick_is_early_after_a_sleep() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add_kinds(&jobs, "one");
    jobs.advance("5m").await;
    jobs.suspend("4m59s").await;
    go_to(&jobs, "2026-01-01T01:00:00Z").await;
    for kind in KINDS {
        let name = format!("{kind} one");
        assert_eq!(jobs.runs(&name).len(), 6);
        assert_on_time(&jobs, &name);
        assert_eq!(counts(&jobs, &name), (6, 6, 0, 0, 0));
    }
}

/// It is seen by the engine's own look, before the next timer rings and before the test kit looks.
#[tokio::test(start_paused = true)]
async fn c4_a_sleep_31s_before_a_tick_is_seen_within_30s() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add_kinds(&jobs, "one");
    go_to(&jobs, "2026-01-01T00:09:29Z").await;
    jobs.suspend("42m").await;
    jobs.advance("30500ms").await;
    for kind in KINDS {
        let name = format!("{kind} one");
        assert_eq!(ticks(&jobs, &name), ["2026-01-01 00:50:00"], "{kind}");
        assert_prompt(&jobs, &name, instant("2026-01-01T00:51:29Z"));
        assert_eq!(counts(&jobs, &name), (5, 1, 0, 4, 0));
    }
}

/// It would have been 42 minutes late by a clock that had stood still.
#[tokio::test(start_paused = true)]
async fn c4_a_daily_job_starts_soon_after_the_sleep() {
    let jobs = clocks_at("2026-01-01T00:30:00Z").await;
    add(&jobs, "daily", utc_cron("0 1 * * *"));
    jobs.suspend("42m").await;
    jobs.advance("30s").await;
    assert_eq!(ticks(&jobs, "daily"), ["2026-01-01 01:00:00"]);
    assert_prompt(&jobs, "daily", instant("2026-01-01T01:12:00Z"));
    go_to(&jobs, "2026-01-02T01:00:00Z").await;
    assert_eq!(utc(jobs.runs("daily")[1].started_at), "2026-01-02 01:00:00");
    assert_eq!(counts(&jobs, "daily"), (2, 2, 0, 0, 0));
}

/// Many naps, each of which ends before the engine has to look again: a tick may be late by 30 s awake, and the naps
/// among them.
#[tokio::test(start_paused = true)]
async fn c4_many_short_sleeps() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add_kinds(&jobs, "one");
    while jobs.now() < instant("2026-01-01T05:59:00Z") {
        jobs.suspend("50s").await;
        jobs.advance("10s").await;
    }
    for kind in KINDS {
        let name = format!("{kind} one");
        assert_eq!(jobs.runs(&name).len(), 35, "{kind}");
        for run in jobs.runs(&name) {
            let late = run.started_at.duration_since(run.scheduled_at).expect("never before its time");
            assert!(late.as_secs() <= 30 + 3 * 50, "{kind}: {run:?}");
        }
        assert_eq!(counts(&jobs, &name), (35, 35, 0, 0, 0));
    }
}

/// Each run of a catch-up takes a minute; the machine sleeps again after the first.
#[tokio::test(start_paused = true)]
async fn c4_asleep_again_in_the_middle_of_a_catch_up() {
    let jobs = start().only(["takes_a_minute"]).auto().at("2026-01-01T00:05:00Z").await;
    jobs.suspend("30m").await;
    jobs.advance("80s").await;
    jobs.suspend("20m").await;
    jobs.advance("10m").await;
    let expected = ["00:10:00", "00:20:00", "00:30:00", "00:40:00", "00:50:00", "01:00:00"];
    assert_eq!(ticks(&jobs, "takes_a_minute"), expected.map(|time| format!("2026-01-01 {time}")));
    assert_eq!(chronicle(&jobs), ["stepped forward by 1800s", "stepped forward by 1200s"]);
    assert_eq!(counts(&jobs, "takes_a_minute"), (6, 6, 0, 0, 0));
}

#[periodic(cron = "*/10 * * * *", on_missed = "all", on_overlap = "queue")]
async fn takes_a_minute() {
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn c4_asleep_while_the_clocks_go_forward() {
    let zone = "Europe/Berlin";
    let jobs = clocks_at("2026-03-28T22:00:00+01:00").await;
    add(&jobs, "fixed", cron("30 2 * * *", zone));
    add(&jobs, "literal", cron("30 2 * * *", zone).dst(Dst::Literal));
    add(&jobs, "hourly", cron("0 * * * *", zone));
    add_with(&jobs, "all", cron("0 0-4 * * *", zone), |job| job.on_missed("all"));
    jobs.suspend("12h").await;
    assert_eq!(jobs.now(), instant("2026-03-29T11:00:00+02:00"));
    jobs.advance("30s").await;
    assert_eq!(ticks_in(&jobs, "fixed", zone), ["03-29 03:00:00+02:00"]);
    assert_prompt(&jobs, "fixed", instant("2026-03-29T11:00:00+02:00"));
    assert_eq!(ticks_in(&jobs, "literal", zone), Vec::<String>::new());
    assert_eq!(ticks_in(&jobs, "hourly", zone), ["03-29 11:00:00+02:00"]);
    assert_eq!(counts(&jobs, "hourly"), (12, 1, 0, 11, 0));
    let all = ["03-29 00:00:00+01:00", "03-29 01:00:00+01:00", "03-29 03:00:00+02:00", "03-29 04:00:00+02:00"];
    assert_eq!(ticks_in(&jobs, "all", zone), all);
    jobs.advance("24h").await;
    assert_eq!(ticks_in(&jobs, "fixed", zone), ["03-29 03:00:00+02:00", "03-30 02:30:00+02:00"]);
    assert_balanced(&jobs);
}

#[tokio::test(start_paused = true)]
async fn c4_asleep_while_the_clocks_go_back() {
    let zone = "Europe/Berlin";
    let jobs = clocks_at("2026-10-24T22:00:00+02:00").await;
    add(&jobs, "fixed", cron("30 2 * * *", zone));
    add_with(&jobs, "literal", cron("30 2 * * *", zone).dst(Dst::Literal), |job| job.on_missed("all"));
    add(&jobs, "literal one", cron("30 2 * * *", zone).dst(Dst::Literal));
    add(&jobs, "hourly", cron("0 * * * *", zone));
    jobs.suspend("12h").await;
    assert_eq!(jobs.now(), instant("2026-10-25T09:00:00+01:00"));
    jobs.advance("30s").await;
    assert_eq!(ticks_in(&jobs, "fixed", zone), ["10-25 02:30:00+02:00"]);
    assert_eq!(counts(&jobs, "fixed"), (1, 1, 0, 0, 0));
    assert_eq!(ticks_in(&jobs, "literal", zone), ["10-25 02:30:00+02:00", "10-25 02:30:00+01:00"]);
    assert_eq!(ticks_in(&jobs, "literal one", zone), ["10-25 02:30:00+01:00"]);
    assert_eq!(counts(&jobs, "literal one"), (2, 1, 0, 1, 0));
    assert_eq!(ticks_in(&jobs, "hourly", zone), ["10-25 09:00:00+01:00"]);
    assert_eq!(counts(&jobs, "hourly"), (12, 1, 0, 11, 0));
    jobs.advance("24h").await;
    assert_eq!(ticks_in(&jobs, "fixed", zone), ["10-25 02:30:00+02:00", "10-26 02:30:00+01:00"]);
    assert_balanced(&jobs);
}

/// Between the two passes of the hour that comes twice: the first pass is done, the second is no new day.
#[tokio::test(start_paused = true)]
async fn c4_asleep_from_one_pass_of_an_hour_to_the_next() {
    let zone = "Europe/Berlin";
    let jobs = clocks_at("2026-10-25T02:15:00+02:00").await;
    add(&jobs, "fixed", cron("30 2 * * *", zone));
    jobs.advance("15m").await;
    jobs.suspend("1h").await;
    go_to(&jobs, "2026-10-25T12:00:00+01:00").await;
    assert_eq!(ticks_in(&jobs, "fixed", zone), ["10-25 02:30:00+02:00"]);
    assert_eq!(counts(&jobs, "fixed"), (1, 1, 0, 0, 0));
}
