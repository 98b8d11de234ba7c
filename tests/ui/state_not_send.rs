use job_runtime::periodic;

use std::rc::Rc;

#[periodic(every = "10m")]
fn tick(names: &mut Rc<str>) {
    let _ = names;
}

fn main() {}
