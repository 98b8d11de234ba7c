use job_runtime::{group, periodic};

#[periodic(every = "10m")]
fn tick() {}

group!(DATABASE = ["tick", tick(), 3, |cx| tick, +, tick]);

fn main() {}
