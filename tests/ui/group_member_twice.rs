use job_runtime::{group, periodic};

#[periodic(every = "10m")]
fn tick() {}

mod jobs {
    #[job_runtime::job]
    pub fn tock() {}
}

group!(DATABASE = [tick, jobs::tock, tick, jobs::tock]);

fn main() {}
