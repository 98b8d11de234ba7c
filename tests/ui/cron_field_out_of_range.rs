use job_runtime::periodic;

#[periodic(cron = "60 0 2 * * *")]
fn second() {}

#[periodic(cron = "60 2 * * *")]
fn minute() {}

#[periodic(cron = "0 24 * * *")]
fn hour() {}

#[periodic(cron = "0 2 0 * *")]
fn day_of_the_month() {}

#[periodic(cron = "0 2 32 * *")]
fn day_of_the_month_above() {}

#[periodic(cron = "0 2 * 13 *")]
fn month() {}

#[periodic(cron = "0 2 * 0 *")]
fn month_zero() {}

#[periodic(cron = "0 2 * * 8")]
fn day_of_the_week() {}

#[periodic(cron = "0 1000000000000 * * *")]
fn far_out() {}

#[periodic(cron = "0 -1 * * *")]
fn below() {}

fn main() {}
