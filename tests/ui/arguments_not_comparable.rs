use job_runtime::periodic;

use std::rc::Rc;
use std::sync::{Arc, Mutex};

struct Plain;

#[periodic(every = "10m")]
async fn float(rate: f64) {
    let _ = rate;
}

#[periodic(every = "10m")]
async fn not_send(name: Rc<str>, seen: &mut u32) {
    std::future::ready(()).await;
    let _ = (name, seen);
}

#[periodic(every = "10m")]
fn several(plain: Plain, region: u8, count: Arc<Mutex<u32>>) {
    let _ = (plain, region, count);
}

fn main() {}
