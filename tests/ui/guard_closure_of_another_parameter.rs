use job_runtime::{Context, periodic};

#[periodic(every = "10m", when = |cx: Context| cx.attempt() == 1)]
fn by_value() {}

#[periodic(every = "10m", when = async |name: &str| name.is_empty())]
fn another() {}

fn main() {}
