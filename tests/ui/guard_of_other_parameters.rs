use job_runtime::periodic;

fn is_leader(node: u32) -> bool {
    node == 1
}

#[periodic(every = "10m", when = is_leader)]
fn tick() {}

fn main() {}
