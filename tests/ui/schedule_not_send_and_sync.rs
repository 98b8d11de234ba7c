use std::rc::Rc;
use std::time::SystemTime;

use job_runtime::{Recurrence, periodic};

struct Nightly(Rc<u8>);

#[periodic(schedule = Nightly(Rc::new(2)))]
fn tick() {}

impl Recurrence for Nightly {
    fn next(&self, _after: SystemTime) -> Option<SystemTime> {
        None
    }

    fn describe(&self) -> String {
        self.0.to_string()
    }
}

fn main() {}
