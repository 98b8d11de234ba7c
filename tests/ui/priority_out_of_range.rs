use job_runtime::job;

const URGENT: u32 = 100;

#[job(queue = "mail", priority = 10)]
fn ten() {}

#[job(queue = "mail", priority = -1)]
fn below_zero() {}

#[job(queue = "mail", priority = URGENT)]
fn constant() {}

#[job(queue = "mail", priority = URGENT - 91)]
fn lowest() {}

#[job(queue = "mail", priority = "high")]
fn word() {}

fn main() {}
