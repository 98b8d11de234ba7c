//! What `jobs()` shows of calendar jobs.

use job_runtime::testing::start;
use job_runtime::{Dst, periodic};

use crate::scene::{add, clocks_at, cron, every, info, instant, utc, utc_cron};
use crate::stage::counts;

#[periodic(cron = "30 2 * * *", tz = "Europe/Berlin")]
async fn backup() {}

#[periodic(cron = ["0 9 * * MON-FRI", "0 12 * * SAT"], tz = "America/New_York", dst = "literal", timeout = "2m")]
async fn report() {}

#[periodic(cron = "@hourly")]
async fn tidy() {}

#[tokio::test(start_paused = true)]
async fn words_zone_policies_and_five_ticks() {
    let jobs = start().only(["backup", "report", "tidy"]).auto().at("2026-03-27T12:00:00Z").await;
    let backup = info(&jobs, "backup");
    assert_eq!(backup.schedule.as_deref(), Some("at 02:30 every day, in Europe/Berlin (dst vixie)"));
    assert_eq!(&*backup.zone, "Europe/Berlin");
    assert_eq!(backup.policies, ["on_overlap run", "dst vixie"]);
    let ticks = [
        "2026-03-28T02:30:00+01:00[Europe/Berlin]",
        "2026-03-29T03:00:00+02:00[Europe/Berlin]",
        "2026-03-30T02:30:00+02:00[Europe/Berlin]",
        "2026-03-31T02:30:00+02:00[Europe/Berlin]",
        "2026-04-01T02:30:00+02:00[Europe/Berlin]",
    ];
    assert_eq!(backup.next_local(), ticks);
    assert_eq!(backup.next, ticks.map(|tick| instant(&tick[..25])));
    assert_eq!(jobs.next("backup", 5), backup.next);

    let report = info(&jobs, "report");
    let words = "at 09:00 on Monday to Friday; at 12:00 on Saturday, in America/New_York (dst literal)";
    assert_eq!(report.schedule.as_deref(), Some(words));
    assert_eq!(report.policies, ["on_overlap run", "dst literal", "timeout 2m"]);
    let ticks = [
        "2026-03-27T09:00:00-04:00[America/New_York]",
        "2026-03-28T12:00:00-04:00[America/New_York]",
        "2026-03-30T09:00:00-04:00[America/New_York]",
        "2026-03-31T09:00:00-04:00[America/New_York]",
        "2026-04-01T09:00:00-04:00[America/New_York]",
    ];
    assert_eq!(report.next_local(), ticks);

    let tidy = info(&jobs, "tidy");
    assert_eq!(tidy.schedule.as_deref(), Some("every hour, in UTC (dst vixie)"));
    assert_eq!((&*tidy.zone, tidy.next.len()), ("UTC", 5));
    assert_eq!(tidy.next_local()[0], "2026-03-27T13:00:00+00:00[UTC]");
    for job in ["backup", "report", "tidy"] {
        assert_eq!(counts(&jobs, job), (0, 0, 0, 0, 0));
    }
}

/// What is shown is what comes, over the changes of a year.
#[tokio::test(start_paused = true)]
async fn the_ticks_that_are_shown_are_those_that_come() {
    let jobs = start().only(["backup", "report"]).auto().at("2026-03-26T12:00:00Z").await;
    for _ in 0..60 {
        for job in ["backup", "report"] {
            let (shown, before) = (info(&jobs, job).next, jobs.runs(job).len());
            assert!(shown.is_sorted() && shown.len() == 5, "{shown:?}");
            let last = shown.last().expect("there are five");
            jobs.advance(last.duration_since(jobs.now()).expect("it is to come")).await;
            let came: Vec<_> = jobs.runs(job)[before..].iter().map(|run| run.scheduled_at).collect();
            assert_eq!(came, shown, "{job}");
        }
    }
    let (backup, report) = (counts(&jobs, "backup"), counts(&jobs, "report"));
    assert_eq!((backup.0, report.0), (backup.1, report.1));
}

#[tokio::test(start_paused = true)]
async fn fewer_than_five_where_there_are_no_more() {
    let jobs = clocks_at("9999-10-15T00:00:00Z").await;
    add(&jobs, "monthly", utc_cron("@monthly"));
    assert_eq!(
        info(&jobs, "monthly").next_local(),
        ["9999-11-01T00:00:00+00:00[UTC]", "9999-12-01T00:00:00+00:00[UTC]"]
    );
}

/// Of those that the clock will show again, the ones that are done do not come.
#[tokio::test(start_paused = true)]
async fn after_a_step_the_ticks_that_are_shown_are_those_to_come() {
    let jobs = clocks_at("2026-01-01T09:50:00Z").await;
    add(&jobs, "hourly", utc_cron("0 * * * *"));
    jobs.advance("75m").await;
    jobs.set_wall("2026-01-01T08:30:00Z").await;
    jobs.advance("30s").await;
    let shown = info(&jobs, "hourly").next;
    let expected = ["09:00:00", "12:00:00", "13:00:00", "14:00:00", "15:00:00"];
    assert_eq!(
        shown.iter().map(|tick| utc(*tick)).collect::<Vec<_>>(),
        expected.map(|time| format!("2026-01-01 {time}"))
    );
    assert_eq!(jobs.next("hourly", 5), shown);
    jobs.set_wall("2026-01-01T15:30:00Z").await;
    jobs.advance("30s").await;
    assert_eq!(utc(info(&jobs, "hourly").next[0]), "2026-01-01 16:00:00");
    // Ten, eleven, and of those that the step made due the newest.
    assert_eq!(counts(&jobs, "hourly"), (7, 3, 0, 4, 0));
}

#[tokio::test(start_paused = true)]
async fn another_schedule_shows_its_own_words_and_zone() {
    let jobs = start().only(["report", "tidy"]).auto().at("2026-03-27T12:00:00Z").await;
    jobs.runtime().reschedule("tidy", cron("0 4 * * *", "Asia/Tokyo").dst(Dst::Literal)).expect("it is there");
    let tidy = info(&jobs, "tidy");
    assert_eq!(tidy.schedule.as_deref(), Some("at 04:00 every day, in Asia/Tokyo (dst literal)"));
    assert_eq!(&*tidy.zone, "Asia/Tokyo");
    assert_eq!(tidy.next_local()[0], "2026-03-28T04:00:00+09:00[Asia/Tokyo]");
    assert_eq!(tidy.policies, ["on_overlap run", "dst literal"]);
    jobs.runtime().reschedule("report", every("10m")).expect("it is there");
    let report = info(&jobs, "report");
    assert_eq!((report.schedule.as_deref(), &*report.zone), (Some("every 10m"), "UTC"));
    assert_eq!(report.next_local()[0], "2026-03-27T12:10:00+00:00[UTC]");
    assert_eq!(report.policies, ["on_overlap run", "timeout 2m"]);
}

/// The rule is shown whether the schedule was written at the attribute or made in code.
#[tokio::test(start_paused = true)]
async fn a_schedule_made_in_code_shows_its_rule() {
    let jobs = clocks_at("2026-03-27T12:00:00Z").await;
    add(&jobs, "vixie", cron("30 2 * * *", "Europe/Berlin"));
    add(&jobs, "literal", cron("30 2 * * *", "Europe/Berlin").dst(Dst::Literal));
    for rule in ["vixie", "literal"] {
        let info = info(&jobs, rule);
        let words = format!("at 02:30 every day, in Europe/Berlin (dst {rule})");
        assert_eq!(info.schedule, Some(words));
        assert_eq!(info.policies, ["on_overlap run".to_owned(), format!("dst {rule}")]);
    }
}

/// A monthly job that is late by a minute and more has its month for patience; it is late after a stall only until the
/// engine turns, so nothing is ever overdue here.
#[tokio::test(start_paused = true)]
async fn nothing_is_overdue_while_the_engine_turns() {
    let jobs = start().only(["backup", "report", "tidy"]).auto().at("2026-03-27T12:00:00Z").await;
    for _ in 0..50 {
        jobs.advance("5h").await;
        jobs.suspend("3h").await;
        jobs.advance("30s").await;
        assert!(jobs.runtime().jobs().iter().all(|job| !job.overdue));
    }
    for job in ["backup", "report", "tidy"] {
        assert_eq!(counts(&jobs, job).4, 0);
    }
}
