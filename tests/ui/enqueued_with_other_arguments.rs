use job_runtime::job;

#[job(queue = "mail")]
async fn send_mail(to: String, copies: u32) {
    let _ = (to, copies);
}

#[job]
fn forget() {}

async fn all() -> job_runtime::Result {
    send_mail::enqueue("me", 3).await?;
    send_mail::enqueue("me".to_owned()).await?;
    send_mail::enqueue("me".to_owned(), 3).after(5).await?;
    send_mail::enqueue_all(["me".to_owned()]).await?;
    send_mail::spawn("me".to_owned(), 3);
    forget::enqueue().await?;
    Ok(())
}

fn main() {}
