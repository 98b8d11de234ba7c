use job_runtime::periodic;

#[periodic(evry = "10m", on_overlap = "ignor", max_running = 0, timeout = "5 minutes")]
async fn tick<T>(_first: &mut u32, _second: &mut u32, _name: &'static str) -> ! {
    loop {}
}

fn main() {
    drop(tick::status());
}
