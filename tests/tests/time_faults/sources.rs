//! A schedule from several sources: attribute, `configure`, environment. A later one replaces an earlier one.

use std::time::SystemTime;

use job_runtime::testing::start;
use job_runtime::{JobConfig, JobInfo, Periodic, Recurrence, Result, periodic};

use crate::child::{End, run};
use crate::scene::{TenMinutes, clocks_at, cron, every, info, utc};
use crate::stage::counts;

#[periodic(every = "10m")]
async fn by_period() {}

#[periodic(cron = "30 2 * * *")]
async fn by_cron() {}

#[periodic(cron = "30 2 * * *", tz = "Europe/Berlin", dst = "literal")]
async fn in_a_zone() {}

#[periodic(schedule = TenMinutes)]
async fn by_rule() {}

#[periodic(every = "10m", align = true)]
async fn aligned() {}

#[periodic(every = "10m", initial_delay = "0s")]
async fn delayed() {}

#[periodic(every = "10m", delay_mode = "shifted")]
async fn shifted() {}

/// In the summer, in which Berlin is two hours ahead.
const START: &str = "2026-07-01T00:00:00Z";

async fn configured(
    job: &'static str,
    change: impl FnOnce(JobConfig) -> Result<JobConfig> + Send + 'static,
) -> Result<JobInfo> {
    let jobs = start().only([job]).configure(job, change).auto().at(START).try_start().await?;
    let info = info(&jobs, job);
    jobs.advance("1d").await;
    assert_eq!(jobs.runs(job)[0].scheduled_at, info.next[0], "what it shows is what it does");
    let books = counts(&jobs, job);
    assert_eq!(books, (books.0, books.0, 0, 0, 0));
    Ok(info)
}

#[track_caller]
fn assert_shows(info: &JobInfo, schedule: &str, zone: &str, first: &str, policies: &[&str]) {
    assert_eq!(info.schedule.as_deref(), Some(schedule));
    assert_eq!((&*info.zone, &*utc(info.next[0])), (zone, first), "{info:?}");
    assert_eq!(info.policies, policies, "{info:?}");
}

#[tokio::test(start_paused = true)]
async fn a_period_takes_the_place_of_a_cron_expression_with_its_zone_and_rule() {
    for job in ["by_cron", "in_a_zone"] {
        let info = configured(job, |job| job.every("5m")).await.expect("it fits");
        assert_shows(&info, "every 5m", "UTC", "2026-07-01 00:05:00", &["on_overlap run"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_with_a_period_goes_with_the_one_in_place_of_a_cron_expression() {
    let info = configured("in_a_zone", |job| job.every("7m")?.align(true)).await.expect("it fits");
    assert_shows(&info, "every 7m, aligned to the clock", "UTC", "2026-07-01 00:05:00", &["on_overlap run"]);
    let info = configured("by_cron", |job| job.every("7m")?.initial_delay("1m")).await.expect("it fits");
    assert_shows(&info, "every 7m", "UTC", "2026-07-01 00:01:00", &["on_overlap run", "initial_delay 1m"]);
}

#[tokio::test(start_paused = true)]
async fn a_cron_expression_takes_the_place_of_a_period() {
    let dst = ["on_overlap run", "dst vixie"];
    let info = configured("by_period", |job| job.cron("0 4 * * *")).await.expect("it fits");
    assert_shows(&info, "at 04:00 every day, in UTC (dst vixie)", "UTC", "2026-07-01 04:00:00", &dst);
    let change = |job: JobConfig| job.cron("0 4 * * *")?.tz("Europe/Berlin")?.dst("literal");
    let info = configured("by_period", change).await.expect("it fits");
    let words = "at 04:00 every day, in Europe/Berlin (dst literal)";
    let dst = ["on_overlap run", "dst literal"];
    assert_shows(&info, words, "Europe/Berlin", "2026-07-01 02:00:00", &dst);
    let info = configured("by_period", |job| job.tz("Europe/Berlin")?.cron("0 4 * * *")).await.expect("in any order");
    assert_eq!(utc(info.next[0]), "2026-07-01 02:00:00");
}

#[tokio::test(start_paused = true)]
async fn a_cron_expression_takes_the_place_of_another_whose_zone_and_rule_stay() {
    let info = configured("in_a_zone", |job| job.cron("0 4 * * *")).await.expect("it fits");
    let words = "at 04:00 every day, in Europe/Berlin (dst literal)";
    let dst = ["on_overlap run", "dst literal"];
    assert_shows(&info, words, "Europe/Berlin", "2026-07-01 02:00:00", &dst);
}

#[tokio::test(start_paused = true)]
async fn zone_and_rule_alone_can_be_set_anew() {
    let info = configured("in_a_zone", |job| job.tz("Asia/Tokyo")?.dst("vixie")).await.expect("it fits");
    let words = "at 02:30 every day, in Asia/Tokyo (dst vixie)";
    assert_shows(&info, words, "Asia/Tokyo", "2026-07-01 17:30:00", &["on_overlap run", "dst vixie"]);
}

#[tokio::test(start_paused = true)]
async fn either_takes_the_place_of_a_rule() {
    let info = configured("by_rule", |job| job.every("4m")).await.expect("it fits");
    assert_shows(&info, "every 4m", "UTC", "2026-07-01 00:04:00", &["on_overlap run"]);
    let info = configured("by_rule", |job| job.cron("0 4 * * *")?.tz("Europe/Berlin")).await.expect("it fits");
    assert_eq!((&*info.zone, utc(info.next[0])), ("Europe/Berlin", "2026-07-01 02:00:00".to_owned()));
    let info = configured("by_rule", Ok).await.expect("it fits");
    assert_shows(&info, "at each tenth minute", "UTC", "2026-07-01 00:10:00", &["on_overlap run"]);
}

#[tokio::test(start_paused = true)]
async fn the_last_of_several_calls_is_the_one_that_counts() {
    let builder = start().only(["by_period"]).auto().at(START);
    let jobs = builder
        .configure("by_period", |job| job.cron("0 4 * * *")?.tz("Europe/Berlin"))
        .configure("by_period", |job| job.every("5m"))
        .configure("by_period", |job| job.cron("0 5 * * *"))
        .await;
    let info = info(&jobs, "by_period");
    assert_shows(
        &info,
        "at 05:00 every day, in UTC (dst vixie)",
        "UTC",
        "2026-07-01 05:00:00",
        &["on_overlap run", "dst vixie"],
    );
}

type Change = fn(JobConfig) -> Result<JobConfig>;

#[tokio::test(start_paused = true)]
async fn what_contradicts_itself_is_refused_at_the_start() {
    let both = "`every` and `cron` both say when it is due: leave one out";
    let refused: [(&'static str, Change, &str); 14] = [
        ("by_period", |job| job.every("5m")?.cron("@daily"), both),
        ("by_period", |job| job.cron("@daily")?.every("5m"), both),
        ("by_cron", |job| job.every("5m")?.cron("@daily"), both),
        ("by_rule", |job| job.cron("@daily")?.every("5m"), both),
        ("by_period", |job| job.tz("Europe/Berlin"), "`tz` is the zone of `cron`, which is not set: leave it out"),
        ("by_period", |job| job.dst("literal"), "`dst` is a rule for `cron`, which is not set: leave it out"),
        ("by_rule", |job| job.tz("Europe/Berlin"), "`tz` is the zone of `cron`, which is not set: leave it out"),
        (
            "in_a_zone",
            |job| job.every("5m")?.tz("Europe/Berlin"),
            "`tz` is the zone of `cron`, which is not set: leave it out",
        ),
        ("by_cron", |job| job.align(true), "`align` goes with `every`: leave it out"),
        ("by_rule", |job| job.align(true), "`align` goes with `every`: leave it out"),
        ("by_cron", |job| job.initial_delay("1m"), "`initial_delay` goes with `every`: leave it out"),
        ("by_cron", |job| job.delay_mode("shifted"), "`delay_mode = \"shifted\"` goes with `every`: leave it out"),
        ("aligned", |job| job.cron("@daily"), "`align` goes with `every`: leave it out"),
        ("shifted", |job| job.cron("@daily"), "`delay_mode = \"shifted\"` goes with `every`: leave it out"),
    ];
    for (job, change, sentence) in refused {
        let error = configured(job, change).await.expect_err(sentence);
        assert!(error.is_configuration(), "{error}");
        assert!(error.to_string().ends_with(&format!("job `{job}`: {sentence}")), "{error}");
    }
    let error = configured("delayed", |job| job.cron("@daily")).await.expect_err("a delay goes with a period");
    assert!(error.to_string().contains("`initial_delay` goes with `every`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_contradicts_itself_is_refused_of_a_job_that_is_added() {
    let jobs = clocks_at(START).await;
    let calendar = || cron("@daily", "Europe/Berlin");
    let refused: [(Change, &str); 4] = [
        (|job| job.align(true), "`align` goes with `every`"),
        (|job| job.initial_delay("1m"), "`initial_delay` goes with `every`"),
        (|job| job.delay_mode("shifted"), "`delay_mode = \"shifted\"` goes with `every`"),
        (|job| job.every("5m")?.cron("@hourly"), "`every` and `cron` both say when it is due"),
    ];
    for (change, sentence) in refused {
        let job = Periodic::new("added", calendar(), |_| async {}).configure(change).expect("each value is one");
        let error = jobs.runtime().add(job).expect_err(sentence);
        assert!(error.is_configuration() && error.to_string().contains(sentence), "{error}");
    }
    let job = Periodic::new("added", every("5m"), |_| async {}).configure(|job| job.tz("Asia/Tokyo"));
    let error = jobs.runtime().add(job.expect("a zone")).expect_err("a period has no zone");
    assert!(error.to_string().contains("`tz` is the zone of `cron`, which is not set"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_is_set_of_an_added_job_takes_the_place_of_its_schedule() {
    let jobs = clocks_at(START).await;
    let add = |name: &str, schedule: job_runtime::Schedule, change: Change| {
        let job = Periodic::new(name, schedule, |_| async {}).configure(change).expect("each value is one");
        jobs.runtime().add(job).expect("the options fit");
        info(&jobs, name)
    };
    let info = add("to a period", cron("@daily", "Europe/Berlin"), |job| job.every("5m")?.align(true));
    let policies = ["on_overlap run"];
    assert_shows(&info, "every 5m, aligned to the clock", "UTC", "2026-07-01 00:05:00", &policies);
    let info = add("to another zone", cron("0 4 * * *", "Asia/Tokyo"), |job| job.tz("Europe/Berlin")?.dst("literal"));
    let words = "at 04:00 every day, in Europe/Berlin (dst literal)";
    assert_shows(&info, words, "Europe/Berlin", "2026-07-01 02:00:00", &["on_overlap run", "dst literal"]);
    let info = add("to a calendar", every("5m"), |job| job.cron("0 4 * * *")?.tz("Europe/Berlin"));
    let words = "at 04:00 every day, in Europe/Berlin (dst vixie)";
    assert_shows(&info, words, "Europe/Berlin", "2026-07-01 02:00:00", &["on_overlap run", "dst vixie"]);
}

// ---- the environment, which only a real process reads

/// What `listing` says of its job `sweep`, which has `every = "10m"`.
fn sweep(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let end: End = run(env!("CARGO_BIN_EXE_listing"), arguments, variables);
    end.is_orderly();
    let line = end.said.out.iter().find_map(|line| line.strip_prefix("sweep: "));
    line.unwrap_or_else(|| panic!("it is not listed: {end:#?}")).to_owned()
}

#[test]
fn the_environment_takes_the_place_of_any_schedule() {
    let listed = sweep(&[], &[("JOB_SWEEP_CRON", "0 4 * * MON-FRI"), ("JOB_SWEEP_TZ", "Europe/Berlin")]);
    let words = "at 04:00 on Monday to Friday, in Europe/Berlin (dst vixie), on_overlap run, dst vixie, ";
    assert!(listed.starts_with(words), "{listed}");
    let several = sweep(&[], &[("JOB_SWEEP_CRON", "0 4 * * *; 30 5 * * SUN"), ("JOB_SWEEP_DST", "literal")]);
    let words = "at 04:00 every day; at 05:30 on Sunday, in UTC (dst literal), on_overlap run, dst literal, ";
    assert!(several.starts_with(words), "{several}");
    let period = sweep(&["every:sweep=5m"], &[("JOB_SWEEP_CRON", "@daily")]);
    assert!(period.starts_with("at 00:00 every day, in UTC (dst vixie), "), "{period}");
}

#[test]
fn what_the_environment_contradicts_itself_in_is_refused() {
    let refused: [(&[(&str, &str)], &str); 5] = [
        (&[("JOB_SWEEP_CRON", "@daily"), ("JOB_SWEEP_EVERY", "5m")], "`every` and `cron` both say when it is due"),
        (&[("JOB_SWEEP_TZ", "Europe/Berlin")], "`tz` is the zone of `cron`, which is not set"),
        (&[("JOB_SWEEP_DST", "vixie")], "`dst` is a rule for `cron`, which is not set"),
        (&[("JOB_SWEEP_CRON", "@daily"), ("JOB_SWEEP_TZ", "Europe/Berln")], "did you mean `Europe/Berlin`?"),
        (&[("JOB_SWEEP_CRON", "@daily"), ("JOB_SWEEP_ALIGN", "true")], "`align` goes with `every`"),
    ];
    for (variables, sentence) in refused {
        let end = run(env!("CARGO_BIN_EXE_listing"), &[], variables);
        assert_eq!(end.code(), Some(1), "{end:#?}");
        assert!(end.err().contains(sentence), "{end:#?}");
    }
}

/// A user's rule in a zone of its own shows its times there.
#[tokio::test(start_paused = true)]
async fn a_rule_says_in_which_zone_its_times_are_shown() {
    struct InTokyo;
    impl Recurrence for InTokyo {
        fn next(&self, after: SystemTime) -> Option<SystemTime> {
            TenMinutes.next(after)
        }
        fn describe(&self) -> String {
            TenMinutes.describe()
        }
        fn zone(&self) -> &'static str {
            "Asia/Tokyo"
        }
    }
    let jobs = clocks_at(START).await;
    crate::scene::add(&jobs, "rule", InTokyo);
    let info = info(&jobs, "rule");
    assert_eq!(&*info.zone, "Asia/Tokyo");
    assert_eq!(info.next_local()[0], "2026-07-01T09:10:00+09:00[Asia/Tokyo]");
}
