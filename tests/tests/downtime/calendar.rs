//! Times of the calendar over a downtime: changes of the clocks in it, ends of rules, and what is listed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use job_runtime::testing::Harness;
use job_runtime::{Dst, MissReason, Periodic, Recurrence, Schedule, StoreConfig};

use crate::lives::{HOUR, MINUTE, SECOND, add, empty, remembered};
use crate::stage::{at, books, counts, next, nominals};

/// The nominal times of the runs of a job, as the clocks of a zone show them.
fn local(jobs: &Harness, job: &str, zone: &str) -> Vec<String> {
    let zone = TimeZone::get(zone).expect("a zone");
    let shown = |time: SystemTime| Timestamp::try_from(time).expect("a time").to_zoned(zone.clone());
    jobs.runs(job).iter().map(|run| shown(run.scheduled_at).strftime("%d %H:%M %Z").to_string()).collect()
}

/// A nightly and an hourly job of Berlin, all of whose ticks run, begun at one time, and again at another.
async fn over_the_change(first: &str, second: &str, rule: Dst) -> Harness {
    let memory = StoreConfig::memory();
    for begin in [first, second] {
        let jobs = empty(&memory, begin).await;
        for (name, expression) in [("nightly", "30 2 * * *"), ("hourly", "0 * * * *")] {
            let schedule =
                Schedule::cron(expression).and_then(|cron| cron.tz("Europe/Berlin")).expect("calendar times");
            let job = Periodic::new(name, schedule.dst(rule), |_| async {}).configure(|job| job.on_missed("all"));
            jobs.runtime().add(job.expect("a policy")).expect("the name is free");
        }
        jobs.advance("1m").await;
        if begin == second {
            return jobs;
        }
    }
    unreachable!("the second life is given back")
}

#[tokio::test(start_paused = true)]
async fn clocks_that_went_forward_in_a_downtime() {
    let (first, second) = ("2026-03-28T12:00:00+01:00[Europe/Berlin]", "2026-03-30T12:30:00+02:00[Europe/Berlin]");
    let jobs = over_the_change(first, second, Dst::Vixie).await;
    assert_eq!(local(&jobs, "nightly", "Europe/Berlin"), ["29 03:00 CEST", "30 02:30 CEST"]);
    // From 13:00 to 12:00 two days later, less the hour that was left out.
    assert_eq!(counts(&jobs, "hourly"), (47, 47, 0, 0, 0));
    let jobs = over_the_change(first, second, Dst::Literal).await;
    assert_eq!(local(&jobs, "nightly", "Europe/Berlin"), ["30 02:30 CEST"]);
}

#[tokio::test(start_paused = true)]
async fn clocks_that_went_back_in_a_downtime() {
    let (first, second) = ("2026-10-24T12:00:00+02:00[Europe/Berlin]", "2026-10-26T12:30:00+01:00[Europe/Berlin]");
    let jobs = over_the_change(first, second, Dst::Vixie).await;
    assert_eq!(local(&jobs, "nightly", "Europe/Berlin"), ["25 02:30 CEST", "26 02:30 CET"]);
    assert_eq!(counts(&jobs, "hourly"), (49, 49, 0, 0, 0));
    let jobs = over_the_change(first, second, Dst::Literal).await;
    assert_eq!(local(&jobs, "nightly", "Europe/Berlin"), ["25 02:30 CEST", "25 02:30 CET", "26 02:30 CET"]);
}

/// The job of the night had its run in the first pass of the hour that comes twice, and the program was restarted in
/// the second.
#[tokio::test(start_paused = true)]
async fn a_restart_in_the_hour_that_comes_twice() {
    let jobs = over_the_change(
        "2026-10-25T02:29:30+02:00[Europe/Berlin]",
        "2026-10-25T02:40:00+01:00[Europe/Berlin]",
        Dst::Vixie,
    );
    let jobs = jobs.await;
    assert_eq!(counts(&jobs, "nightly"), (0, 0, 0, 0, 0));
    assert_eq!(local(&jobs, "hourly", "Europe/Berlin"), ["25 02:00 CET"]);
}

#[tokio::test(start_paused = true)]
async fn a_downtime_is_counted_in_calendar_times() {
    let memory = StoreConfig::memory();
    let jobs = empty(&memory, "2026-03-01T00:00:00Z").await;
    let monthly = || Schedule::cron("0 3 L * *").expect("an expression");
    add(&jobs, "monthly", monthly());
    drop(jobs);
    let jobs = empty(&memory, "2026-08-15T00:00:00Z").await;
    add(&jobs, "monthly", monthly());
    jobs.advance("0s").await;
    assert_eq!(local(&jobs, "monthly", "UTC"), ["31 03:00 UTC"]);
    assert_eq!(counts(&jobs, "monthly"), (5, 1, 0, 4, 0));
    assert_eq!(books(&jobs, "monthly").missed_for(MissReason::Downtime), 4);
}

/// So many seconds after the time that is asked about, up to an end.
struct Later {
    seconds: u64,
    end: SystemTime,
}

impl Recurrence for Later {
    fn next(&self, after: SystemTime) -> Option<SystemTime> {
        Some(after + Duration::from_secs(self.seconds)).filter(|time| *time <= self.end)
    }

    fn describe(&self) -> String {
        format!("{}s later", self.seconds)
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_counts_from_what_it_is_asked_keeps_its_rhythm() {
    let memory = StoreConfig::memory();
    let rule = || Later { seconds: 10, end: UNIX_EPOCH + Duration::from_secs(1 << 40) };
    let jobs = empty(&memory, at(0)).await;
    add(&jobs, "later", rule());
    drop(jobs);
    let jobs = empty(&memory, at(5 * SECOND)).await;
    add(&jobs, "later", rule());
    assert_eq!(next(&jobs, "later", 1), [10_000], "planned from when it was first seen");
    jobs.advance("6s").await;
    assert_eq!(nominals(&jobs, "later"), [10_000]);
    let planned = jobs.next("later", 1);
    drop(jobs);
    let jobs = empty(&memory, at(15 * SECOND)).await;
    add(&jobs, "later", rule());
    assert_eq!(jobs.next("later", 1), planned);
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_has_ended_is_not_begun_again() {
    let memory = StoreConfig::memory();
    let rule = || Later { seconds: 10, end: at(15 * SECOND) };
    let jobs = empty(&memory, at(0)).await;
    add(&jobs, "ending", rule());
    jobs.advance("12s").await;
    assert_eq!(nominals(&jobs, "ending"), [10_000]);
    assert_eq!(remembered(&jobs, "ending").await, Some(("10s later".to_owned(), Some(10_000), 10_000)));
    drop(jobs);
    for begin in [13 * SECOND, HOUR, HOUR + MINUTE] {
        let jobs = empty(&memory, at(begin)).await;
        add(&jobs, "ending", rule());
        jobs.advance("1m").await;
        assert_eq!(counts(&jobs, "ending"), (0, 0, 0, 0, 0));
    }
}
