use job_runtime::periodic;

#[periodic(cron = ["0 25 * * *", 5, "0 0 30 2 *"], timezone = "UTC", tz = "Europe/Berln", dst = "vixy", align = true)]
async fn tick(_text: str) -> u8 {
    3
}

#[periodic(cron = 5, tz = "Berlin", initial_delay = "1", schedule = Nightly, on_overlap = "ignor")]
fn tock() {}

fn main() {}
