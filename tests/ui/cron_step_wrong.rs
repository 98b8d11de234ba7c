use job_runtime::periodic;

#[periodic(cron = "*/0 * * * *")]
fn zero() {}

#[periodic(cron = "*/90 * * * *")]
fn minutes() {}

#[periodic(cron = "0 */36 * * *")]
fn hours() {}

#[periodic(cron = "*/120 * * * * *")]
fn seconds() {}

#[periodic(cron = "0 2 */40 * *")]
fn days() {}

#[periodic(cron = "0 2 1 */12 *")]
fn months() {}

#[periodic(cron = "0 2 * * */7")]
fn weekdays() {}

#[periodic(cron = "*/ * * * *")]
fn empty() {}

#[periodic(cron = "*/5/5 * * * *")]
fn twice() {}

#[periodic(cron = "*/x * * * *")]
fn letter() {}

fn main() {}
