use job_runtime::periodic;

#[tokio::main]
#[periodic(every = "1m")]
async fn main() {}
