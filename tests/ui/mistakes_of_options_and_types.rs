use job_runtime::periodic;

#[periodic(every = "10m", on_overlap = "skip")]
async fn returns() -> u8 {
    3
}

#[periodic(every = "10m", on_overlap = "skip", when = nope, max_running = NOPE)]
async fn asks() {}

#[periodic(evry = "10m", timeout = "2 m")]
async fn takes(rate: f64) -> Option<u8> {
    Some(rate as u8)
}

#[periodic(every = "10m", when = || 3)]
unsafe fn is_unsafe(rate: f64, cell: &std::cell::Cell<u8>, name: &'static str) -> Option<u8> {
    let _ = (rate, cell, name);
    None
}

fn main() {}
