//! C2 and C3: a wall clock that is set forward, or back.

use std::time::Duration;

use job_runtime::testing::Harness;
use job_runtime::{Dst, EventKind, MissReason};

use crate::scene::{
    KINDS, TenMinutes, add, add_kinds, add_with, assert_balanced, assert_on_time, assert_prompt, chronicle, clocks_at,
    cron, every, go_to, instant, story, ticks, ticks_in, utc_cron,
};
use crate::stage::{books, counts};

/// What each policy makes of the ticks of a job every ten minutes.
struct Told<'l> {
    one: &'l [&'l str],
    skip: &'l [&'l str],
    newest_three: &'l [&'l str],
}

/// Twelve minutes after midnight, with jobs of each kind and policy every ten minutes, each of which has run once.
async fn twelve_minutes_in() -> Harness {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    ["one", "skip", "all(3)"].into_iter().for_each(|policy| add_kinds(&jobs, policy));
    add(&jobs, "every", every("10m"));
    jobs.advance("12m").await;
    jobs
}

/// Sets the wall clock forward, and lets what that makes due have its time; then the tick of `next` comes on time.
async fn forward_to(jobs: &Harness, time: &str, told: &Told<'_>, next: &str) {
    let by = instant(time).duration_since(jobs.now()).expect("it is forward");
    jobs.set_wall(time).await;
    jobs.advance("30s").await;
    assert_eq!(chronicle(jobs), [format!("stepped forward by {by:?}")]);
    for kind in KINDS {
        for (policy, told) in [("one", told.one), ("skip", told.skip), ("all(3)", told.newest_three)] {
            let name = format!("{kind} {policy}");
            assert_eq!(story(jobs, &name), told, "{name}");
            assert_prompt(jobs, &name, if told.last() == Some(&"runs 00:10:00") { jobs.now() } else { instant(time) });
        }
    }
    let ran = |kind: &str, policy: &str| books(jobs, &format!("{kind} {policy}")).ran;
    let before = KINDS.map(|kind| ["one", "skip", "all(3)"].map(|policy| ran(kind, policy)));
    go_to(jobs, next).await;
    for (kind, before) in KINDS.into_iter().zip(before) {
        for (policy, before) in ["one", "skip", "all(3)"].into_iter().zip(before) {
            let name = format!("{kind} {policy}");
            let newest = jobs.runs(&name).pop().expect("it ran");
            assert_eq!((newest.scheduled_at, newest.started_at), (instant(next), instant(next)), "{name}");
            assert_eq!(books(jobs, &name).ran, before + 1, "{name}");
        }
    }
    assert_balanced(jobs);
}

#[tokio::test(start_paused = true)]
async fn c2_forward_by_5_minutes_over_no_tick() {
    let jobs = twelve_minutes_in().await;
    let nothing = &["runs 00:10:00"];
    let told = Told { one: nothing, skip: nothing, newest_three: nothing };
    forward_to(&jobs, "2026-01-01T00:17:00Z", &told, "2026-01-01T00:20:00Z").await;
    // 12 minutes and 3.
    assert_eq!(counts(&jobs, "every"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn c2_forward_by_5_minutes_over_a_tick() {
    let jobs = twelve_minutes_in().await;
    jobs.advance("5m").await;
    let runs = &["runs 00:10:00", "runs 00:20:00"];
    let told = Told {
        one: runs,
        skip: &["runs 00:10:00", "missed clock_stepped 1: 00:20:00 to 00:20:00"],
        newest_three: runs,
    };
    forward_to(&jobs, "2026-01-01T00:22:00Z", &told, "2026-01-01T00:30:00Z").await;
    // 17 minutes and 8.
    assert_eq!(counts(&jobs, "every"), (2, 2, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn c2_forward_by_an_hour() {
    let jobs = twelve_minutes_in().await;
    let told = Told {
        one: &["runs 00:10:00", "missed clock_stepped 5: 00:20:00 to 01:00:00", "runs 01:10:00"],
        skip: &["runs 00:10:00", "missed clock_stepped 6: 00:20:00 to 01:10:00"],
        newest_three: &[
            "runs 00:10:00",
            "missed clock_stepped 3: 00:20:00 to 00:40:00",
            "runs 00:50:00",
            "runs 01:00:00",
            "runs 01:10:00",
        ],
    };
    forward_to(&jobs, "2026-01-01T01:12:00Z", &told, "2026-01-01T01:20:00Z").await;
    for kind in KINDS {
        assert_eq!(counts(&jobs, &format!("{kind} one")), (8, 3, 0, 5, 0));
        assert_eq!(counts(&jobs, &format!("{kind} skip")), (8, 2, 0, 6, 0));
        assert_eq!(counts(&jobs, &format!("{kind} all(3)")), (8, 5, 0, 3, 0));
        let books = books(&jobs, &format!("{kind} one"));
        assert_eq!(books.missed_for(MissReason::ClockStepped), 5);
    }
    // 12 minutes and 8.
    assert_eq!(counts(&jobs, "every"), (2, 2, 0, 0, 0));
}

/// The newest tick is then late by no more than the engine takes to see the step.
#[tokio::test(start_paused = true)]
async fn c2_forward_to_the_time_of_a_tick() {
    let jobs = twelve_minutes_in().await;
    let one = &["runs 00:10:00", "missed clock_stepped 5: 00:20:00 to 01:00:00", "runs 01:10:00"];
    let told = Told {
        one,
        skip: one,
        newest_three: &[
            "runs 00:10:00",
            "missed clock_stepped 3: 00:20:00 to 00:40:00",
            "runs 00:50:00",
            "runs 01:00:00",
            "runs 01:10:00",
        ],
    };
    forward_to(&jobs, "2026-01-01T01:10:00Z", &told, "2026-01-01T01:20:00Z").await;
}

#[tokio::test(start_paused = true)]
async fn c2_forward_by_a_day() {
    let jobs = twelve_minutes_in().await;
    let told = Told {
        one: &["runs 00:10:00", "missed clock_stepped 143: 00:20:00 to 00:00:00", "runs 00:10:00"],
        skip: &["runs 00:10:00", "missed clock_stepped 144: 00:20:00 to 00:10:00"],
        newest_three: &[
            "runs 00:10:00",
            "missed clock_stepped 141: 00:20:00 to 23:40:00",
            "runs 23:50:00",
            "runs 00:00:00",
            "runs 00:10:00",
        ],
    };
    // Not the 00:10 of the first day: that one is done.
    jobs.set_wall("2026-01-02T00:12:00Z").await;
    jobs.advance("30s").await;
    for kind in KINDS {
        for (policy, told) in [("one", told.one), ("skip", told.skip), ("all(3)", told.newest_three)] {
            assert_eq!(story(&jobs, &format!("{kind} {policy}")), told, "{kind}");
        }
        assert_eq!(ticks(&jobs, &format!("{kind} one")), ["2026-01-01 00:10:00", "2026-01-02 00:10:00"]);
        assert_eq!(counts(&jobs, &format!("{kind} one")), (145, 2, 0, 143, 0));
    }
    assert_eq!(counts(&jobs, "every"), (1, 1, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn c2_forward_over_a_time_of_day() {
    let jobs = clocks_at("2026-01-01T09:00:00Z").await;
    for policy in ["one", "skip", "all"] {
        add_with(&jobs, policy, utc_cron("0 12 * * *"), |job| job.on_missed(policy));
    }
    jobs.set_wall("2026-01-03T09:00:00Z").await;
    jobs.advance("30s").await;
    let both = "missed clock_stepped 2: 12:00:00 to 12:00:00";
    assert_eq!(story(&jobs, "one"), ["missed clock_stepped 1: 12:00:00 to 12:00:00", "runs 12:00:00"]);
    assert_eq!(story(&jobs, "skip"), [both]);
    assert_eq!(ticks(&jobs, "all"), ["2026-01-01 12:00:00", "2026-01-02 12:00:00"]);
    assert_eq!(ticks(&jobs, "one"), ["2026-01-02 12:00:00"]);
    go_to(&jobs, "2026-01-03T12:00:00Z").await;
    for policy in ["one", "skip", "all"] {
        assert_eq!(ticks(&jobs, policy).last().expect("it ran"), "2026-01-03 12:00:00");
    }
    assert_balanced(&jobs);
}

#[tokio::test(start_paused = true)]
async fn c2_forward_over_the_gap_of_spring() {
    let jobs = clocks_at("2026-03-29T01:50:00+01:00").await;
    add(&jobs, "fixed", cron("30 2 * * *", "Europe/Berlin"));
    add(&jobs, "hourly", cron("0 * * * *", "Europe/Berlin"));
    jobs.set_wall("2026-03-29T04:50:00+02:00").await;
    jobs.advance("30s").await;
    assert_eq!(ticks_in(&jobs, "fixed", "Europe/Berlin"), ["03-29 03:00:00+02:00"]);
    assert_eq!(ticks_in(&jobs, "hourly", "Europe/Berlin"), ["03-29 04:00:00+02:00"]);
    assert_eq!(counts(&jobs, "fixed"), (1, 1, 0, 0, 0));
    assert_eq!(counts(&jobs, "hourly"), (2, 1, 0, 1, 0));
}

/// As many as a machine wakes up to that believes for a while to live in another year.
#[tokio::test(start_paused = true)]
async fn c2_however_many_ticks_are_overdue_one_runs_for_all() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add(&jobs, "minutely", utc_cron("* * * * *"));
    add_with(&jobs, "newest three", utc_cron("* * * * *"), |job| job.on_missed("all(3)"));
    jobs.set_wall("2027-01-01T00:00:00Z").await;
    jobs.advance("30s").await;
    let due = 365 * 24 * 60;
    assert_eq!(story(&jobs, "minutely").len(), 2, "{:?}", story(&jobs, "minutely"));
    assert_eq!(ticks(&jobs, "minutely"), ["2027-01-01 00:00:00"]);
    assert_eq!(counts(&jobs, "minutely"), (due, 1, 0, due - 1, 0));
    assert_eq!(counts(&jobs, "newest three"), (due, 3, 0, due - 3, 0));
}

/// A rule can only be asked for one tick after another.
#[tokio::test(start_paused = true)]
async fn c2_however_many_ticks_of_a_rule_are_overdue_one_runs_for_all() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add(&jobs, "rule", TenMinutes);
    jobs.set_wall("2029-01-01T00:00:00Z").await;
    jobs.advance("30s").await;
    let due = (3 * 365 + 1) * 24 * 6;
    assert_eq!(ticks(&jobs, "rule"), ["2029-01-01 00:00:00"]);
    assert_eq!(counts(&jobs, "rule"), (due, 1, 0, due - 1, 0));
}

/// As on a board without a battery: its clock begins in 1970, until it hears of the time.
#[tokio::test(start_paused = true)]
async fn c2_from_1970_to_the_present() {
    let jobs = clocks_at("1970-01-01T00:00:00Z").await;
    add(&jobs, "cron", utc_cron("* * * * * *"));
    add_with(&jobs, "aligned", every("100ms"), |job| job.align(true));
    jobs.set_wall("2026-01-01T00:00:00Z").await;
    jobs.advance("0s").await;
    let seconds = instant("2026-01-01T00:00:00Z").duration_since(instant("1970-01-01T00:00:00Z")).expect("later");
    for (job, due) in [("cron", seconds.as_secs()), ("aligned", seconds.as_secs() * 10)] {
        assert_eq!(ticks(&jobs, job), ["2026-01-01 00:00:00"], "{job}");
        assert_eq!(counts(&jobs, job), (due, 1, 0, due - 1, 0), "{job}");
    }
}

/// The runtime is up for a moment, and its tick is late by an hour.
#[tokio::test(start_paused = true)]
async fn c2_a_tick_is_late_for_longer_than_the_runtime_is_up() {
    let jobs = clocks_at("2026-01-01T11:59:50Z").await;
    add(&jobs, "cron", utc_cron("0 12 * * *"));
    add(&jobs, "rule", TenMinutes);
    add_with(&jobs, "aligned", every("12h"), |job| job.align(true));
    add_with(&jobs, "skip", utc_cron("0 12 * * *"), |job| job.on_missed("skip"));
    add_with(&jobs, "deadline", utc_cron("0 12 * * *"), |job| job.start_deadline("1m"));
    jobs.set_wall("2026-01-01T12:09:00Z").await;
    jobs.advance("30s").await;
    let noon = instant("2026-01-01T12:00:00Z");
    for event in jobs.events() {
        if let EventKind::Started { scheduled_at, lateness, .. } = event.kind {
            assert_eq!((scheduled_at, scheduled_at + lateness), (noon, event.at), "{event:?}");
        }
    }
    for job in ["cron", "rule", "aligned"] {
        assert_eq!(story(&jobs, job), ["runs 12:00:00"]);
    }
    assert_eq!(story(&jobs, "skip"), ["missed clock_stepped 1: 12:00:00 to 12:00:00"]);
    assert_eq!(story(&jobs, "deadline"), ["missed start_deadline 1: 12:00:00 to 12:00:00"]);
    assert_balanced(&jobs);
}

/// Steps that are too small to be told of, all the same: half an hour in a day.
#[tokio::test(start_paused = true)]
async fn c2_many_small_steps_make_no_tick_late() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add(&jobs, "daily", utc_cron("0 12 * * *"));
    add(&jobs, "rule", TenMinutes);
    add_with(&jobs, "aligned", every("12h"), |job| job.align(true));
    while jobs.now() < instant("2026-01-01T12:01:00Z") {
        jobs.set_wall(jobs.now() + Duration::from_millis(900)).await;
        jobs.advance("20s").await;
    }
    for job in ["daily", "rule", "aligned"] {
        let late = jobs.runs(job).into_iter().map(|run| run.started_at.duration_since(run.scheduled_at));
        let most = late.map(|late| late.expect("never before its time")).max().expect("it ran");
        assert!(most <= Duration::from_millis(900), "{job} was late by {most:?}");
    }
    assert_eq!(ticks(&jobs, "daily"), ["2026-01-01 12:00:00"]);
    assert_eq!(chronicle(&jobs), Vec::<String>::new());
    assert_balanced(&jobs);
}

// ---- back

/// Ten past ten, with jobs of each kind every ten minutes, one each full hour and one at ten, at work since one.
async fn ten_past_ten() -> Harness {
    let jobs = clocks_at("2026-01-01T01:00:00Z").await;
    add_kinds(&jobs, "one");
    add(&jobs, "hourly", utc_cron("0 * * * *"));
    add(&jobs, "daily", utc_cron("0 10 * * *"));
    add(&jobs, "every", every("10m"));
    go_to(&jobs, "2026-01-01T10:10:00Z").await;
    jobs
}

/// Sets the wall clock back; until it is where it was, nothing runs that is done.
async fn back_to(jobs: &Harness, time: &str, by: &str) {
    let names = ["cron one", "aligned one", "rule one", "hourly", "daily"];
    let before = names.map(|name| counts(jobs, name));
    let beats = counts(jobs, "every").1;
    let back = jobs.now().duration_since(instant(time)).expect("it is back");
    jobs.set_wall(time).await;
    jobs.advance(back).await;
    assert_eq!(chronicle(jobs), [format!("stepped back by {by}")]);
    assert_eq!(names.map(|name| counts(jobs, name)), before);
    assert_eq!(counts(jobs, "every").1, beats + back.as_secs() / 600);
    go_to(jobs, "2026-01-02T10:10:00Z").await;
    for (name, before, first, more) in [
        ("cron one", 55, "2026-01-01 10:20:00", 144),
        ("aligned one", 55, "2026-01-01 10:20:00", 144),
        ("rule one", 55, "2026-01-01 10:20:00", 144),
        ("hourly", 9, "2026-01-01 11:00:00", 24),
        ("daily", 1, "2026-01-02 10:00:00", 1),
    ] {
        assert_eq!(ticks(jobs, name)[before], first, "{name}");
        assert!(ticks(jobs, name).is_sorted(), "{name}");
        assert_on_time(jobs, name);
        let all = u64::try_from(before).expect("small") + more;
        assert_eq!(counts(jobs, name), (all, all, 0, 0, 0), "{name}");
    }
    assert_balanced(jobs);
}

#[tokio::test(start_paused = true)]
async fn c3_back_by_an_hour() {
    back_to(&ten_past_ten().await, "2026-01-01T09:10:00Z", "3600s").await;
}

#[tokio::test(start_paused = true)]
async fn c3_back_by_8_hours() {
    back_to(&ten_past_ten().await, "2026-01-01T02:10:00Z", "28800s").await;
}

/// The ticks that a job of each kind ran, with one run for those that were missed.
#[track_caller]
fn assert_each_kind_ran(jobs: &Harness, expected: &[&str]) {
    for kind in KINDS {
        assert_eq!(ticks(jobs, &format!("{kind} one")), expected, "{kind}");
    }
}

/// Times that have not been done come, though the clock has shown them: a job that was added late, say.
#[tokio::test(start_paused = true)]
async fn c3_back_to_times_that_were_never_done() {
    let jobs = clocks_at("2026-01-01T10:05:00Z").await;
    add_kinds(&jobs, "one");
    jobs.set_wall("2026-01-01T09:05:00Z").await;
    jobs.advance("15m").await;
    assert_each_kind_ran(&jobs, &["2026-01-01 09:10:00", "2026-01-01 09:20:00"]);
    assert_balanced(&jobs);
}

/// The runtime was started in a wrong year, and the clock is then set right: the times of the right year are not done,
/// though later ones are.
#[tokio::test(start_paused = true)]
async fn c3_back_to_before_all_that_was_done() {
    let jobs = clocks_at("2099-01-01T00:00:00Z").await;
    add_kinds(&jobs, "one");
    jobs.advance("30m").await;
    jobs.set_wall("2026-01-01T00:05:00Z").await;
    jobs.advance("15m").await;
    let done = ["2099-01-01 00:10:00", "2099-01-01 00:20:00", "2099-01-01 00:30:00"];
    let anew = ["2026-01-01 00:10:00", "2026-01-01 00:20:00"];
    assert_each_kind_ran(&jobs, &[&done[..], &anew].concat());
    assert_balanced(&jobs);
}

/// A clock that is wrong by a year for a minute does not silence the jobs for a year.
#[tokio::test(start_paused = true)]
async fn c3_in_a_wrong_year_for_a_minute() {
    let jobs = clocks_at("2026-01-01T10:00:00Z").await;
    add_kinds(&jobs, "one");
    jobs.advance("15m").await;
    jobs.set_wall("2027-01-01T10:15:00Z").await;
    jobs.advance("1m").await;
    jobs.set_wall("2026-01-01T10:16:00Z").await;
    go_to(&jobs, "2026-01-01T10:35:00Z").await;
    let expected = ["2026-01-01 10:10:00", "2027-01-01 10:10:00", "2026-01-01 10:20:00", "2026-01-01 10:30:00"];
    assert_each_kind_ran(&jobs, &expected);
    assert_balanced(&jobs);
}

/// What the step forward has made miss its time comes again, and what has run does not.
#[tokio::test(start_paused = true)]
async fn c3_forward_and_back_again() {
    let jobs = clocks_at("2026-01-01T10:05:00Z").await;
    add_kinds(&jobs, "one");
    jobs.set_wall("2026-01-01T10:35:00Z").await;
    jobs.advance("1m").await;
    jobs.set_wall("2026-01-01T10:06:00Z").await;
    jobs.advance("1m").await;
    assert_eq!(chronicle(&jobs), ["stepped forward by 1800s", "stepped back by 1800s"]);
    go_to(&jobs, "2026-01-01T10:45:00Z").await;
    for kind in KINDS {
        let name = format!("{kind} one");
        let told = [
            "missed clock_stepped 2: 10:10:00 to 10:20:00",
            "runs 10:30:00",
            "runs 10:10:00",
            "runs 10:20:00",
            "runs 10:40:00",
        ];
        assert_eq!(story(&jobs, &name), told, "{kind}");
        assert_eq!(counts(&jobs, &name), (6, 4, 0, 2, 0), "{kind}");
    }
}

/// Of the times that are overdue then, one is done: neither does it run again, nor is it counted again.
#[tokio::test(start_paused = true)]
async fn c3_back_and_forward_over_a_time_that_was_done() {
    let jobs = clocks_at("2026-01-01T10:00:00Z").await;
    for policy in ["one", "all"] {
        add_kinds(&jobs, policy);
    }
    jobs.advance("10m").await;
    jobs.set_wall("2026-01-01T09:45:00Z").await;
    jobs.advance("30s").await;
    jobs.set_wall("2026-01-01T10:15:00Z").await;
    jobs.advance("30s").await;
    for kind in KINDS {
        let name = format!("{kind} one");
        let told = ["runs 10:10:00", "missed clock_stepped 1: 09:50:00 to 09:50:00", "runs 10:00:00"];
        assert_eq!(story(&jobs, &name), told, "{kind}");
        assert_eq!(counts(&jobs, &name), (3, 2, 0, 1, 0), "{kind}");
        let name = format!("{kind} all");
        assert_eq!(story(&jobs, &name), ["runs 10:10:00", "runs 09:50:00", "runs 10:00:00"], "{kind}");
        assert_eq!(counts(&jobs, &name), (3, 3, 0, 0, 0), "{kind}");
    }
}

/// In the hour that the clocks show again: back into the time before it.
#[tokio::test(start_paused = true)]
async fn c3_back_over_the_fold_of_autumn() {
    let jobs = clocks_at("2026-10-25T01:55:00+02:00").await;
    let zone = "Europe/Berlin";
    add(&jobs, "fixed", cron("30 2 * * *", zone));
    add(&jobs, "literal", cron("30 2 * * *", zone).dst(Dst::Literal));
    add(&jobs, "half-hourly", cron("*/30 * * * *", zone));
    go_to(&jobs, "2026-10-25T02:10:00+01:00").await;
    let done = ["10-25 02:00:00+02:00", "10-25 02:30:00+02:00", "10-25 02:00:00+01:00"];
    assert_eq!(ticks_in(&jobs, "half-hourly", zone), done);
    jobs.set_wall("2026-10-25T02:10:00+02:00").await;
    go_to(&jobs, "2026-10-25T03:10:00+01:00").await;
    assert_eq!(chronicle(&jobs), ["stepped back by 3600s"]);
    assert_eq!(ticks_in(&jobs, "fixed", zone), ["10-25 02:30:00+02:00"]);
    assert_eq!(ticks_in(&jobs, "literal", zone), ["10-25 02:30:00+02:00", "10-25 02:30:00+01:00"]);
    let all = [&done[..], &["10-25 02:30:00+01:00", "10-25 03:00:00+01:00"]].concat();
    assert_eq!(ticks_in(&jobs, "half-hourly", zone), all);
    for job in ["fixed", "literal", "half-hourly"] {
        assert_on_time(&jobs, job);
    }
    assert_balanced(&jobs);
}

/// The time that was made up for at the change is done, and the change comes again.
#[tokio::test(start_paused = true)]
async fn c3_back_over_the_gap_of_spring() {
    let jobs = clocks_at("2026-03-29T01:30:00+01:00").await;
    let zone = "Europe/Berlin";
    add(&jobs, "fixed", cron("30 2 * * *", zone));
    add(&jobs, "hourly", cron("0 * * * *", zone));
    go_to(&jobs, "2026-03-29T03:10:00+02:00").await;
    jobs.set_wall("2026-03-29T01:40:00+01:00").await;
    go_to(&jobs, "2026-03-30T02:29:00+02:00").await;
    assert_eq!(ticks_in(&jobs, "fixed", zone), ["03-29 03:00:00+02:00"]);
    assert_eq!(jobs.runs("hourly").len(), 24);
    jobs.advance("1m").await;
    assert_eq!(ticks_in(&jobs, "fixed", zone), ["03-29 03:00:00+02:00", "03-30 02:30:00+02:00"]);
    assert_balanced(&jobs);
}
