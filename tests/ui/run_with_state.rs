use job_runtime::periodic;

#[periodic(every = "10m", on_overlap = "run")]
async fn tick(count: &mut u32) {
    *count += 1;
}

fn main() {}
