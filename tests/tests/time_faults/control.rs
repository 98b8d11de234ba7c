//! Calendar jobs under control: paused and resumed, quiet, triggered, given another schedule, removed.

use job_runtime::testing::{Harness, start};
use job_runtime::{Dst, Outcome, Recurrence, Schedule, SkipReason, Trigger, periodic};

use crate::scene::{
    TenMinutes, add, add_with, assert_balanced, clocks_at, cron, every, go_to, instant, story, ticks, ticks_in, utc,
    utc_cron,
};
use crate::stage::{Door, books, counts, with_door};

#[tokio::test(start_paused = true)]
async fn ticks_while_paused_are_skipped_and_none_is_made_up_for() {
    let jobs = clocks_at("2026-01-01T08:50:00Z").await;
    add_with(&jobs, "hourly", utc_cron("0 * * * *"), |job| job.on_missed("all"));
    jobs.advance("15m").await;
    jobs.runtime().pause("hourly", "lunch").await.expect("it is there");
    assert_eq!(utc(jobs.next("hourly", 1)[0]), "2026-01-01 10:00:00");
    jobs.advance("2h").await;
    jobs.runtime().resume("hourly").await.expect("it is there");
    jobs.advance("1h").await;
    let told = ["runs 09:00:00", "paused: lunch", "skipped paused", "skipped paused", "resumed", "runs 12:00:00"];
    assert_eq!(story(&jobs, "hourly"), told);
    assert_eq!(counts(&jobs, "hourly"), (4, 2, 2, 0, 0));
    assert_eq!(books(&jobs, "hourly").skipped_for(SkipReason::Paused), 2);
}

/// What came due in a sleep is decided as ever, and skipped where it would run.
#[tokio::test(start_paused = true)]
async fn a_sleep_while_paused() {
    let jobs = clocks_at("2026-01-01T08:50:00Z").await;
    for policy in ["one", "skip", "all"] {
        add_with(&jobs, policy, utc_cron("0 * * * *"), |job| job.on_missed(policy)?.enabled(false));
    }
    jobs.suspend("4h").await;
    jobs.advance("30s").await;
    assert_eq!(story(&jobs, "one"), ["missed clock_stepped 3: 09:00:00 to 11:00:00", "skipped paused"]);
    assert_eq!(story(&jobs, "skip"), ["missed clock_stepped 4: 09:00:00 to 12:00:00"]);
    assert_eq!(story(&jobs, "all"), ["skipped paused"; 4]);
    for policy in ["one", "skip", "all"] {
        jobs.runtime().resume(policy).await.expect("it is there");
    }
    go_to(&jobs, "2026-01-01T13:00:00Z").await;
    for policy in ["one", "skip", "all"] {
        assert_eq!(ticks(&jobs, policy), ["2026-01-01 13:00:00"]);
    }
    assert_balanced(&jobs);
}

#[tokio::test(start_paused = true)]
async fn paused_over_a_night_on_which_clocks_change() {
    let zone = "Europe/Berlin";
    let jobs = clocks_at("2026-03-28T12:00:00+01:00").await;
    add(&jobs, "nightly", cron("30 2 * * *", zone));
    jobs.runtime().pause("nightly", "a test").await.expect("it is there");
    jobs.advance("24h").await;
    jobs.runtime().resume("nightly").await.expect("it is there");
    jobs.advance("24h").await;
    assert_eq!(ticks_in(&jobs, "nightly", zone), ["03-30 02:30:00+02:00"]);
    assert_eq!(counts(&jobs, "nightly"), (2, 1, 1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn ticks_while_quiet_are_skipped() {
    let jobs = clocks_at("2026-01-01T08:50:00Z").await;
    add(&jobs, "hourly", utc_cron("0 * * * *"));
    add(&jobs, "daily", utc_cron("0 10 * * *"));
    jobs.advance("15m").await;
    jobs.runtime().quiet();
    jobs.advance("2h").await;
    assert_eq!(story(&jobs, "hourly"), ["runs 09:00:00", "skipped paused", "skipped paused"]);
    assert_eq!(story(&jobs, "daily"), ["skipped paused"]);
    assert_eq!(counts(&jobs, "hourly"), (3, 1, 2, 0, 0));
    jobs.suspend("4h").await;
    jobs.advance("30s").await;
    assert_eq!(counts(&jobs, "hourly"), (7, 1, 3, 3, 0));
    assert_balanced(&jobs);
}

#[tokio::test(start_paused = true)]
async fn a_trigger_between_two_ticks_moves_none() {
    let jobs = clocks_at("2026-01-01T08:50:00Z").await;
    add(&jobs, "hourly", utc_cron("0 * * * *"));
    jobs.advance("15m").await;
    jobs.runtime().trigger("hourly").await.expect("it is there");
    go_to(&jobs, "2026-01-01T10:00:00Z").await;
    let runs: Vec<_> = jobs.runs("hourly").into_iter().map(|run| (utc(run.scheduled_at), run.trigger)).collect();
    let expected = [
        ("2026-01-01 09:00:00", Trigger::Schedule),
        ("2026-01-01 09:05:00", Trigger::Manual),
        ("2026-01-01 10:00:00", Trigger::Schedule),
    ];
    assert_eq!(runs, expected.map(|(time, trigger)| (time.to_owned(), trigger)));
    assert_eq!(counts(&jobs, "hourly"), (3, 3, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn from_equal_periods_to_the_calendar_and_back() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add(&jobs, "job", every("3m"));
    jobs.advance("7m").await;
    reschedule(&jobs, utc_cron("*/10 * * * *"));
    go_to(&jobs, "2026-01-01T00:25:00Z").await;
    reschedule(&jobs, every("4m"));
    jobs.advance("8m").await;
    reschedule(&jobs, TenMinutes);
    go_to(&jobs, "2026-01-01T01:00:00Z").await;
    reschedule(&jobs, cron("15 3 * * *", "Europe/Berlin"));
    go_to(&jobs, "2026-01-01T02:15:00Z").await;
    let expected = [
        "00:03:00", "00:06:00", "00:10:00", "00:20:00", "00:29:00", "00:33:00", "00:40:00", "00:50:00", "01:00:00",
        "02:15:00",
    ];
    assert_eq!(ticks(&jobs, "job"), expected.map(|time| format!("2026-01-01 {time}")));
    assert_eq!(counts(&jobs, "job"), (10, 10, 0, 0, 0));
}

fn reschedule(jobs: &Harness, schedule: impl Recurrence) {
    jobs.runtime().reschedule("job", schedule).expect("it is there");
}

/// A job that ticks each hour keeps no wall clock in sight once it has equal periods: a step is nothing to it.
#[tokio::test(start_paused = true)]
async fn the_old_schedule_is_forgotten() {
    let jobs = clocks_at("2026-01-01T00:30:00Z").await;
    add(&jobs, "job", utc_cron("0 * * * *"));
    reschedule(&jobs, every("1h"));
    jobs.suspend("12h").await;
    jobs.advance("59m59s").await;
    assert_eq!(counts(&jobs, "job"), (0, 0, 0, 0, 0));
    reschedule(&jobs, utc_cron("0 0 1 * *"));
    jobs.advance("10d").await;
    assert_eq!(counts(&jobs, "job"), (0, 0, 0, 0, 0));
    assert_eq!(utc(jobs.next("job", 1)[0]), "2026-02-01 00:00:00");
}

/// Given in the moment of a tick, after it: the same moment does not come again.
#[tokio::test(start_paused = true)]
async fn rescheduled_at_the_time_of_a_tick() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add(&jobs, "job", utc_cron("*/10 * * * *"));
    jobs.advance("10m").await;
    reschedule(&jobs, utc_cron("*/5 * * * *"));
    jobs.advance("10m").await;
    assert_eq!(story(&jobs, "job"), ["runs 00:10:00", "runs 00:15:00", "runs 00:20:00"]);
    assert_balanced(&jobs);
}

/// The machine slept, and nobody has looked yet: what went by is due by the old schedule.
#[tokio::test(start_paused = true)]
async fn rescheduled_just_after_a_sleep() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add(&jobs, "job", utc_cron("*/10 * * * *"));
    jobs.suspend("1h5m").await;
    reschedule(&jobs, utc_cron("0 * * * *"));
    jobs.advance("55m").await;
    assert_eq!(ticks(&jobs, "job"), ["2026-01-01 01:00:00", "2026-01-01 02:00:00"]);
    assert_eq!(counts(&jobs, "job"), (7, 2, 0, 5, 0));
}

#[periodic(cron = "*/10 * * * *", on_overlap = "queue")]
async fn held(door: &Door) {
    door.wait().await;
}

/// The tick that waits keeps its place, and the run that is on ends as ever.
#[tokio::test(start_paused = true)]
async fn rescheduled_while_a_tick_waits() {
    let (jobs, door) = with_door(start().only(["held"]).auto().at("2026-01-01T00:00:00Z")).await;
    jobs.advance("25m").await;
    jobs.runtime().reschedule("held", every("1h")).expect("it is there");
    door.let_through(2, &jobs).await;
    assert_eq!(ticks(&jobs, "held"), ["2026-01-01 00:10:00", "2026-01-01 00:20:00"]);
    jobs.advance("60m").await;
    assert_eq!(ticks(&jobs, "held")[2..], ["2026-01-01 01:25:00"]);
    assert_eq!(counts(&jobs, "held"), (3, 3, 0, 0, 0));
    door.let_through(1, &jobs).await;
}

#[periodic(cron = "0 6 * * *", tz = "Europe/Berlin")]
async fn for_each(_user: u32) {}

/// Each instance has ticks of its own, from its start on.
#[tokio::test(start_paused = true)]
async fn instances_of_a_template_follow_the_calendar() {
    let jobs = start().only(["for_each"]).auto().at("2026-03-28T12:00:00+01:00").await;
    for_each::start(1).expect("it is not started yet");
    jobs.advance("24h").await;
    for_each::start(2).expect("it is not started yet");
    assert_eq!(jobs.next("for_each", 2), [instant("2026-03-30T06:00:00+02:00"); 2]);
    jobs.suspend("24h").await;
    jobs.advance("30s").await;
    assert!(for_each::stop(1));
    jobs.advance("24h").await;
    let tick = |day| format!("03-{day} 06:00:00+02:00");
    assert_eq!(ticks_in(&jobs, "for_each", "Europe/Berlin"), [29, 30, 30, 31].map(tick));
    assert_eq!(counts(&jobs, "for_each"), (4, 4, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn by_hand_they_tick_when_they_are_told_to() {
    let jobs = start().only(["at_two"]).at("2026-03-28T12:00:00+01:00").await;
    jobs.advance("48h").await;
    assert!(jobs.next("at_two", 5).is_empty());
    assert_eq!(jobs.tick("at_two").await, Ok(Outcome::Completed));
    assert_eq!(jobs.runs("at_two")[0].scheduled_at, instant("2026-03-30T13:00:00+02:00"));
    assert_eq!(counts(&jobs, "at_two"), (1, 1, 0, 0, 0));
}

#[periodic(cron = "0 2 * * *", tz = "Europe/Berlin")]
async fn at_two() {}

#[tokio::test(start_paused = true)]
async fn removed_and_added_with_another_zone() {
    let jobs = clocks_at("2026-07-01T00:00:00Z").await;
    add(&jobs, "job", cron("0 6 * * *", "Asia/Tokyo"));
    assert_eq!(jobs.next("job", 1), [instant("2026-07-02T06:00:00+09:00")]);
    assert!(jobs.runtime().remove("job"));
    add(&jobs, "job", cron("0 6 * * *", "Europe/Berlin"));
    jobs.advance("24h").await;
    assert_eq!(ticks_in(&jobs, "job", "Europe/Berlin"), ["07-01 06:00:00+02:00"]);
    assert_eq!(counts(&jobs, "job"), (1, 1, 0, 0, 0));
}

/// The zone and the rule of a schedule go with it, wherever it goes.
#[test]
fn a_schedule_is_a_value() -> job_runtime::Result {
    let berlin = Schedule::cron("30 2 * * *")?.tz("Europe/Berlin")?;
    let literal = berlin.clone().dst(Dst::Literal);
    let after = instant("2026-03-28T12:00:00Z");
    let first = |schedule: &Schedule| schedule.upcoming(after).next().map(utc);
    assert_eq!(first(&berlin).as_deref(), Some("2026-03-29 01:00:00"));
    assert_eq!(first(&literal).as_deref(), Some("2026-03-30 00:30:00"));
    assert_eq!(first(&berlin.clone().tz("UTC")?).as_deref(), Some("2026-03-29 02:30:00"));
    assert_eq!(first(&literal.dst(Dst::Vixie)), first(&berlin));
    Ok(())
}
