use job_runtime::periodic;

#[periodic(cron = ["0 9 * * MON-FRI", "0 25 * * SAT"])]
fn second() {}

#[periodic(cron = ["0 9 * * MON-FRI", "61 9 * * SAT", "@dayly"])]
fn two() {}

#[periodic(cron = ["0 25 * * *", 12, DAILY])]
fn not_texts() {}

#[periodic(cron = "0 9 * * MON-FRI; 0 25 * * SAT")]
fn in_one_text() {}

#[periodic(cron = "0 9 * * *;")]
fn nothing_behind_it() {}

const DAILY: &str = "@daily";

fn main() {}
