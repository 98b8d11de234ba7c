use job_runtime::job;

#[job(queue = "mail", priority = 1, unique_for = "1h", unique_key = "to")]
fn send_mail(to: String) {
    drop(to);
}

fn main() {}
