//! Setting up an account: the request is answered at once, and two jobs go on, each tried again until it succeeds.
use std::sync::Arc;

use job_runtime::{Context, job};
use tokio::sync::watch;

#[derive(Clone)]
struct User {
    name: &'static str,
    address: &'static str,
}

/// Stands for the user's row in the database: the number in the CRM, the nearest fulfilment centre.
type Row = watch::Sender<(Option<u32>, Option<&'static str>)>;

/// Stands for services elsewhere, which answer only when they are asked for the third time.
struct Elsewhere;

impl Elsewhere {
    async fn ask<T>(&self, cx: &Context, answer: T) -> Result<T, String> {
        let (job, attempt) = (cx.name(), cx.attempt());
        println!("{job}, attempt {attempt}");
        if attempt < 3 { Err("no answer".to_owned()) } else { Ok(answer) }
    }
}

#[job(max_attempts = 8, backoff = "100ms..5s")]
async fn create_crm_user(user: User, cx: &Context, crm: &Elsewhere, row: &Row) -> Result<(), String> {
    let number = crm.ask(cx, 4_711).await?;
    println!("{} is customer {number}", user.name);
    row.send_modify(|(crm, _)| *crm = Some(number));
    Ok(())
}

#[job(max_attempts = 8, backoff = "100ms..5s")]
async fn set_nearest_location(user: User, cx: &Context, maps: &Elsewhere, row: &Row) -> Result<(), String> {
    let centre = maps.ask(cx, "Leipzig").await?;
    println!("{centre} delivers to {}", user.address);
    row.send_modify(|(_, nearest)| *nearest = Some(centre));
    Ok(())
}

/// Stands for the handler of a request: it waits for neither of the two.
fn sign_up(user: User) -> &'static str {
    create_crm_user::spawn(user.clone());
    set_nearest_location::spawn(user);
    "201 Created"
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    let row = Arc::new(Row::default());
    let mut changes = row.subscribe();
    let runtime = job_runtime::run_all().data(Elsewhere).data_arc(row).start().await?;
    println!("{}", sign_up(User { name: "Ada", address: "Markt 1" }));
    let complete = changes.wait_for(|(crm, nearest)| crm.is_some() && nearest.is_some()).await.is_ok();
    println!("the account is set up: {complete}");
    runtime.shutdown().await
}
