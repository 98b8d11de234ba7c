use job_runtime::periodic;

#[periodic(every = "10m")]
async fn tick() -> Result<(), String> {
    let count: u32 = "three";
    undefined();
    Ok(count)
}

fn main() {}
