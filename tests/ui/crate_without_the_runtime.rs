use job_runtime::periodic;

#[periodic(every = "10m", crate = std)]
async fn tick(seen: &mut u8, account: u32) {
    let _ = (seen, account);
}

fn main() {}
