use job_runtime::periodic;

#[periodic(cron = "0 22-6 * * *")]
fn hours() {}

#[periodic(cron = "45-15/5 * * * *")]
fn minutes_with_a_step() {}

#[periodic(cron = "0 0 * NOV-FEB *")]
fn months() {}

#[periodic(cron = "0 0 28-3 * *")]
fn days() {}

fn main() {}
