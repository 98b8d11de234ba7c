use job_runtime::periodic;

#[periodic(every = "10m")]
async fn tick() -> u32 {
    3
}

fn main() {}
