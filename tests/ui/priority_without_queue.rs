use job_runtime::job;

#[job(priority = 1, unique_for = "1h")]
fn send_mail(to: String) {
    drop(to);
}

fn main() {
    send_mail::spawn("me".to_owned());
}
