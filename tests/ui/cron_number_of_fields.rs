use job_runtime::periodic;

#[periodic(cron = "")]
fn none() {}

#[periodic(cron = "   ")]
fn blank() {}

#[periodic(cron = "daily")]
fn one() {}

#[periodic(cron = "10m")]
fn period() {}

#[periodic(cron = "0 2 * *")]
fn four() {}

#[periodic(cron = "0 0 2 * * * 2027")]
fn seven() {}

#[periodic(cron = "0 0 2 * * * 2027 UTC")]
fn eight() {}

#[periodic(cron = "0, 30 2 * * * *")]
fn space_in_a_list() {}

fn main() {}
