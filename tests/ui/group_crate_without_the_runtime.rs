use job_runtime::{group, periodic};

#[periodic(every = "10m")]
fn tick() {}

group!(DATABASE = [tick], crate = std);

fn main() {}
