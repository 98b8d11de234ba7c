use job_runtime::periodic;

struct Jobs;

impl Jobs {
    #[periodic(every = "10m")]
    async fn tick() {}
}

fn main() {}
