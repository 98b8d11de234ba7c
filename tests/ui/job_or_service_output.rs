use job_runtime::{job, service};

use std::rc::Rc;

#[job]
async fn count() -> u32 {
    3
}

#[job]
fn first(list: Vec<u8>) -> Option<u8> {
    list.first().copied()
}

#[job]
async fn not_send() -> Result<Rc<str>, String> {
    Ok("x".into())
}

#[job]
async fn no_error() -> Result<u8, u8> {
    Ok(3)
}

#[service]
async fn consume() -> Option<u8> {
    None
}

fn main() {}
