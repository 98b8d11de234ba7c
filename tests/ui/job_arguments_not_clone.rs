use job_runtime::job;

use std::rc::Rc;
use std::sync::mpsc::Receiver;

struct Mail;

const ATTEMPTS: u32 = 1;

#[job(max_attempts = 5)]
async fn send_mail(mail: Mail, number: u8) {
    drop((mail, number));
}

#[job(max_attempts = ATTEMPTS)]
fn as_often_as_a_constant_says(lines: Receiver<String>) {
    drop(lines);
}

#[job(max_attempts = 2)]
fn send_neither(mail: NotSend) {
    drop(mail.0);
}

struct NotSend(Rc<str>);

#[job(max_attempts = 1)]
fn once(mail: Mail) {
    drop(mail);
}

fn main() {}
