use job_runtime::periodic;

#[periodic(cron = "@daily", dst = "vixy")]
fn misspelt() {}

#[periodic(cron = "@daily", dst = literal)]
fn without_quotes() {}

#[periodic(cron = "@daily", dst = "skip")]
fn unknown() {}

#[periodic(cron = "@daily", dst = false)]
fn flag() {}

fn main() {}
