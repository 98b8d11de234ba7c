use job_runtime::periodic;

#[periodic(cron = "0,,30 * * * *")]
fn in_the_middle() {}

#[periodic(cron = "0 2, * * *")]
fn at_the_end() {}

#[periodic(cron = "0 2 ,1 * *")]
fn at_the_start() {}

#[periodic(cron = "0 9- * * *")]
fn without_an_end() {}

#[periodic(cron = "0 0 * * +")]
fn nothing_behind_the_plus() {}

fn main() {}
