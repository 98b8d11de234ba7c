use job_runtime::periodic;

#[periodic(cron = "0 0 30 2 *")]
fn thirtieth_of_february() {}

#[periodic(cron = "0 0 31 4 *")]
fn thirty_first_of_april() {}

#[periodic(cron = "0 0 31 2,4,6,9,11 *")]
fn thirty_first_of_short_months() {}

#[periodic(cron = "0 0 30,31 FEB *")]
fn month_by_its_name() {}

#[periodic(cron = "0 0 1-7 * +FRI#5")]
fn fifth_friday_in_the_first_week() {}

#[periodic(cron = "0 0 L-29 2 *")]
fn before_the_first_of_february() {}

fn main() {}
