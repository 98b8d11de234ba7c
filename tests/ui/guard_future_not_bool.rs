use job_runtime::periodic;

async fn is_leader() -> Result<bool, String> {
    Ok(true)
}

#[periodic(every = "10m", when = is_leader)]
fn by_path() {}

#[periodic(every = "10m", when = async |cx| cx.attempt())]
fn by_closure() {}

fn main() {}
