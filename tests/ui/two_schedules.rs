use job_runtime::periodic;

#[periodic(every = "10m", cron = "@daily")]
fn every_and_cron() {}

#[periodic(cron = "@daily", every = "10m")]
fn cron_and_every() {}

#[periodic(schedule = Nightly, every = "10m")]
fn schedule_and_every() {}

#[periodic(cron = "@daily", tz = "UTC", schedule = Nightly)]
fn cron_and_schedule() {}

#[periodic(schedule = Nightly, cron = "@daily", align = true, every = "10m")]
fn all_three() {}

struct Nightly;

impl job_runtime::Recurrence for Nightly {
    fn next(&self, after: std::time::SystemTime) -> Option<std::time::SystemTime> {
        Some(after)
    }

    fn describe(&self) -> String {
        String::new()
    }
}

fn main() {}
