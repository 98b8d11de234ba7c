use job_runtime::periodic;

trait Counter {}

type Words = [String];

#[periodic(every = "10m")]
async fn object(counter: &mut dyn Counter) {
    let _ = counter;
}

#[periodic(every = "10m")]
fn text(name: &mut str) {
    let _ = name;
}

#[periodic(every = "10m")]
fn slice(words: &mut Words, account: u32) {
    let _ = (words, account);
}

fn main() {}
