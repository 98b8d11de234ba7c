use job_runtime::periodic;

use std::fmt;

struct Shown;

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("shown")
    }
}

#[periodic(every = "10m")]
async fn displayed() -> Result<(), Shown> {
    Err(Shown)
}

#[periodic(every = "10m")]
async fn nothing() -> Result<(), ()> {
    Err(())
}

fn main() {}
