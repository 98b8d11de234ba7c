use job_runtime::periodic;

#[periodic(every = "10m")]
#[periodic(every = "20m")]
#[job_runtime::job(max_attempts = 3)]
async fn tick() {}

fn main() {
    drop(tick::trigger());
}
