use job_runtime::{Context, job, service};

type Run = Context;

#[job]
async fn send_mail(cx: Context) {
    cx.cancelled().await;
}

#[job(max_attempts = 3)]
fn renamed(to: String, run: Run, again: job_runtime::Context) {
    let _ = (to, run, again);
}

#[service]
async fn consume(cx: Context) {
    cx.cancelled().await;
}

fn main() {}
