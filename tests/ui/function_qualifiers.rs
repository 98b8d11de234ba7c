use job_runtime::periodic;

#[periodic(every = "10m")]
const fn constant() {}

#[periodic(every = "10m")]
unsafe fn not_safe() {}

#[periodic(every = "10m")]
extern "C" fn foreign() {}

fn main() {}
