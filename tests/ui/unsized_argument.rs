use job_runtime::periodic;

trait Mailer {}

#[periodic(every = "10m")]
fn object(mailer: dyn Mailer) {
    let _ = mailer;
}

#[periodic(every = "10m")]
async fn object_of_two_traits(mailer: dyn Mailer + Send) {
    let _ = mailer;
}

#[periodic(every = "10m")]
fn slice(words: [u8]) {
    drop(words.to_vec());
}

#[periodic(every = "10m")]
async fn text(text: str) {
    drop(text.to_owned());
}

fn main() {}
