use job_runtime::periodic;

#[periodic(cron = 5)]
fn number() {}

#[periodic(cron = [])]
fn empty_list() {}

#[periodic(cron = b"0 9 * * *")]
fn bytes() {}

#[periodic(cron = 0 9 * * MON-FRI)]
fn without_quotes() {}

#[periodic(cron = */15 * * * *)]
fn star_without_quotes() {}

#[periodic(cron = DAILY)]
fn constant() {}

#[periodic(cron = concat!("0 9", " * * *"))]
fn computed() {}

#[periodic(cron)]
fn no_value() {}

const DAILY: &str = "@daily";

fn main() {}
