use job_runtime::job;

#[job]
async fn send_mail(to: String, copies: u32) {
    let _ = (to, copies);
}

fn main() {
    send_mail::spawn("me", 3);
    send_mail::spawn_after(5, "me".to_owned(), 3);
    send_mail::try_spawn("me".to_owned()).ok();
}
