use job_runtime::periodic;

fn is_leader() -> bool {
    true
}

#[periodic(every = "10m", when = is_leader())]
fn tick() {}

fn main() {}
