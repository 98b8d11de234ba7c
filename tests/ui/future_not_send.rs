use job_runtime::periodic;

use std::rc::Rc;

#[periodic(every = "10m")]
async fn tick() {
    let held = Rc::new(1);
    std::future::ready(()).await;
    drop(held);
}

fn main() {}
