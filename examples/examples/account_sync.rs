//! One job for each user, each with a state of its own that remembers when it last ran and can be looked at.
use std::time::SystemTime;

use job_runtime::{Context, periodic};

struct Exchange;

impl Exchange {
    async fn balance(&self, user: u32) -> u32 {
        100 * user
    }
}

#[derive(Default)]
struct Account {
    balance: u32,
    last_run_at: Option<SystemTime>,
}

#[periodic(every = "1s")]
async fn account_sync(user: u32, account: &mut Account, cx: &Context, exchange: &Exchange) {
    account.balance = exchange.balance(user).await;
    account.last_run_at = Some(cx.now());
}

/// Stands for the part of the program that knows who is there.
#[periodic(every = "2s", initial_delay = "0s")]
async fn sign_in(users: &mut u32) -> job_runtime::Result {
    *users += 1;
    println!("user {users} signs in");
    account_sync::start(*users)
}

#[periodic(every = "1s", initial_delay = "1500ms")]
async fn report(cx: &Context) -> job_runtime::Result {
    let read = |account: &Account| (account.balance, account.last_run_at);
    if let Some((balance, Some(last_run_at))) = account_sync::peek(1, read).await? {
        let age = cx.now().duration_since(last_run_at).unwrap_or_default();
        println!("user 1 has {balance}, as of {} ms ago", age.as_millis());
    }
    Ok(())
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    job_runtime::run_all().data(Exchange).await
}
