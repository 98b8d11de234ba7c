use job_runtime::job;

use std::rc::Rc;
use std::sync::MutexGuard;

struct Local(Rc<str>);

#[job]
async fn send_mail(to: Rc<str>, subject: String) -> Result<u32, String> {
    drop((to, subject));
    Ok(3)
}

#[job]
fn several(local: Local, guard: MutexGuard<'static, u8>, number: u8) {
    drop((local.0, guard, number));
}

fn main() {}
