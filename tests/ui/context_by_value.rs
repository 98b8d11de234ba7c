use job_runtime::periodic;

use job_runtime::Context;

type Run = Context;

#[periodic(every = "10m")]
async fn tick(cx: Context) {
    cx.cancelled().await;
}

#[periodic(every = "10m")]
fn renamed(account: u32, run: Run) {
    let _ = (account, run);
}

fn main() {}
