use job_runtime::periodic;

use std::rc::Rc;

#[periodic(every = "10m")]
fn tick() -> Result<Rc<str>, String> {
    Ok("shared".into())
}

fn main() {}
