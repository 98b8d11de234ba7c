//! Fire and forget: a welcome mail that nobody waits for, and whose failure is told where all failures are told.
use job_runtime::{Event, EventKind, job};

/// Stands for a mail server.
struct Mailer;

impl Mailer {
    async fn send(&self, address: &str) -> Result<(), String> {
        if address.contains('@') { Ok(()) } else { Err(format!("`{address}` is no address")) }
    }
}

#[job]
async fn welcome_mail(address: String, mailer: &Mailer) -> Result<(), String> {
    mailer.send(&address).await?;
    println!("welcomed {address}");
    Ok(())
}

/// Stores a user and is done with it: the mail, which may fail, is on its way.
fn create_user(address: &str) {
    println!("created {address}");
    welcome_mail::spawn(address.to_owned());
}

fn tell_failures(event: &Event) {
    if let EventKind::Finished { error: Some(error), .. } = &event.kind {
        println!("{} failed: {error}", event.job.as_deref().unwrap_or_default());
    }
}

/// Ends at once; the shutdown waits for the mails that are on their way, as long as their `job_shutdown` says.
#[tokio::main]
async fn main() -> job_runtime::Result {
    let runtime = job_runtime::run_all().data(Mailer).on_event(tell_failures).start().await?;
    for address in ["ada@example.org", "nobody", "joe@example.org"] {
        create_user(address);
    }
    runtime.shutdown().await
}
