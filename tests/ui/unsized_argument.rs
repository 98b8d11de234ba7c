use job_runtime::periodic;

trait Mailer {}

#[periodic(every = "10m")]
fn object(mailer: dyn Mailer) {}

#[periodic(every = "10m")]
fn slice(words: [u8]) {}

fn main() {}
