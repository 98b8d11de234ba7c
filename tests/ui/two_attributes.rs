use job_runtime::periodic;

#[periodic(every = "10m")]
#[periodic(every = "20m")]
#[job_runtime::periodic(every = "30m")]
async fn tick() {}

fn main() {
    drop(tick::trigger());
}
