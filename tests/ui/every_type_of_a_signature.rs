use job_runtime::periodic;

use std::cell::RefCell;
use std::rc::Rc;

trait Mailer {}

#[periodic(every = "10m")]
async fn tick(cells: &RefCell<u8>, mailer: &dyn Mailer, names: &mut Vec<Rc<str>>, rate: f32) -> Option<u8> {
    let _ = (cells, mailer, names, rate);
    None
}

fn main() {}
