use job_runtime::{group, periodic};

#[periodic(every = "10m", companion = Tick)]
fn tick() {}

fn plain() {}

mod jobs {
    #[job_runtime::job]
    fn private() {}
}

group!(DATABASE = [tick, tock, plain, jobs, jobs::private]);

fn main() {}
