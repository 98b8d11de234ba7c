use job_runtime::periodic;

#[periodic(cron = "0 2 ? * MON")]
fn question_mark() {}

#[periodic(cron = "@reboot")]
fn reboot() {}

#[periodic(cron = "@every 10m")]
fn every() {}

#[periodic(cron = "@every")]
fn every_alone() {}

#[periodic(cron = "H 2 * * *")]
fn hash() {}

#[periodic(cron = "H(0-29)/10 * * * *")]
fn hash_within_a_range() {}

#[periodic(cron = "CRON_TZ=Europe/Berlin 0 2 * * *")]
fn zone() {}

#[periodic(cron = "TZ=Europe/Berlin 0 2 * * *")]
fn zone_by_its_short_name() {}

#[periodic(cron = "@dayly")]
fn misspelt() {}

#[periodic(cron = "@daily UTC")]
fn with_more() {}

#[periodic(cron = "0 2 * * L")]
fn last_day_of_the_week() {}

#[periodic(cron = "0 2 * * FRI#6")]
fn sixth() {}

#[periodic(cron = "0 2 L-31 * *")]
fn before_the_month() {}

#[periodic(cron = "0 2 W * *")]
fn any_workday() {}

#[periodic(cron = "0 2 * * 15W")]
fn workday_in_another_field() {}

fn main() {}
