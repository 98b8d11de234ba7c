//! C7: times that never come are refused when they are read, wherever they are written.

use job_runtime::{Periodic, Schedule};

use crate::child::{place, run};
use crate::scene::{add_with, chronicle, clocks_at, every, ticks, utc_cron};
use crate::stage::{auto, counts};
use job_runtime::periodic;

/// With the day and the month that the sentence names.
const IMPOSSIBLE: [(&str, &str, &str); 9] = [
    ("0 0 30 2 *", "30", "2"),
    ("0 0 31 4 *", "31", "4"),
    ("0 0 31 2,4,6,9,11 *", "31", "2,4,6,9,11"),
    ("0 0 30-31 FEB *", "30-31", "FEB"),
    ("0 0 0 30 2 *", "30", "2"),
    ("* * 31 9 *", "31", "9"),
    ("0 0 L-29 2 *", "L-29", "2"),
    ("0 0 30 2 +MON", "30", "2"),
    ("0 0 31W 4 *", "31W", "4"),
];

/// Rare, and no more than that.
const POSSIBLE: [(&str, &str); 6] = [
    ("0 0 29 2 *", "2028-02-29 00:00:00"),
    ("0 0 29 2 +MON", "2044-02-29 00:00:00"),
    ("0 0 30 2 MON", "2026-02-02 00:00:00"),
    ("0 0 31 4,5 *", "2026-05-31 00:00:00"),
    ("0 0 L-28 2 *", "2028-02-01 00:00:00"),
    ("0 0 * 2 MON#5", "2044-02-29 00:00:00"),
];

#[test]
fn c7_refused_by_schedule() {
    for (expression, day, month) in IMPOSSIBLE {
        let error = Schedule::cron(expression).expect_err(expression);
        assert!(error.is_configuration(), "{expression}: {error}");
        let sentence = format!("this never comes: no month `{month}` has a day `{day}`");
        assert!(error.to_string().contains(&sentence), "{expression}: {error}");
    }
}

#[test]
fn c7_one_impossible_expression_among_others_is_refused() {
    let error = Schedule::cron("@daily; 0 0 30 2 *; @hourly").expect_err("one of them never comes").to_string();
    assert!(error.starts_with("`0 0 30 2 *`: this never comes"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn c7_what_is_only_rare_is_taken() {
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    for (expression, first) in POSSIBLE {
        let name = expression.replace(',', " and ");
        crate::scene::add(&jobs, &name, utc_cron(expression));
        assert_eq!(crate::scene::utc(jobs.next(&name, 1)[0]), first, "{expression}");
        assert_eq!(counts(&jobs, &name), (0, 0, 0, 0, 0));
    }
}

#[periodic(every = "10m")]
async fn overridden() {}

#[tokio::test(start_paused = true)]
async fn c7_refused_by_configure() {
    for (expression, ..) in IMPOSSIBLE {
        let start = auto(&["overridden"]).configure("overridden", move |job| job.cron(expression)).try_start().await;
        let error = start.expect_err(expression);
        assert!(error.is_configuration(), "{error}");
        let error = error.to_string();
        assert!(error.contains("`.configure`: `cron`: ") && error.contains("this never comes"), "{error}");
    }
}

#[test]
fn c7_refused_of_a_job_that_is_added() {
    let job = Periodic::new("added", every("1h"), |_| async {});
    let error = job.configure(|job| job.cron("0 0 30 2 *")).expect_err("it never comes");
    assert!(error.is_configuration() && error.to_string().contains("this never comes"), "{error}");
}

#[test]
fn c7_refused_in_the_environment() {
    let listing = env!("CARGO_BIN_EXE_listing");
    let at = place("tests/src/bin/listing.rs", include_str!("../../src/bin/listing.rs"), "async fn sweep(");
    for (expression, ..) in IMPOSSIBLE {
        let said = format!("{at}: the environment has `JOB_SWEEP_CRON` … `cron`: … this never comes");
        run(listing, &[], &[("JOB_SWEEP_CRON", expression)]).is_refused(&[&said]);
    }
    let listed = run(listing, &[], &[("JOB_SWEEP_CRON", "0 0 29 2 *")]);
    listed.is_orderly();
    let of_sweep = "sweep: at 00:00 on the 29th of the month in February, in UTC (dst vixie), ";
    assert!(listed.said.out.iter().any(|line| line.starts_with(of_sweep)), "{listed:#?}");
}

/// A rule of the user's own cannot be refused; it rests, whatever the clocks do.
#[tokio::test(start_paused = true)]
async fn c7_a_rule_without_any_time_rests() {
    struct Never;
    impl job_runtime::Recurrence for Never {
        fn next(&self, _after: std::time::SystemTime) -> Option<std::time::SystemTime> {
            None
        }
        fn describe(&self) -> String {
            "never".to_owned()
        }
    }
    let jobs = clocks_at("2026-01-01T00:00:00Z").await;
    add_with(&jobs, "never", Never, |job| job.on_missed("all"));
    crate::scene::add(&jobs, "hourly", utc_cron("0 * * * *"));
    jobs.advance("1h").await;
    jobs.set_wall("2036-01-01T00:30:00Z").await;
    jobs.advance("1h").await;
    assert_eq!(chronicle(&jobs).len(), 1);
    assert_eq!(counts(&jobs, "never"), (0, 0, 0, 0, 0));
    assert_eq!(ticks(&jobs, "hourly").last().expect("it ran"), "2036-01-01 01:00:00");
}
