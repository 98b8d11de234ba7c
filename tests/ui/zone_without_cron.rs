use job_runtime::periodic;

#[periodic(every = "1d", tz = "Europe/Berlin")]
fn beside_every() {}

#[periodic(dst = "literal", schedule = Nightly)]
fn beside_schedule() {}

#[periodic(tz = "Europe/Berlin", dst = "literal")]
fn alone() {}

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
