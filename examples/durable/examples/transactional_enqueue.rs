//! A row of your own and a job in one transaction: both are there once it is committed, and neither if it is not.
use std::error::Error;

use job_runtime::{Event, EventKind, job};
use rusqlite::Connection;

#[job(queue = "mail", max_attempts = 5)]
async fn welcome_mail(name: String) {
    println!("welcome, {name}");
}

/// The account and its mail, or neither: where the name is taken, the transaction is dropped, and with it the mail.
/// With `tokio-postgres` or `sqlx` it is `.within(&mut transaction).await?`.
fn sign_up(db: &mut Connection, name: &str) -> Result<(), Box<dyn Error>> {
    let mut transaction = db.transaction()?;
    let mail = welcome_mail::enqueue(name.to_owned()).within(&mut transaction).now()?;
    transaction.execute("INSERT INTO account (name, mail) VALUES (?1, ?2)", (name, mail.id.to_string()))?;
    transaction.commit()?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = std::env::temp_dir().join("transactional_enqueue.db");
    let runtime = job_runtime::run_all().store(format!("sqlite://{}", file.display())).start().await?;
    let mut events = runtime.events();
    let mut db = Connection::open(&file)?;
    db.execute_batch("DROP TABLE IF EXISTS account; CREATE TABLE account (name TEXT UNIQUE, mail TEXT)")?;
    let mut mails = 0;
    for name in ["Ada", "Ada", "Grace"] {
        match sign_up(&mut db, name) {
            Ok(()) => mails += 1,
            Err(error) => println!("{name} has no account: {error}"),
        }
    }
    while mails > 0 {
        if let Some(Event { kind: EventKind::Finished { .. }, .. }) = events.recv().await {
            mails -= 1;
        }
    }
    runtime.shutdown().await?;
    Ok(())
}
