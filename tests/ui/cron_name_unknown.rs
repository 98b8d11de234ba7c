use job_runtime::periodic;

#[periodic(cron = "0 2 * * MONDAY")]
fn written_out() {}

#[periodic(cron = "0 2 * * MO-FR")]
fn two_letters() {}

#[periodic(cron = "0 2 * JUNE *")]
fn month_written_out() {}

#[periodic(cron = "0 2 * MAI *")]
fn another_language() {}

#[periodic(cron = "0 2 MON * *")]
fn in_another_field() {}

#[periodic(cron = "0 2 * MON *")]
fn in_the_field_of_months() {}

fn main() {}
