use job_runtime::{Context, job};

use std::rc::Rc;
use std::sync::mpsc::Receiver;

struct Mail;

#[derive(Clone, serde::Serialize)]
struct WrittenOnly(u8);

#[derive(serde::Serialize, serde::Deserialize)]
struct Text {
    text: &'static str,
}

type Numbers = Vec<Mail>;

#[job(queue = "mail", max_attempts = 5)]
async fn send_mail(mail: Mail, number: u8, again: WrittenOnly) -> Result<u32, String> {
    let _ = (mail, number, again.0);
    Ok(3)
}

#[job(queue = "mail")]
fn several(numbers: Numbers, lines: Receiver<String>, (): (), names: Vec<Rc<str>>, text: Text) {
    let _ = (numbers, lines, names, text.text);
}

#[job(queue = "mail")]
async fn with_context(to: String, cx: Context) {
    let _ = (to, cx);
}

fn main() {}
