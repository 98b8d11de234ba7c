use job_runtime::periodic;

#[periodic(cron = "@daily", tz = UTC)]
fn without_quotes() {}

#[periodic(cron = "@daily", tz = Europe/Berlin)]
fn division() {}

#[periodic(cron = "@daily", tz = 2)]
fn offset() {}

#[periodic(cron = "@daily", tz = Tz::UTC)]
fn path() {}

fn main() {}
