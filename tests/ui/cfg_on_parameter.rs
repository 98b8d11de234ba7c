use job_runtime::periodic;

#[periodic(every = "10m")]
fn tick(#[cfg(unix)] name: String, #[cfg_attr(unix, allow(unused))] other: String) {
    drop(name);
    drop(other);
}

fn main() {}
