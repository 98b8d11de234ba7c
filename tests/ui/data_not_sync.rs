use job_runtime::periodic;

use std::cell::Cell;

#[periodic(every = "10m")]
fn tick(hits: &Cell<u32>) {
    hits.set(1);
}

fn main() {}
