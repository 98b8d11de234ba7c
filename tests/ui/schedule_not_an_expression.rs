use job_runtime::periodic;

#[periodic(schedule = "0 9 * * *")]
fn cron() {}

#[periodic(schedule = "10m")]
fn period() {}

#[periodic(schedule = 600)]
fn number() {}

#[periodic(schedule = || rule())]
fn closure() {}

#[periodic(schedule = 1..5)]
fn range() {}

#[periodic(schedule = Schedule::cron("@daily")?)]
fn question_mark() {}

#[periodic(schedule = Schedule::cron("@daily")?.tz("Europe/Berlin")?.dst(Dst::Literal))]
fn question_marks_between() {}

fn main() {}
