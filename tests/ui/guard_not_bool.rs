use job_runtime::periodic;

fn answer() -> u32 {
    42
}

#[periodic(every = "10m", when = answer)]
fn by_path() {}

#[periodic(every = "10m", when = || "yes")]
fn by_closure() {}

#[periodic(every = "10m", when = |cx| cx.attempt())]
fn by_closure_with_context() {}

fn main() {}
