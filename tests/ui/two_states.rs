use job_runtime::periodic;

#[periodic(every = "10m")]
fn tick(seen: &mut u32, failed: &mut u32) {
    *seen += *failed;
}

fn main() {}
