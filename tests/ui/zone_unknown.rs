use job_runtime::periodic;

#[periodic(cron = "@daily", tz = "Europe/Berln")]
fn misspelt() {}

#[periodic(cron = "@daily", tz = "europe/berlin")]
fn lower_case() {}

#[periodic(cron = "@daily", tz = "Berlin")]
fn city_alone() {}

#[periodic(cron = "@daily", tz = "New York")]
fn city_with_a_space() {}

#[periodic(cron = "@daily", tz = "local")]
fn of_the_machine() {}

#[periodic(cron = "@daily", tz = "Local")]
fn of_the_machine_as_in_go() {}

#[periodic(cron = "@daily", tz = "CEST")]
fn abbreviation() {}

#[periodic(cron = "@daily", tz = "+02:00")]
fn offset() {}

#[periodic(cron = "@daily", tz = "UTC+2")]
fn offset_from_utc() {}

#[periodic(cron = "@daily", tz = "")]
fn empty() {}

fn main() {}
