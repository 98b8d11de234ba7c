//! Calendar times and schedules of one's own, in every form, under strict lints.
#![forbid(unsafe_code)]
#![deny(
    warnings,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    unused_results,
    nonstandard_style,
    future_incompatible,
    rust_2018_idioms,
    let_underscore_drop,
    clippy::all,
    clippy::pedantic
)]

use std::time::{Duration, SystemTime};

use job_runtime::{Recurrence, Schedule, periodic};

mod my_jobs {
    pub(crate) use ::job_runtime;
}

/// So many seconds of the day after midnight, in UTC.
#[derive(Clone, Debug)]
pub struct Nightly {
    second: u64,
}

impl Nightly {
    const AT_TWO: Self = Self { second: 7_200 };

    const fn at(second: u64) -> Self {
        Self { second }
    }
}

impl Recurrence for Nightly {
    fn next(&self, after: SystemTime) -> Option<SystemTime> {
        let seconds = after.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
        let days = (seconds + 86_400 - self.second) / 86_400;
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400 + self.second))
    }

    fn describe(&self) -> String {
        format!("at second {} of each day", self.second)
    }
}

/// A rule without data.
#[derive(Clone, Copy, Debug)]
pub struct Never;

impl Recurrence for Never {
    fn next(&self, _after: SystemTime) -> Option<SystemTime> {
        None
    }

    fn describe(&self) -> String {
        "never".to_owned()
    }
}

const NIGHTLY: Nightly = Nightly::at(3_600);
const SCHEDULE: u8 = 2;
const MAX_ATTEMPTS: u64 = 2;

fn weekly(weekday: &str) -> Schedule {
    let schedule = Schedule::cron(&format!("0 9 * * {weekday}")).and_then(|schedule| schedule.tz("Europe/Berlin"));
    schedule.expect("a name of a day")
}

/// One expression.
#[periodic(cron = "30 2 * * *")]
pub fn five_fields() {}

/// The second first.
#[periodic(cron = r"*/10 30 2 * * *", tz = "UTC", jitter = "1s", align = false, delay_mode = "regular")]
pub async fn six_fields() {
    std::future::ready(()).await;
}

/// Names, lists, ranges, steps, and the days that a number does not say.
#[periodic(cron = ["0,30 9-17/2 LW,15W,L-3 JAN-mar,12 *", "0 0 * * fri#2,MONL", "0 0 13 * +FRI", "0 0 1 * SAT-SUN"])]
pub fn every_form() {}

/// Several in one text, and in a list with one.
#[periodic(cron = ["0 9 * * MON-FRI; 0 12 * * SAT",], tz = ("Europe/Berlin"), dst = "literal")]
pub fn several_in_one() {}

#[periodic(cron = "@yearly; @annually; @monthly; @weekly; @daily; @midnight; @hourly", dst = "vixie")]
fn short_forms() {}

#[periodic(cron = "0 0 29 2 *", tz = "America/Argentina/ComodRivadavia")]
fn rare() {}

#[periodic(schedule = NIGHTLY)]
fn constant() {}

#[periodic(schedule = Nightly::AT_TWO)]
fn associated_constant() {}

#[periodic(schedule = Nightly { second: u64::from(SCHEDULE) })]
fn literal() {}

#[periodic(schedule = Never)]
fn without_data() {}

#[periodic(schedule = Nightly::at(MAX_ATTEMPTS), max_attempts = 1 + 2)]
fn constant_named_like_an_option() {}

#[periodic(schedule = weekly("MON"), on_overlap = "queue", on_missed = "all(3)")]
async fn call(seen: &mut u8, user: String) {
    *seen += u8::from(user.is_empty());
    std::future::ready(()).await;
}

#[periodic(schedule = Schedule::every("10m").expect("a duration"))]
fn schedule_of_the_library() {}

#[periodic(schedule = { let mut nightly = NIGHTLY; nightly.second += 1; nightly })]
fn block() {}

#[periodic(schedule = if cfg!(windows) { weekly("TUE") } else { weekly("WED") })]
fn condition() {}

mod elsewhere {
    #[crate::my_jobs::job_runtime::periodic(cron = ["@daily"], tz = "UTC", crate = crate::my_jobs::job_runtime)]
    pub(crate) fn cron() {}

    #[crate::my_jobs::job_runtime::periodic(schedule = super::Never, crate = "crate::my_jobs::job_runtime")]
    pub(crate) fn schedule() {}
}

macro_rules! by_parts {
    ($name:ident, $cron:literal, $zone:expr, $dst:tt) => {
        #[periodic(cron = $cron, tz = $zone, dst = $dst)]
        fn $name() {}
    };
}

macro_rules! by_list {
    ($name:ident, [$($cron:expr),*], $other:ident, $list:expr) => {
        #[periodic(cron = [$($cron),*])]
        fn $name() {}

        #[periodic(cron = $list)]
        fn $other() {}
    };
}

macro_rules! by_rule {
    ($name:ident, $schedule:expr, $other:ident, $ty:ty, $second:literal) => {
        #[periodic(schedule = $schedule)]
        fn $name() {}

        #[periodic(schedule = <$ty>::at($second))]
        fn $other() {}
    };
}

by_parts!(text_of_a_macro, "30 2 * * *", "Europe/Berlin", "literal");
by_list!(list_of_a_macro, ["0 9 * * *", "0 12 * * SAT"], whole_list_of_a_macro, ["@daily", "@weekly"]);
by_rule!(rule_of_a_macro, weekly("THU"), type_of_a_macro, Nightly, 7);

fn main() {
    #[periodic(schedule = Inner)]
    fn inside_a_body() {}

    struct Inner;

    impl Recurrence for Inner {
        fn next(&self, after: SystemTime) -> Option<SystemTime> {
            Never.next(after)
        }

        fn describe(&self) -> String {
            Never.describe()
        }
    }

    let _: fn() = elsewhere::cron;
    let _: fn() = elsewhere::schedule;
}
