use job_runtime::periodic;

use std::rc::Rc;

#[periodic(every = "10m", when = async |_| {
    let held = Rc::new(1);
    std::future::ready(()).await;
    *held == 1
})]
fn tick() {}

fn main() {}
