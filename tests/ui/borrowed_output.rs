use job_runtime::periodic;

#[periodic(every = "10m")]
fn output(name: &String) -> Result<&str, std::fmt::Error> {
    Ok(name)
}

fn main() {}
