use job_runtime::{Context, job, service};

use std::rc::Rc;

#[job]
async fn send_mail(to: String) {
    let held = Rc::new(to);
    std::future::ready(()).await;
    drop(held);
}

#[service]
async fn consume(cx: &Context) -> Result<(), String> {
    let held = Rc::new(1);
    cx.cancelled().await;
    drop(held);
    Ok(())
}

fn main() {}
