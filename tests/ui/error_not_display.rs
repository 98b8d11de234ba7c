use job_runtime::periodic;

struct Broken;

#[periodic(every = "10m")]
fn tick() -> Result<(), Broken> {
    Err(Broken)
}

fn main() {}
