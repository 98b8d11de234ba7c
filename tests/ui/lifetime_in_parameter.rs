use job_runtime::periodic;

#[periodic(every = "10m")]
fn shared(name: &'static str) {
    drop(name);
}

#[periodic(every = "10m")]
fn state(count: &'static mut u32) {
    *count += 1;
}

fn main() {}
