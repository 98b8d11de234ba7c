use job_runtime::periodic;

#[periodic(every = "10m")]
async fn tick() -> ! {
    loop {}
}

fn main() {}
