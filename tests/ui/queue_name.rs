use job_runtime::job;

const MAIL: &str = "mail";

#[job(queue = "")]
fn empty() {}

#[job(queue = "mail,post")]
fn two() {}

#[job(queue = "mail\n")]
fn of_two_lines() {}

#[job(queue = " mail")]
fn spaced() {}

#[job(queue = "@cluster")]
fn of_the_library() {}

#[job(queue = mail)]
fn without_quotes() {}

#[job(queue = MAIL)]
fn constant() {}

#[job(topic = "mail", unique = "1h")]
fn from_elsewhere() {}

fn main() {}
