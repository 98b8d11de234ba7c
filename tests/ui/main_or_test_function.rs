use job_runtime::periodic;

#[periodic(every = "10m")]
#[tokio::main]
async fn above() {}

#[tokio::test]
#[periodic(every = "10m")]
async fn below() {}

#[periodic(every = "10m")]
#[test]
fn tests() {}

fn main() {}
