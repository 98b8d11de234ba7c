use job_runtime::{job, service};

struct Jobs;

impl Jobs {
    #[job]
    async fn send_mail(to: String) {
        drop(to);
    }

    #[service]
    async fn consume() {}
}

fn main() {}
