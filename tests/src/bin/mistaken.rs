//! Everything a start is refused for, beside one job that could run at once.

mod support;

use std::sync::Arc;

use job_runtime::periodic;

struct Database;

struct Archive;

struct Opened(#[expect(dead_code, reason = "only its type counts")] u32);

trait Mailer: Send + Sync {}

struct Smtp;

impl Mailer for Smtp {}

#[periodic(every = "1h", initial_delay = "0s")]
async fn sound() {
    println!("ran sound");
}

#[periodic(every = "1h", initial_delay = "0s")]
async fn takes_what_is_in_an_arc(_: &Database) {
    println!("ran takes_what_is_in_an_arc");
}

#[periodic(every = "1h", initial_delay = "0s")]
async fn takes_other_bounds(_: &dyn Mailer) {
    println!("ran takes_other_bounds");
}

#[periodic(every = "1h", initial_delay = "0s")]
async fn takes_what_nobody_gave(_: &Archive) {
    println!("ran takes_what_nobody_gave");
}

#[periodic(every = "1h", initial_delay = "0s")]
async fn takes_a_trait_nobody_gave(_: &(dyn Fn() + Send + Sync)) {
    println!("ran takes_a_trait_nobody_gave");
}

#[periodic(every = "1h", initial_delay = "0s")]
async fn keeps_what_has_no_default(_: &mut Opened) {
    println!("ran keeps_what_has_no_default");
}

#[periodic(every = "1h", initial_delay = "0s", name = "sound")]
async fn has_a_name_that_is_taken() {
    println!("ran has_a_name_that_is_taken");
}

#[tokio::main]
async fn main() -> job_runtime::Result {
    let mailer: Arc<dyn Mailer + Send + Sync> = Arc::new(Smtp);
    let builder = job_runtime::run_all().data(Arc::new(Database)).data_arc(mailer);
    support::arguments(builder).shutdown_on(support::input_ends()).await
}
