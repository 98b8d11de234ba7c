use job_runtime::job;

#[job(queue = "mail", unique_key = "to", on_conflict = "replace")]
fn send_mail(to: String) {
    drop(to);
}

fn main() {
    drop(send_mail::enqueue("me".to_owned()));
}
