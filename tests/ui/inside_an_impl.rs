use job_runtime::periodic;

struct Jobs;

impl Jobs {
    #[periodic(every = "10m")]
    async fn tick() {}

    #[periodic(every = "10m")]
    async fn tock(_jobs: &Self) {}
}

fn main() {}
