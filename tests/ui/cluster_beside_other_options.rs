use job_runtime::periodic;

#[periodic(every = "10m", scope = "cluster", delay_mode = "shifted", splay = "1m")]
fn moved() {}

#[periodic(every = "10m", scope = "cluster")]
async fn for_each(user: u64, device: u64, last: &mut Option<u8>) {
    let _ = (user, device, last);
}

#[periodic(every = "10m", scope = "node")]
fn elsewhere() {}

#[periodic(every = "10m", scope = "clustr")]
fn misspelt() {}

#[periodic(every = "10m", cluster = true)]
fn by_another_name() {}

fn main() {}
