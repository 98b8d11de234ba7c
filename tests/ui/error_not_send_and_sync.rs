use job_runtime::periodic;

use std::error::Error;

#[periodic(every = "10m")]
async fn neither() -> Result<(), Box<dyn Error>> {
    Ok(())
}

#[periodic(every = "10m")]
fn not_sync() -> Result<(), Box<dyn Error + Send>> {
    Ok(())
}

fn main() {}
