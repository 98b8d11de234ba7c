use job_runtime::{job, service};

struct Jobs;

impl Jobs {
    #[job]
    async fn method(&self) {}

    #[service]
    fn associated(jobs: &Self) {
        let _ = jobs;
    }
}

#[job]
async fn generic<T: Send>(value: T) -> Result<T, String> {
    Ok(value)
}

#[service]
fn opaque(value: impl Send) -> impl Future {
    drop(value);
    std::future::ready(())
}

#[job]
async fn borrowed(text: Vec<&str>, life: &'static u8, unsized_text: str, two: &mut u8, states: &mut u8) -> &str {
    ""
}

#[service]
unsafe extern "C" fn from_elsewhere(#[cfg(unix)] number: u8) {}

#[service]
struct Consumer;

#[job]
fn main() {}
