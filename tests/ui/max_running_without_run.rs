use job_runtime::periodic;

#[periodic(every = "10m", max_running = 3, on_overlap = "ignore")]
fn tick() {}

#[periodic(every = "10m", max_running = 3)]
fn with_state(count: &mut u32) {
    *count += 1;
}

fn main() {}
