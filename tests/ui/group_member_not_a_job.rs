use job_runtime::{Context, group, periodic};

#[periodic(every = "10m")]
fn tick() {}

struct Plain;

group!(DATABASE = [tick, String, Plain, std::vec::Vec::<u8>, Context]);

fn main() {}
