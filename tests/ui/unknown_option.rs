use job_runtime::periodic;

#[periodic(every = "10m", evry = "10m", overlap = "run", colour = "red")]
fn tick() {}

fn main() {
    drop(tick::trigger());
}
