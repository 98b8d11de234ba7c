use job_runtime::periodic;

#[periodic(cron = "@daily", initial_delay = "0s", align = true, delay_mode = "shifted")]
fn beside_cron() {}

#[periodic(align = cfg!(unix), schedule = job_runtime::Schedule::every("1m").expect("a period"))]
fn beside_schedule() {}

fn main() {}
