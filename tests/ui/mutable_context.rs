use job_runtime::periodic;

use job_runtime::Context;

#[periodic(every = "10m")]
fn tick(cx: &mut Context) {
    let _ = cx;
}

fn main() {}
