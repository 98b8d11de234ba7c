use job_runtime::periodic;

#[periodic]
fn without_parentheses() {}

#[periodic()]
fn with_nothing_in_parentheses() {}

#[periodic(jitter = "1s")]
async fn with_another_option() {}

fn main() {}
