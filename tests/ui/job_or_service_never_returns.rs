use job_runtime::{job, service};

#[job]
async fn follow() -> ! {
    loop {}
}

#[service]
fn consume() -> ! {
    loop {}
}

fn main() {}
